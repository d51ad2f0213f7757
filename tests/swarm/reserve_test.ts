import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { ABSENT, createHashSetMemory, HashSet } from "../../src/swarm/hash_set.ts";
import { SwarmStore } from "../../src/swarm/store.ts";
import { createStoreMemory } from "../../src/swarm/store_memory.ts";

function hashes(count: number): Int32Array {
  const random = new Prng(5);
  return Int32Array.from({ length: count * 5 }, () => random.next());
}

// Fewer, as many and more than are then put in, none, and more than there is room for.
for (const reserved of [0, 1, 500, 5000, 9000, 1_000_000]) {
  Deno.test(`a store readied for ${reserved} torrents takes 5000 and finds them`, () => {
    const store = new SwarmStore(
      createStoreMemory({ torrents: 8192, peers: 1024 }, true, [1, 2]),
      new Prng(1),
    );
    const all = hashes(5000);
    store.reserveTorrents(reserved);
    for (let i = 0; i < 5000; i++) assert.equal(store.restoreTorrent(all, i * 5, i), true);
    const counts = new Int32Array(3);
    for (let i = 0; i < 5000; i++) {
      store.scrape(all, i * 5, counts, 0);
      assert.equal(counts[1], i);
    }
    store.reserveTorrents(8000);
    assert.equal(store.totals().torrents, 5000);
    assert.equal(store.has(all, 0), true);
  });

  Deno.test(`a set readied for ${reserved} keys takes 5000 and finds them`, () => {
    const set = new HashSet(createHashSetMemory(8192, false, [1, 2]));
    const all = hashes(5000);
    set.reserve(reserved);
    for (let i = 0; i < 5000; i++) assert.equal(set.set(all, i * 5, i), true);
    for (let i = 0; i < 5000; i++) assert.equal(set.get(all, i * 5), i);
    for (let i = 0; i < 2500; i++) assert.equal(set.remove(all, i * 5), true);
    assert.equal(set.get(all, 0), ABSENT);
    assert.equal(set.get(all, 4999 * 5), 4999);
    assert.equal(set.size(), 2500);
  });
}
