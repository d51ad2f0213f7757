/**
 * Where everything lies in the store's shared memory: offsets and sizes in one place.
 *
 * All memory is int32 words, little-endian, so that wire bytes can be copied and compared four at a time. Index 0
 * of every kind of record means "none".
 */
import { assert } from "../base/assert.ts";

assert(new Uint8Array(new Uint32Array([1]).buffer)[0] === 1, "denotrack needs a little-endian machine");

/** Shards by the low bits of the info hash's keyed hash. A power of two. */
export const SHARD_BITS = 6;
export const SHARDS = 1 << SHARD_BITS;
export const SHARD_MASK = SHARDS - 1;

/** A key (info hash, tracker key) is 20 bytes. */
export const KEY_WORDS = 5;

/** The state of one hash table in one shard. */
export const TABLE_BUCKETS = 0;
export const TABLE_TOP = 1;
export const TABLE_FREE = 2;
export const TABLE_COUNT = 3;
export const TABLE_WORDS = 4;

/** The header of one shard of the store: four cache lines, so that shards do not disturb each other. */
export const SHARD_WORDS = 64;
export const SHARD_LOCK = 0;
export const SHARD_TORRENTS = 4;
export const SHARD_SWARM_TOP = 8;
export const SHARD_SWARM_FREE = 9;
export const SHARD_SWARMS = 10;
/** Seeders and leechers, IPv4 then IPv6, in the order of a swarm record. */
export const SHARD_SEEDERS4 = 12;
export const SHARD_SEEDERS6 = 14;
/** The sum of `completed` as a float64, so at an even word. */
export const SHARD_COMPLETED = 16;
/** Heads of the lists of pages with room, one a size class, IPv4 then IPv6. */
export const SHARD_PAGES4 = 32;
export const SHARD_PAGES6 = 48;

/** A torrent record: info hash (5), completed, swarm, next in the chain. 32 bytes. */
export const TORRENT_WORDS = 8;
export const TORRENT_COMPLETED = 5;
export const TORRENT_SWARM = 6;

/** A swarm record, for a torrent that has peers. 32 bytes. Free ones are chained through their first word. */
export const SWARM_WORDS = 8;
export const SWARM_TORRENT = 0;
/** One {@link PeerSet} a family: where its peers are, seeders, leechers. */
export const SWARM_PEERS4 = 1;
export const SWARM_PEERS6 = 4;
export const PEERS_REF = 0;
export const PEERS_SEEDERS = 1;
export const PEERS_LEECHERS = 2;

/** Hot peer record: the address as sent, then the port as sent (low half) and when last heard (high half). */
export const HOT_WORDS_IPV4 = 2;
export const HOT_WORDS_IPV6 = 5;

/** Cold peer record, 40 bytes: peer id (5), low words of left, uploaded, downloaded, their high 16 bits, event. */
export const COLD_WORDS = 10;
export const COLD_LEFT = 5;
export const COLD_UPLOADED = 6;
export const COLD_DOWNLOADED = 7;
/** High 16 bits of left, and of uploaded above them. */
export const COLD_HIGH = 8;
/** High 16 bits of downloaded, and the event above them. */
export const COLD_HIGH_EVENT = 9;

/** Peers a page. Every block of peers lies within one page. */
export const PAGE_BITS = 8;
export const PAGE_PEERS = 1 << PAGE_BITS;
/** A page's own record: next and previous page with room, size class, blocks in use, blocks ever cut, free block. */
export const PAGE_WORDS = 8;
export const PAGE_NEXT = 0;
export const PAGE_PREVIOUS = 1;
export const PAGE_CLASS = 2;
export const PAGE_USED = 3;
export const PAGE_CUT = 4;
export const PAGE_FREE = 5;

/** How many peers a block of each size class holds: steps of a third, each chosen to fill a page without waste. */
export const CLASS_PEERS = Int32Array.of(1, 2, 3, 4, 6, 8, 12, 16, 21, 28, 36, 51, 64, 85, 128, 256);
export const CLASSES = CLASS_PEERS.length;
export const MAX_BLOCK_PEERS = PAGE_PEERS;
assert(SHARD_PAGES4 + CLASSES <= SHARD_PAGES6 && SHARD_PAGES6 + CLASSES <= SHARD_WORDS, "page lists fit");

/** The smallest class for each number of peers, 0 to 256. */
export const CLASS_FOR = Uint8Array.from(
  { length: MAX_BLOCK_PEERS + 1 },
  (_, peers) => CLASS_PEERS.findIndex((capacity) => capacity >= peers),
);

/** The state of a pool of pages, shared by all shards. */
export const POOL_LOCK = 0;
export const POOL_PAGE_TOP = 1;
export const POOL_PAGE_FREE = 2;
export const POOL_DIRECTORY_TOP = 3;
export const POOL_DIRECTORY_FREE = 4;
export const POOL_PAGES_USED = 5;
export const POOL_WORDS = 16;

/**
 * A swarm of more than one block has a directory: a root (number of blocks, then leaves), whose leaves hold two words
 * a block: where it is, and its seeders (low half) and peers (high half).
 */
export const DIRECTORY_BITS = 8;
export const DIRECTORY_WORDS = 1 << DIRECTORY_BITS;
export const LEAF_BITS = DIRECTORY_BITS - 1;
export const LEAF_ENTRIES = 1 << LEAF_BITS;
export const MAX_BLOCKS = (DIRECTORY_WORDS - 1) * LEAF_ENTRIES;
/** A directory splits a block when there are more peers a block than this … */
export const SPLIT_PEERS = 80;
/** … and merges two when there are fewer than this. */
export const MERGE_PEERS = 32;

/** Room for one shard's part of `total` evenly hashed records, with six standard deviations to spare. */
export function shardCapacity(total: number): number {
  const mean = total / SHARDS;
  return Math.ceil(mean + 6 * Math.sqrt(mean)) + 2;
}

/** What a peer said last, as kept in its record: the numbers of BEP 15. */
export const EVENT_NONE = 0;
export const EVENT_COMPLETED = 1;
export const EVENT_STARTED = 2;
export const EVENT_STOPPED = 3;
