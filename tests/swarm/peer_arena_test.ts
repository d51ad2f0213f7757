import assert from "node:assert/strict";
import {
  CLASS_PEERS,
  CLASSES,
  COLD_WORDS,
  DIRECTORY_WORDS,
  HOT_WORDS_IPV4,
  HOT_WORDS_IPV6,
  PAGE_PEERS,
  SHARD_PAGES4,
  SHARD_WORDS,
} from "../../src/swarm/layout.ts";
import { createArenaMemory, PeerArena } from "../../src/swarm/peer_arena.ts";
import { amount, chance, seededTest } from "../support/seeded.ts";
import { directoriesInUse } from "./checked_store.ts";

const SHARDS_USED = 3;

function createArena(peers: number, hotWords = HOT_WORDS_IPV4) {
  const memory = createArenaMemory(peers, hotWords);
  return { memory, arena: new PeerArena(memory, new Int32Array(SHARD_WORDS * SHARDS_USED)) };
}

function baseOf(shard: number): number {
  return shard * SHARD_WORDS + SHARD_PAGES4;
}

for (const hotWords of [HOT_WORDS_IPV4, HOT_WORDS_IPV6]) {
  seededTest(`blocks of all classes come and go without overlap, ${hotWords} words a peer`, (random) => {
    const { arena } = createArena(20_000, hotWords);
    const blocks: { block: number; sizeClass: number; shard: number; mark: number }[] = [];
    const owner = new Map<number, number>();
    const shardOfPage = new Map<number, number>();
    for (let operation = 0; operation < amount(20_000, 500_000); operation++) {
      const growing = operation % 8000 < 5000;
      if (chance(random, growing ? 70 : 25)) {
        const sizeClass = random.below(CLASSES);
        const shard = random.below(SHARDS_USED);
        const block = arena.allocate(baseOf(shard), sizeClass);
        if (block === 0) continue;
        assert.equal(arena.classOf(block), sizeClass);
        const end = block + CLASS_PEERS[sizeClass];
        assert.ok(
          block >= PAGE_PEERS && end * hotWords <= arena.hot.length && end * COLD_WORDS <= arena.cold.length,
        );
        assert.equal(
          Math.floor(block / PAGE_PEERS),
          Math.floor((end - 1) / PAGE_PEERS),
          "a block lies in one page",
        );
        const mark = random.next();
        for (let peer = block; peer < end; peer++) {
          assert.ok(!owner.has(peer), `peer ${peer} is in two blocks`);
          owner.set(peer, mark);
        }
        arena.hot.fill(mark, block * hotWords, end * hotWords);
        arena.cold.fill(mark, block * COLD_WORDS, end * COLD_WORDS);
        blocks.push({ block, sizeClass, shard, mark });
      } else if (blocks.length > 0) {
        const at = random.below(blocks.length);
        const { block, sizeClass, shard, mark } = blocks[at];
        blocks[at] = blocks[blocks.length - 1];
        blocks.pop();
        const end = block + CLASS_PEERS[sizeClass];
        for (let word = block * hotWords; word < end * hotWords; word++) {
          if (arena.hot[word] !== mark) assert.fail(`hot word ${word} was overwritten`);
        }
        for (let word = block * COLD_WORDS; word < end * COLD_WORDS; word++) {
          if (arena.cold[word] !== mark) assert.fail(`cold word ${word} was overwritten`);
        }
        for (let peer = block; peer < end; peer++) owner.delete(peer);
        arena.free(baseOf(shard), block);
      }
      if (operation % 1000 === 0) {
        shardOfPage.clear();
        for (const { block, shard } of blocks) {
          const page = Math.floor(block / PAGE_PEERS);
          assert.equal(shardOfPage.get(page) ?? shard, shard, "a page belongs to one shard");
          shardOfPage.set(page, shard);
        }
        assert.equal(arena.pagesInUse(), shardOfPage.size, "pages without blocks are given back");
      }
    }
    for (const { block, shard } of blocks) arena.free(baseOf(shard), block);
    assert.equal(arena.pagesInUse(), 0);
  });
}

seededTest("the arena gives as many blocks of each class as its pages hold, again and again", (random) => {
  const { arena } = createArena(2000);
  for (let round = 0; round < 2; round++) {
    for (let sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
      const blocks: number[] = [];
      const shard = random.below(SHARDS_USED);
      for (let block = -1; block !== 0;) {
        block = arena.allocate(baseOf(shard), sizeClass);
        if (block !== 0) blocks.push(block);
      }
      assert.equal(new Set(blocks).size, blocks.length);
      assert.equal(blocks.length, arena.pagesInUse() * Math.floor(PAGE_PEERS / CLASS_PEERS[sizeClass]));
      assert.ok(blocks.length * CLASS_PEERS[sizeClass] >= 2000);
      while (blocks.length > 0) {
        const at = random.below(blocks.length);
        arena.free(baseOf(shard), blocks[at]);
        blocks[at] = blocks[blocks.length - 1];
        blocks.pop();
      }
      assert.equal(arena.pagesInUse(), 0);
    }
  }
});

Deno.test("with room left in its pages, a shard takes no other", () => {
  const { arena } = createArena(1000);
  const first = Array.from({ length: 256 }, () => arena.allocate(baseOf(0), 0));
  const second = Array.from({ length: 256 }, () => arena.allocate(baseOf(0), 0));
  assert.equal(arena.pagesInUse(), 2);
  arena.free(baseOf(0), first[7]);
  arena.free(baseOf(0), second[9]);
  const again = [arena.allocate(baseOf(0), 0), arena.allocate(baseOf(0), 0)];
  assert.deepEqual(again.sort(), [first[7], second[9]].sort());
  assert.equal(arena.pagesInUse(), 2);
  // A page of another class, or another shard, is another page.
  arena.allocate(baseOf(0), 1);
  arena.allocate(baseOf(1), 0);
  assert.equal(arena.pagesInUse(), 4);
});

Deno.test("directory pages are zeros, each once, and come back", () => {
  const { arena, memory } = createArena(1000);
  const taken: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (let page = -1; page !== 0;) {
      page = arena.allocateDirectory();
      if (page === 0) break;
      const words = arena.directories.subarray(page * DIRECTORY_WORDS, (page + 1) * DIRECTORY_WORDS);
      assert.equal(words.length, DIRECTORY_WORDS);
      assert.ok(words.every((word) => word === 0));
      words.fill(-1);
      taken.push(page);
    }
    assert.equal(new Set(taken).size, taken.length);
    assert.ok(taken.length >= 1000 / 64);
    assert.equal(directoriesInUse(memory), taken.length);
    while (taken.length > 0) arena.freeDirectory(taken.pop() ?? 0);
    assert.equal(directoriesInUse(memory), 0);
  }
});

for (const hotWords of [HOT_WORDS_IPV4, HOT_WORDS_IPV6]) {
  Deno.test(`peers of ${hotWords} words are copied and exchanged whole, and their neighbours left`, () => {
    const { arena } = createArena(1000, hotWords);
    assert.equal(arena.isIpv4, hotWords === HOT_WORDS_IPV4);
    const paint = () => {
      for (let peer = 300; peer < 310; peer++) {
        arena.hot.fill(peer, peer * hotWords, (peer + 1) * hotWords);
        arena.cold.fill(peer, peer * COLD_WORDS, (peer + 1) * COLD_WORDS);
      }
    };
    const seen = () => {
      const peers: number[] = [];
      for (let peer = 300; peer < 310; peer++) {
        const hot = new Set(arena.hot.subarray(peer * hotWords, (peer + 1) * hotWords));
        const cold = new Set(arena.cold.subarray(peer * COLD_WORDS, (peer + 1) * COLD_WORDS));
        assert.deepEqual(hot, cold);
        assert.equal(hot.size, 1);
        peers.push(...hot);
      }
      return peers;
    };
    paint();
    arena.copyPeer(302, 305);
    assert.deepEqual(seen(), [300, 301, 302, 303, 304, 302, 306, 307, 308, 309]);
    paint();
    arena.swapPeers(301, 308);
    assert.deepEqual(seen(), [300, 308, 302, 303, 304, 305, 306, 307, 301, 309]);
  });
}
