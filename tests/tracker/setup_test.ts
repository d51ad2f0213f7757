import assert from "node:assert/strict";
import { createSharedMemory } from "../../src/tracker/shared.ts";
import { attachTracker, type TrackerSetup } from "../../src/tracker/setup.ts";
import { readCounter } from "../../src/tracker/stats.ts";

function createSetup(statistics: boolean): TrackerSetup {
  let seed = 1;
  return {
    memory: createSharedMemory(
      { torrents: 1024, peers: 1024, listEntries: 1024, threads: 3 },
      false,
      () => seed++,
    ),
    settings: {
      whitelist: false,
      blacklist: false,
      keys: false,
      interval: 1,
      intervalMinimum: 1,
      peerTimeout: 1,
      peersReturned: 1,
    },
    statistics,
    clockOrigin: 0,
    connectionSecret: [1, 2],
  };
}

Deno.test("trackers of several threads share lists, and count in stripes of their own", () => {
  const setup = createSetup(true);
  const [first, second] = [attachTracker(setup, 0, 1), attachTracker(setup, 2, 2)];
  const hash = Int32Array.of(1, 2, 3, 4, 5);
  first.access.blacklist.set(hash, 0, 0);
  assert.equal(second.access.blacklist.has(hash, 0), true);
  first.counters[0]++;
  second.counters[0]++;
  assert.equal(first.counters[0], 1);
  assert.equal(readCounter(setup.memory.stats, "tcp4_connections_handled"), 2);
});

Deno.test("without statistics nothing is counted", () => {
  const setup = createSetup(false);
  attachTracker(setup, 1, 1).counters[0]++;
  assert.equal(readCounter(setup.memory.stats, "tcp4_connections_handled"), 0);
});

Deno.test("a setup survives the way to a Worker", () => {
  const setup = createSetup(true);
  const copy = structuredClone(setup);
  attachTracker(setup, 0, 1).access.keys.set(new Int32Array(5), 0, 7);
  assert.equal(attachTracker(copy, 1, 2).access.keys.get(new Int32Array(5), 0), 7);
});
