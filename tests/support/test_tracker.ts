/** A tracker in this thread with little memory, for tests that need no sockets. */
import { Prng } from "../../src/base/prng.ts";
import { createSharedMemory, type SharedMemory } from "../../src/tracker/shared.ts";
import { attachCounters } from "../../src/tracker/stats.ts";
import { Tracker, type TrackerSettings } from "../../src/tracker/tracker.ts";

export interface TestTracker {
  readonly tracker: Tracker;
  readonly memory: SharedMemory;
}

const SETTINGS: TrackerSettings = {
  whitelist: false,
  blacklist: false,
  keys: false,
  interval: 1800,
  intervalMinimum: 900,
  peerTimeout: 2700,
  peersReturned: 200,
};

export interface TestLimits {
  torrents: number;
  peers: number;
  keepTorrents: boolean;
  listEntries: number;
}

export function createTestTracker(
  settings: Partial<TrackerSettings> = {},
  { torrents = 2000, peers = 2000, keepTorrents = false, listEntries = 1024 }: Partial<TestLimits> = {},
): TestTracker {
  let seed = 1;
  const limits = { torrents, peers, listEntries, threads: 1 };
  const memory = createSharedMemory(limits, keepTorrents, () => seed++);
  const counters = attachCounters(memory.stats, 0);
  return { memory, tracker: new Tracker(memory, { ...SETTINGS, ...settings }, counters, new Prng(7)) };
}

/** The words of 20 bytes, as lists and the store take them. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.slice().buffer);
}
