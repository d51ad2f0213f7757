import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import {
  HOT_WORDS_IPV4,
  HOT_WORDS_IPV6,
  MERGE_PEERS,
  PEERS_LEECHERS,
  PEERS_REF,
  PEERS_SEEDERS,
  SHARD_WORDS,
  SPLIT_PEERS,
} from "../../src/swarm/layout.ts";
import { createArenaMemory, PeerArena } from "../../src/swarm/peer_arena.ts";
import { PeerSet } from "../../src/swarm/peer_set.ts";
import { chance, seededTest } from "../support/seeded.ts";
import { directoriesInUse, numberAt } from "./checked_store.ts";
import { peersIn, TestAnnounce, TestAnswer, writePeer, writePeerId } from "./numbered_peers.ts";

/** Where the set in hand lies in its array of swarms, and the page lists of its shard. */
const AT = 4;
const BASE = 0;

class TestSet {
  readonly memory;
  readonly swarms = new Int32Array(8);
  readonly set: PeerSet;
  readonly isIpv4: boolean;
  readonly #peer = new TestAnnounce();

  constructor(peers: number, isIpv4: boolean, random: Prng) {
    this.isIpv4 = isIpv4;
    this.memory = createArenaMemory(peers, isIpv4 ? HOT_WORDS_IPV4 : HOT_WORDS_IPV6);
    const arena = new PeerArena(this.memory, new Int32Array(SHARD_WORDS));
    this.set = new PeerSet(arena, this.swarms, [random.next(), random.next()], random);
  }

  find(number: number): number {
    return this.set.find(AT, this.#named(number));
  }

  insert(number: number, seeder: boolean, time = 0): boolean {
    assert.equal(this.find(number), -1);
    const index = this.set.insert(AT, BASE, this.#named(number), seeder, time);
    if (index < 0) return false;
    assert.equal(this.set.isSeeder(index), seeder);
    assert.equal(this.find(number), index);
    return true;
  }

  remove(number: number): void {
    const index = this.find(number);
    assert.ok(index > 0);
    this.set.remove(AT, BASE, index);
  }

  /** All peers, each with whether it is a seeder. */
  all(): Map<number, boolean> {
    const found = new Map<number, boolean>();
    for (let bucket = 0; bucket < this.set.blockCount(AT); bucket++) {
      this.set.visit(AT, bucket, (index, seeder) => {
        const number = numberAt(this.set, index);
        assert.ok(!found.has(number));
        found.set(number, seeder);
      });
    }
    const seeders = [...found.values()].filter((seeder) => seeder).length;
    assert.equal(this.swarms[AT + PEERS_SEEDERS], seeders);
    assert.equal(this.swarms[AT + PEERS_LEECHERS], found.size - seeders);
    return found;
  }

  assertEmpty(): void {
    assert.equal(this.swarms[AT + PEERS_REF], 0);
    assert.equal(this.set.arena.pagesInUse(), 0);
    assert.equal(directoriesInUse(this.memory), 0);
  }

  #named(number: number): TestAnnounce {
    writePeer(this.#peer, number, this.isIpv4);
    writePeerId(number, 1, this.#peer.peerId);
    return this.#peer;
  }
}

seededTest("the number of blocks follows the number of peers, up and down", (random) => {
  const test = new TestSet(20_000, chance(random, 50), random);
  for (let count = 1; count <= 6000; count++) {
    assert.ok(test.insert(count, chance(random, 50)));
    const blocks = test.set.blockCount(AT);
    if (count <= 256) assert.equal(blocks, 1);
    else {assert.ok(
        count <= blocks * SPLIT_PEERS * 2 && count >= blocks * MERGE_PEERS,
        `${count} in ${blocks}`,
      );}
  }
  for (let count = 6000; count > 0; count--) {
    test.remove(count);
    const blocks = test.set.blockCount(AT);
    assert.ok(blocks <= Math.max(1, (count - 1) / MERGE_PEERS + 1), `${count - 1} in ${blocks}`);
  }
  test.assertEmpty();
});

seededTest("a set that goes up and down by one peer does not move its peers each time", (random) => {
  for (const size of [1, 4, 8, 16, 85, 128, 256, 300, 320]) {
    const test = new TestSet(1000, true, random);
    for (let number = 0; number < size; number++) test.insert(number, false);
    const pages = new Set<number>();
    for (let round = 0; round < 50; round++) {
      test.insert(size, false);
      pages.add(test.swarms[AT + PEERS_REF]);
      test.remove(size);
      pages.add(test.swarms[AT + PEERS_REF]);
    }
    assert.ok(pages.size <= 2, `a block of ${size} was in ${pages.size} places`);
  }
});

seededTest("without memory a peer is refused and the others stay as they are", (random) => {
  // No directory can be had: the arena has pages, but other swarms took all directory pages.
  const test = new TestSet(100, true, random);
  const taken: number[] = [];
  for (let page = -1; page !== 0;) {
    page = test.set.arena.allocateDirectory();
    if (page !== 0) taken.push(page);
  }
  for (let number = 0; number < 256; number++) assert.ok(test.insert(number, number % 3 === 0));
  assert.equal(test.insert(256, true), false);
  assert.equal(test.all().size, 256);
  for (const page of taken) test.set.arena.freeDirectory(page);
  assert.ok(test.insert(256, true));
  assert.equal(test.all().size, 257);
  for (let number = 0; number <= 256; number++) test.remove(number);
  test.assertEmpty();
});

seededTest(
  "when pages run out in the middle of growing, nothing is lost and growing goes on later",
  (random) => {
    const test = new TestSet(1000, chance(random, 50), random);
    const { arena } = test.set;
    const hoard: number[] = [];
    let stored = 0;
    let refused = 0;
    for (let number = 0; number < 5000; number++) {
      // Somebody else takes all pages, and gives some back from time to time.
      if (number % 1000 < 700) {
        for (let block = -1; block !== 0;) {
          if ((block = arena.allocate(SHARD_WORDS / 2, 15)) !== 0) {
            hoard.push(block);
          }
        }
      }
      if (number % 1000 === 700) {
        for (const block of hoard.splice(0, 12)) {
          arena.free(SHARD_WORDS / 2, block);
        }
      }
      if (test.insert(number, number % 2 === 0)) stored++;
      else refused++;
    }
    assert.ok(stored > 300 && refused > 300, `${stored} stored, ${refused} refused`);
    const all = test.all();
    assert.equal(all.size, stored);
    for (const [number, seeder] of all) assert.equal(seeder, number % 2 === 0);
    for (const number of all.keys()) test.remove(number);
    for (const block of hoard) arena.free(SHARD_WORDS / 2, block);
    test.assertEmpty();
  },
);

seededTest(
  "a sweep from the last block to the first removes just the silent, whatever merges on the way",
  (random) => {
    for (const keepPercent of [0, 1, 20, 60, 100]) {
      const test = new TestSet(20_000, chance(random, 50), random);
      const expected = new Map<number, boolean>();
      for (let number = 0; number < 8000; number++) {
        const [stays, seeder] = [chance(random, keepPercent), chance(random, 50)];
        test.insert(number, seeder, stays ? 900 : 100);
        if (stays) expected.set(number, seeder);
      }
      for (let bucket = test.set.blockCount(AT) - 1; bucket >= 0; bucket--) {
        test.set.sweep(
          AT,
          BASE,
          bucket,
          1000,
          200,
        );
      }
      assert.deepEqual(new Map([...test.all()].sort()), new Map([...expected].sort()));
      for (const number of expected.keys()) assert.ok(test.find(number) > 0, "found at its new place");
      const blocks = test.set.blockCount(AT);
      assert.ok(
        blocks <= Math.max(1, expected.size / MERGE_PEERS + 1),
        `${expected.size} peers in ${blocks} blocks`,
      );
      test.set.clear(AT, BASE);
      assert.equal(test.all().size, expected.size, "clear() takes no peers");
    }
  },
);

Deno.test("a sweep that asks for a block that has merged away meanwhile does no harm", () => {
  const test = new TestSet(20_000, true, new Prng(1));
  for (let number = 0; number < 1000; number++) test.insert(number, false, 900);
  for (const bucket of [5000, 300, 200, 129, 128, 127, 50]) test.set.sweep(AT, BASE, bucket, 1000, 200);
  assert.equal(test.all().size, 1000);
  for (let number = 0; number < 1000; number++) test.remove(number);
  test.set.sweep(AT, BASE, 3, 1000, 200);
  test.assertEmpty();
});

seededTest("flipping keeps seeders before leechers", (random) => {
  const test = new TestSet(5000, chance(random, 50), random);
  const expected = new Map<number, boolean>();
  for (let number = 0; number < 700; number++) {
    expected.set(number, chance(random, 50));
    test.insert(number, expected.get(number) ?? false);
  }
  for (let i = 0; i < 3000; i++) {
    const number = random.below(700);
    const index = test.set.flip(AT, test.find(number));
    expected.set(number, !expected.get(number));
    assert.equal(test.find(number), index);
    assert.equal(test.set.isSeeder(index), expected.get(number));
  }
  assert.deepEqual(new Map([...test.all()].sort()), new Map([...expected].sort()));
});

Deno.test("who does not ask for itself gets every peer of a block", () => {
  const test = new TestSet(100, true, new Prng(1));
  const answer = new TestAnswer();
  for (let number = 0; number < 9; number++) test.insert(number, number < 4);
  answer.peers = test.set.copy(AT, -1, false, 9, answer.out, 0, answer.ids);
  assert.deepEqual(peersIn(answer, true).sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  answer.peers = test.set.copy(AT, -1, true, 9, answer.out, 0, null);
  assert.deepEqual(peersIn(answer, true).sort(), [4, 5, 6, 7, 8]);
  assert.equal(new TestSet(100, true, new Prng(1)).set.copy(AT, -1, false, 9, answer.out, 0, null), 0);
});
