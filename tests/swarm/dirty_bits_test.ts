import assert from "node:assert/strict";
import { SHARDS } from "../../src/swarm/layout.ts";
import { createDirtyMemory, DirtyBits } from "../../src/swarm/dirty_bits.ts";
import { chance, seededTest } from "../support/seeded.ts";

/** All marked records of a shard, as `next` gives them. */
function marked(bits: DirtyBits, shard: number): number[] {
  const found: number[] = [];
  for (let local = bits.next(shard, 0); local >= 0; local = bits.next(shard, local + 1)) found.push(local);
  return found;
}

for (const capacity of [1, 31, 32, 33, 64, 100]) {
  seededTest(`bits of ${capacity} records a shard behave as sets`, (random) => {
    const bits = new DirtyBits(createDirtyMemory(capacity));
    const model = Array.from({ length: SHARDS }, () => new Set<number>());
    for (let operation = 0; operation < 20_000; operation++) {
      const [shard, local] = [random.below(SHARDS), random.below(capacity)];
      if (chance(random, 50)) {
        bits.mark(shard, local);
        model[shard].add(local);
      } else {
        bits.clear(shard, local);
        model[shard].delete(local);
      }
      assert.equal(bits.isMarked(shard, local), model[shard].has(local));
      if (operation % 2000 !== 0) continue;
      for (let i = 0; i < SHARDS; i++) {
        assert.deepEqual(marked(bits, i), [...model[i]].sort((a, b) => a - b));
        assert.equal(bits.count(i), model[i].size);
      }
      assert.equal(bits.total(), model.reduce((sum, set) => sum + set.size, 0));
    }
  });
}

Deno.test("the last record of a shard is not followed by the next shard's first", () => {
  const bits = new DirtyBits(createDirtyMemory(64));
  bits.mark(3, 5);
  bits.mark(3, 63);
  bits.mark(4, 0);
  assert.deepEqual(marked(bits, 3), [5, 63]);
  assert.equal(bits.next(3, 64), -1);
  bits.mark(SHARDS - 1, 63);
  assert.equal(bits.next(SHARDS - 1, 64), -1);
});

Deno.test("two threads see each other's marks", () => {
  const memory = createDirtyMemory(10);
  const [one, other] = [new DirtyBits(memory), new DirtyBits(memory)];
  one.mark(0, 9);
  assert.equal(other.next(0, 0), 9);
  other.clear(0, 9);
  assert.equal(one.total(), 0);
});
