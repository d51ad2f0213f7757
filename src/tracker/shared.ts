/** All memory that the threads share: made once by the first thread, attached to by each. */
import { createHashSetMemory } from "../swarm/hash_set.ts";
import { createStoreMemory, type StoreLimits, type StoreMemory } from "../swarm/store_memory.ts";
import type { AccessMemory } from "./access.ts";
import { createHeartbeatMemory } from "./heartbeats.ts";
import { createSavingMemory } from "./saving_state.ts";
import { createStatsMemory } from "./stats.ts";

export interface SharedMemory {
  readonly store: StoreMemory;
  readonly access: AccessMemory;
  readonly stats: SharedArrayBuffer;
  /** What the thread that saves tells the others: see `SavingState`. */
  readonly saving: SharedArrayBuffer;
  /** A count of turns a thread: see `Heartbeat`. */
  readonly heartbeats: SharedArrayBuffer;
  /** One int32: not zero once all threads are to stop. */
  readonly stop: SharedArrayBuffer;
}

export interface SharedLimits extends StoreLimits {
  /** Entries of each of whitelist, blacklist and keys. */
  readonly listEntries: number;
  readonly threads: number;
}

/** `random` gives 32 secret random bits: nobody outside may guess where a hash or a peer is placed. */
export function createSharedMemory(
  limits: SharedLimits,
  persistence: boolean,
  random: () => number,
): SharedMemory {
  const seed = (): [number, number] => [random() | 0, random() | 0];
  return {
    store: createStoreMemory(limits, persistence, seed()),
    access: {
      whitelist: createHashSetMemory(limits.listEntries, persistence, seed()),
      blacklist: createHashSetMemory(limits.listEntries, persistence, seed()),
      keys: createHashSetMemory(limits.listEntries, persistence, seed()),
    },
    stats: createStatsMemory(limits.threads),
    saving: createSavingMemory(),
    heartbeats: createHeartbeatMemory(limits.threads),
    stop: new SharedArrayBuffer(4),
  };
}
