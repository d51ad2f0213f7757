import assert from "node:assert/strict";
import { Directories } from "../../src/swarm/directory.ts";
import { HOT_WORDS_IPV4, LEAF_ENTRIES, SHARD_WORDS } from "../../src/swarm/layout.ts";
import { createArenaMemory, PeerArena } from "../../src/swarm/peer_arena.ts";
import { directoriesInUse } from "./checked_store.ts";

function createDirectories(peers: number) {
  const memory = createArenaMemory(peers, HOT_WORDS_IPV4);
  return { memory, directories: new Directories(new PeerArena(memory, new Int32Array(SHARD_WORDS))) };
}

Deno.test("a new directory has one entry, and gives all back when it is dropped", () => {
  const { memory, directories } = createDirectories(1000);
  const ref = directories.create(4711, 56, 256);
  assert.ok(ref < 0, "a reference is a negative number");
  assert.equal(directories.blocks(ref), 1);
  const entry = directories.entryOf(ref, 0);
  assert.deepEqual(
    [directories.block(entry), directories.seeders(entry), directories.peers(entry)],
    [4711, 56, 256],
  );
  assert.equal(directoriesInUse(memory), 2);
  directories.drop(ref);
  assert.equal(directoriesInUse(memory), 0);
});

Deno.test("entries of several leaves are kept apart", () => {
  const { memory, directories } = createDirectories(100_000);
  const refs = [directories.create(1, 0, 0), directories.create(2, 0, 0)];
  const buckets = LEAF_ENTRIES * 5 + 3;
  for (let bucket = 1; bucket < buckets; bucket++) {
    for (const [i, ref] of refs.entries()) {
      assert.ok(directories.addLeaf(ref, bucket));
      directories.setBlocks(ref, bucket + 1);
      const entry = directories.entryOf(ref, bucket);
      assert.equal(directories.peers(entry), 0, "a new entry is empty");
      directories.write(entry, bucket * 256 + i, bucket & 255, 256);
    }
  }
  assert.equal(directoriesInUse(memory), 2 * 7);
  for (const [i, ref] of refs.entries()) {
    assert.equal(directories.blocks(ref), buckets);
    for (let bucket = 1; bucket < buckets; bucket++) {
      const entry = directories.entryOf(ref, bucket);
      assert.deepEqual(
        [directories.block(entry), directories.seeders(entry), directories.peers(entry)],
        [bucket * 256 + i, bucket & 255, 256],
      );
    }
    for (let leaf = 5; leaf > 0; leaf--) directories.dropLeaf(ref, leaf * LEAF_ENTRIES);
    directories.drop(ref);
  }
  assert.equal(directoriesInUse(memory), 0);
});

Deno.test("without memory there is no directory, no leaf, and nothing lost", () => {
  const { memory, directories } = createDirectories(64);
  const refs: number[] = [];
  for (let ref = -1; ref !== 0;) {
    ref = directories.create(1, 0, 0);
    if (ref !== 0) refs.push(ref);
  }
  // An odd page may be left, too little for a root with a leaf: it must have been given back.
  const used = directoriesInUse(memory);
  assert.equal(used, refs.length * 2);
  const spare = directories.addLeaf(refs[0], LEAF_ENTRIES);
  assert.equal(directories.addLeaf(refs[0], LEAF_ENTRIES * 2), false);
  if (spare) directories.dropLeaf(refs[0], LEAF_ENTRIES);
  for (const ref of refs) directories.drop(ref);
  assert.equal(directoriesInUse(memory), 0);
});
