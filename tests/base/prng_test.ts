import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { seededTest } from "../support/seeded.ts";

function draw(seed: number, count: number): number[] {
  const random = new Prng(seed);
  return Array.from({ length: count }, () => random.next());
}

seededTest("the same seed gives the same numbers, another seed others", (_, seed) => {
  assert.deepEqual(draw(seed, 100), draw(seed, 100));
  assert.notDeepEqual(draw(seed, 100), draw(seed + 1, 100));
});

Deno.test("seeds that differ in one bit, as those of threads may, share no numbers", () => {
  const seen = new Set<number>();
  let drawn = 0;
  for (let bit = 0; bit < 32; bit++) {
    for (const number of draw(1 << bit, 100)) seen.add(number), drawn++;
  }
  // Among 3,200 numbers of 32 bits a chance pair comes once in a thousand; a shared run would be a hundred.
  assert.ok(drawn - seen.size < 5, `${drawn - seen.size} of ${drawn} come twice`);
});

seededTest("numbers are signed 32-bit integers, each bit set half of the time", (random) => {
  const set = new Array<number>(32).fill(0);
  const draws = 100_000;
  for (let i = 0; i < draws; i++) {
    const number = random.next();
    assert.equal(number, number | 0);
    for (let bit = 0; bit < 32; bit++) set[bit] += (number >>> bit) & 1;
  }
  // Six standard deviations.
  for (const count of set) assert.ok(Math.abs(count - draws / 2) < 6 * Math.sqrt(draws / 4), `${set}`);
});

seededTest("below() stays below its limit and is roughly uniform", (random) => {
  for (const limit of [1, 2, 3, 7, 50, 1000]) {
    const seen = new Array<number>(limit).fill(0);
    const draws = limit * 1000;
    for (let i = 0; i < draws; i++) seen[random.below(limit)]++;
    assert.equal(seen.length, limit, "nothing at or above the limit");
    for (const count of seen) assert.ok(Math.abs(count - 1000) < 250, `below(${limit}): ${seen}`);
  }
});

seededTest("below() takes limits up to 2^31", (random) => {
  const limit = 2 ** 31;
  let highest = 0;
  for (let i = 0; i < 10_000; i++) {
    const number = random.below(limit);
    assert.ok(Number.isInteger(number) && number >= 0 && number < limit);
    highest = Math.max(highest, number);
  }
  assert.ok(highest > limit * 0.99);
});
