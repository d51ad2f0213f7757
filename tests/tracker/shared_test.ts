import assert from "node:assert/strict";
import { createSharedMemory } from "../../src/tracker/shared.ts";

const LIMITS = { torrents: 1024, peers: 1024, listEntries: 1024, threads: 2 };

Deno.test("everything that threads share is shared memory", () => {
  const memory = createSharedMemory(LIMITS, false, () => 1);
  const buffers = (value: unknown): unknown[] =>
    value instanceof SharedArrayBuffer
      ? [value]
      : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(buffers)
      : [];
  assert.ok(buffers(memory).length > 10);
  const copy = structuredClone(memory);
  new Int32Array(memory.stop)[0] = 1;
  assert.equal(new Int32Array(copy.stop)[0], 1);
});

Deno.test("no two tables are seeded alike, so that one cannot be learnt from another", () => {
  let count = 0;
  const { store, access } = createSharedMemory(LIMITS, false, () => ++count);
  const seeds = [store.seed, ...Object.values(access).map((list) => list.table.seed)].map(String);
  assert.equal(new Set(seeds).size, 4);
});

Deno.test("more than the system can reserve is a RangeError", () => {
  assert.throws(() => createSharedMemory({ ...LIMITS, peers: 2 ** 40 }, false, () => 1), RangeError);
});
