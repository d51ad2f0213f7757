import assert from "node:assert/strict";
import { bucketFor, maskFor, siblingOf } from "../../src/swarm/linear_hashing.ts";
import { seededTest } from "../support/seeded.ts";

Deno.test("the mask is the smallest row of ones that reaches the highest bucket", () => {
  for (let buckets = 0; buckets < 5000; buckets++) {
    let mask = 0;
    while (mask < buckets - 1) mask = mask * 2 + 1;
    assert.equal(maskFor(buckets), mask, `${buckets} buckets`);
  }
  assert.equal(maskFor(2 ** 30), 2 ** 30 - 1);
});

seededTest("every bucket is one that is there, and every bucket is reached", (random) => {
  for (let buckets = 1; buckets < 300; buckets++) {
    const reached = new Set<number>();
    for (let hash = 0; hash < 1024; hash++) {
      const bucket = bucketFor(hash, buckets);
      assert.ok(bucket >= 0 && bucket < buckets);
      reached.add(bucket);
    }
    assert.equal(reached.size, buckets);
    assert.ok(bucketFor(random.next() >>> 1, buckets) < buckets);
  }
});

seededTest("one more bucket takes only from its sibling, and leaves the rest where it was", (random) => {
  for (let added = 1; added < 2000; added++) {
    const sibling = siblingOf(added);
    assert.ok(sibling >= 0 && sibling < added);
    let moved = 0;
    for (let i = 0; i < 200; i++) {
      // Half of the hashes are of the bucket that is split.
      const random26 = random.below(2 ** 26);
      const hash = i % 2 === 0
        ? random26
        : (random26 & ~maskFor(added + 1)) | (i % 4 === 1 ? added : sibling);
      const [before, after] = [bucketFor(hash, added), bucketFor(hash, added + 1)];
      if (before === after) continue;
      assert.deepEqual([before, after], [sibling, added]);
      assert.equal(hash & maskFor(added + 1), added, "the test by which a split moves");
      moved++;
    }
    assert.ok(moved >= 50);
  }
});
