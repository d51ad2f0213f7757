import assert from "node:assert/strict";
import {
  attachCounters,
  COUNTER,
  type CounterName,
  createStatsMemory,
  detachedCounters,
  readCounter,
  readCounters,
  TCP6,
  UDP6,
} from "../../src/tracker/stats.ts";

const NAMES = Object.keys(COUNTER) as CounterName[];

Deno.test("every counter has a place of its own, within a stripe", () => {
  const places = Object.values(COUNTER);
  assert.equal(new Set<number>(places).size, places.length);
  assert.ok(Math.max(...places) < detachedCounters().length);
});

Deno.test("the IPv6 counter of each pair is as far from the IPv4 one as from any other", () => {
  for (const name of NAMES) {
    const pair = name.replace(/^(tcp|udp)4/, "$16") as CounterName;
    if (pair !== name) {
      assert.equal(COUNTER[pair] - COUNTER[name], name.startsWith("tcp") ? TCP6 : UDP6, name);
    }
  }
});

Deno.test("counters are summed over all threads, each of which writes only its own", () => {
  const memory = createStatsMemory(3);
  const stripes = [0, 1, 2].map((thread) => attachCounters(memory, thread));
  NAMES.forEach((name, i) =>
    stripes.forEach((stripe, thread) => stripe[COUNTER[name]] += (i + 1) * 10 ** thread)
  );
  const all = readCounters(memory);
  NAMES.forEach((name, i) => {
    assert.equal(readCounter(memory, name), (i + 1) * 111, name);
    assert.equal(all[name], (i + 1) * 111, name);
  });
});

Deno.test("counters go on beyond 32 bits", () => {
  const memory = createStatsMemory(2);
  attachCounters(memory, 0)[COUNTER.udp4_announces_handled] = 2 ** 40;
  attachCounters(memory, 1)[COUNTER.udp4_announces_handled]++;
  assert.equal(readCounter(memory, "udp4_announces_handled"), 2 ** 40 + 1);
});

Deno.test("a detached stripe counts for nobody", () => {
  const memory = createStatsMemory(1);
  detachedCounters()[0]++;
  assert.ok(Object.values(readCounters(memory)).every((count) => count === 0));
});
