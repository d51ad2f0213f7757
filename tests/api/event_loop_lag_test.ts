import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { EventLoopLag } from "../../src/api/event_loop_lag.ts";
import { FakeTime } from "./fake_time.ts";

Deno.test("lag is noted until the program stops", async () => {
  using time = new FakeTime();
  const registry = new Registry();
  const stopping = new AbortController();
  const ended = new EventLoopLag(registry).keep(stopping.signal);
  for (let i = 0; i < 3; i++) await time.pass(250);
  await time.pass(0);
  stopping.abort();
  await ended;
  const text = await registry.metrics();
  assert.match(text, /^denotrack_event_loop_lag_seconds_count 3$/m);
  assert.match(text, /^denotrack_event_loop_lag_seconds_bucket\{le="0.001"\} 3$/m);
});
