/** The shared memory of the store: made once, attached to by every thread. */
import { createDirtyMemory, type DirtyMemory } from "./dirty_bits.ts";
import { createHashSetMemory, type HashSetMemory } from "./hash_set.ts";
import { createTableMemory, type TableMemory } from "./hash_table.ts";
import {
  HOT_WORDS_IPV4,
  HOT_WORDS_IPV6,
  SHARD_WORDS,
  shardCapacity,
  SHARDS,
  SWARM_WORDS,
  TORRENT_WORDS,
} from "./layout.ts";
import { type ArenaMemory, createArenaMemory } from "./peer_arena.ts";

export interface StoreLimits {
  /** Torrents that fit, give or take a part in a thousand. */
  readonly torrents: number;
  /** Peers that fit, for each address family. */
  readonly peers: number;
}

/** Removed torrents that may wait for the database at one time; beyond that none is removed. */
const MAX_REMOVED = 1 << 22;

/** The shared memory of the store; what a thread needs to attach to it. */
export interface StoreMemory {
  /** Whether torrents stay, and wait to be saved, once they were seen. */
  readonly keepTorrents: boolean;
  readonly shards: SharedArrayBuffer;
  readonly torrents: TableMemory;
  readonly swarms: SharedArrayBuffer;
  /** The torrents that have changed since they were last taken for saving. */
  readonly dirty: DirtyMemory;
  /** Torrents that were removed, until the database knows. */
  readonly removed: HashSetMemory;
  readonly ipv4: ArenaMemory;
  readonly ipv6: ArenaMemory;
  /** Key of the hash that places torrents and peers. */
  readonly seed: readonly [number, number];
}

/** Reserves the memory of a store. Throws a RangeError when the system refuses to reserve that much. */
export function createStoreMemory(
  limits: StoreLimits,
  keepTorrents: boolean,
  seed: readonly [number, number],
): StoreMemory {
  const torrents = createTableMemory(limits.torrents, TORRENT_WORDS, seed);
  const swarms = Math.min(torrents.capacity, shardCapacity(2 * limits.peers));
  return {
    keepTorrents,
    shards: new SharedArrayBuffer(SHARDS * SHARD_WORDS * 4),
    torrents,
    swarms: new SharedArrayBuffer(swarms * SHARDS * SWARM_WORDS * 4),
    dirty: createDirtyMemory(torrents.capacity),
    removed: createHashSetMemory(Math.min(limits.torrents, MAX_REMOVED), keepTorrents, seed),
    ipv4: createArenaMemory(limits.peers, HOT_WORDS_IPV4),
    ipv6: createArenaMemory(limits.peers, HOT_WORDS_IPV6),
    seed,
  };
}
