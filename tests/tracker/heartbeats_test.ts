import assert from "node:assert/strict";
import { createHeartbeatMemory, Heartbeat, HeartbeatReader } from "../../src/tracker/heartbeats.ts";

Deno.test("each thread's count goes on by itself, and wraps around", () => {
  const memory = createHeartbeatMemory(3);
  const reader = new HeartbeatReader(memory);
  const [first, last] = [new Heartbeat(memory, 0), new Heartbeat(memory, 2)];
  first.beat();
  last.beat();
  last.beat();
  assert.deepEqual([0, 1, 2].map((thread) => reader.count(thread)), [1, 0, 2]);
  new Int32Array(memory)[0] = 0x7fffffff;
  first.beat();
  assert.equal(reader.count(0), -0x80000000);
});
