/** What every thread needs to run a tracker; it can be sent to a Worker. */
import { Prng } from "../base/prng.ts";
import type { SharedMemory } from "./shared.ts";
import { attachCounters, detachedCounters } from "./stats.ts";
import { Tracker, type TrackerSettings } from "./tracker.ts";

export interface TrackerSetup {
  readonly memory: SharedMemory;
  readonly settings: TrackerSettings;
  /** Whether anything is counted. */
  readonly statistics: boolean;
  readonly clockOrigin: number;
  /** 64 secret bits for the connection ids of UDP. */
  readonly connectionSecret: readonly [number, number];
}

/** The tracker of thread number `thread`, with 32 random bits of its own. */
export function attachTracker(setup: TrackerSetup, thread: number, randomSeed: number): Tracker {
  const counters = setup.statistics ? attachCounters(setup.memory.stats, thread) : detachedCounters();
  return new Tracker(setup.memory, setup.settings, counters, new Prng(randomSeed));
}
