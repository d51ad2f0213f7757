import assert from "node:assert/strict";
import { clockOrigin, createClock } from "../../src/base/clock.ts";

Deno.test("a clock counts from its origin and never goes back", () => {
  const clock = createClock(clockOrigin());
  let before = clock.milliseconds();
  assert.ok(before >= 0 && before < 10_000);
  for (let i = 0; i < 1000; i++) {
    const now = clock.milliseconds();
    assert.ok(now >= before);
    before = now;
  }
});

Deno.test("seconds are whole and agree with milliseconds", () => {
  const clock = createClock(clockOrigin() - 90_500);
  const earlier = clock.milliseconds();
  const seconds = clock.seconds();
  const later = clock.milliseconds();
  assert.ok(Number.isInteger(seconds));
  assert.ok(seconds >= Math.trunc(earlier / 1000) && seconds <= later / 1000);
  assert.ok(seconds >= 90);
});

Deno.test("a clock asked before its origin says zero", () => {
  const clock = createClock(clockOrigin() + 1_000_000);
  assert.equal(clock.seconds(), 0);
  assert.equal(clock.milliseconds(), 0);
});

Deno.test("two clocks of one origin agree", () => {
  const origin = clockOrigin();
  const [a, b] = [createClock(origin), createClock(origin)];
  assert.ok(Math.abs(a.milliseconds() - b.milliseconds()) < 1000);
});

Deno.test("UNIX time is the system's, in whole seconds", () => {
  const before = Math.trunc(Date.now() / 1000);
  const now = createClock(clockOrigin()).unixSeconds();
  assert.ok(Number.isInteger(now) && now >= before && now <= Date.now() / 1000);
});
