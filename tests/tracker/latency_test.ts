import assert from "node:assert/strict";
import { LATENCY_BOUNDS, LatencySampler, readLatency } from "../../src/tracker/latency.ts";
import { attachCounters, createStatsMemory, readCounters } from "../../src/tracker/stats.ts";

Deno.test("samples of all threads, by protocol, beside the counters", () => {
  const memory = createStatsMemory(2);
  const udp = [0, 1].map((thread) => new LatencySampler(attachCounters(memory, thread), "udp"));
  const tcp = new LatencySampler(attachCounters(memory, 0), "tcp");
  udp[0].note(0);
  udp[0].note(0.05);
  udp[1].note(0.051);
  udp[1].note(1000);
  udp[1].note(99_000);
  tcp.note(3);
  const found = readLatency(memory, "udp");
  assert.deepEqual(found.buckets, [2, 1, ...Array(11).fill(0), 1, 1]);
  assert.equal(found.buckets.length, LATENCY_BOUNDS.length + 1);
  assert.equal(found.sumSeconds.toFixed(6), "100.000101");
  assert.deepEqual(readLatency(memory, "tcp").buckets.indexOf(1), 6);
  assert.ok(Object.values(readCounters(memory)).every((count) => count === 0));
});

Deno.test("one in sixteen is due, the first of them", () => {
  const sampler = new LatencySampler(attachCounters(createStatsMemory(1), 0), "udp");
  const due = Array.from({ length: 48 }, () => sampler.isDue());
  assert.deepEqual(due.flatMap((is, i) => is ? [i] : []), [0, 16, 32]);
});
