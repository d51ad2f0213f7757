/**
 * The swarm store: all torrents and peers, in memory shared by all threads.
 *
 * Every method is synchronous, takes one shard's lock for microseconds, and may be called from any thread. Each
 * thread attaches its own instance to the same {@link StoreMemory}.
 */
import type { Prng } from "../base/prng.ts";
import { createDirtyMemory, DirtyBits, type DirtyCursor, type DirtyMemory } from "./dirty_bits.ts";
import { createTableMemory, HashTable, shardOf, type TableMemory } from "./hash_table.ts";
import {
  EVENT_COMPLETED,
  EVENT_STOPPED,
  HOT_WORDS_IPV4,
  HOT_WORDS_IPV6,
  KEY_WORDS,
  PEERS_LEECHERS,
  PEERS_REF,
  PEERS_SEEDERS,
  SHARD_BITS,
  SHARD_COMPLETED,
  SHARD_LOCK,
  SHARD_MASK,
  SHARD_PAGES4,
  SHARD_PAGES6,
  SHARD_SEEDERS4,
  SHARD_SEEDERS6,
  SHARD_SWARM_FREE,
  SHARD_SWARM_TOP,
  SHARD_SWARMS,
  SHARD_TORRENTS,
  SHARD_WORDS,
  shardCapacity,
  SHARDS,
  SWARM_PEERS4,
  SWARM_PEERS6,
  SWARM_TORRENT,
  SWARM_WORDS,
  TORRENT_COMPLETED,
  TORRENT_SWARM,
  TORRENT_WORDS,
} from "./layout.ts";
import { lock, unlock } from "./lock.ts";
import { type ArenaMemory, createArenaMemory, PeerArena } from "./peer_arena.ts";
import { type PeerFields, PeerSet } from "./peer_set.ts";

export interface StoreLimits {
  /** Torrents that fit, give or take a part in a thousand. */
  readonly torrents: number;
  /** Peers that fit, for each address family. */
  readonly peers: number;
}

/** The shared memory of the store; what a thread needs to attach to it. */
export interface StoreMemory {
  /** Whether torrents stay, and wait to be saved, once they were seen. */
  readonly keepTorrents: boolean;
  readonly shards: SharedArrayBuffer;
  readonly torrents: TableMemory;
  readonly swarms: SharedArrayBuffer;
  /** The torrents that have changed since they were last taken for saving. */
  readonly dirty: DirtyMemory;
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
    ipv4: createArenaMemory(limits.peers, HOT_WORDS_IPV4),
    ipv6: createArenaMemory(limits.peers, HOT_WORDS_IPV6),
    seed,
  };
}

/** An announce, as the store wants it. */
export interface PeerAnnounce extends PeerFields {
  /** Five words. */
  readonly infoHash: Int32Array;
  readonly isIpv4: boolean;
  /** How many peers the answer may hold, 0 for none. */
  readonly wanted: number;
}

/** What an announce gives back. The peers are written to the caller's buffer. */
export interface SwarmAnswer {
  seeders: number;
  leechers: number;
  /** How often the torrent was completed. */
  completed: number;
  /** Peers written. */
  peers: number;
  /** Where to write peers, and from which half-word on. */
  out: Uint16Array;
  offset: number;
  /** Where to write their peer ids, five words each; null for nowhere. */
  ids: Int32Array | null;
}

/** Whether an announce was stored: yes; nothing to store; no room for the torrent, or for the peer. */
export const STORED = 0;
export const NOTHING_STORED = 1;
export const TORRENTS_FULL = 2;
export const PEERS_FULL = 3;

/** Where a sweep has come to; starts as new and is new again when the sweep has seen everything. */
export class SweepCursor {
  shard = 0;
  /** Within the shard, one less than the swarm in hand. */
  swarm = 0;
  /** Blocks of the swarm in hand that are yet to be seen, IPv4 and IPv6; −1 before it is opened. */
  blocks4 = -1;
  blocks6 = -1;
}

/** Figures over all shards. */
export interface StoreTotals {
  torrents: number;
  /** Torrents that have peers. */
  swarms: number;
  seeders: number;
  leechers: number;
  completed: number;
  /** Torrents changed since they were last taken for saving. */
  dirty: number;
}

export class SwarmStore {
  readonly torrents: HashTable;
  readonly ipv4: PeerSet;
  readonly ipv6: PeerSet;
  readonly #keepTorrents: boolean;
  readonly #shards: Int32Array;
  readonly #completed: Float64Array;
  readonly #swarms: Int32Array;
  readonly #swarmCapacity: number;
  readonly #dirty: DirtyBits;

  constructor(memory: StoreMemory, random: Prng) {
    this.#keepTorrents = memory.keepTorrents;
    this.#shards = new Int32Array(memory.shards);
    this.#completed = new Float64Array(memory.shards);
    this.torrents = new HashTable(memory.torrents, this.#shards, SHARD_WORDS, SHARD_TORRENTS);
    this.#swarms = new Int32Array(memory.swarms);
    this.#swarmCapacity = this.#swarms.length / (SHARDS * SWARM_WORDS);
    this.#dirty = new DirtyBits(memory.dirty);
    this.ipv4 = new PeerSet(new PeerArena(memory.ipv4, this.#shards), this.#swarms, memory.seed, random);
    this.ipv6 = new PeerSet(new PeerArena(memory.ipv6, this.#shards), this.#swarms, memory.seed, random);
  }

  /** Takes in an announce at `time` (seconds) and fills in the answer. */
  announce(peer: PeerAnnounce, answer: SwarmAnswer, time: number): number {
    const hash = this.torrents.hash(peer.infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const result = peer.event === EVENT_STOPPED || peer.port === 0
      ? this.#leave(hash, shard, peer, answer)
      : this.#join(hash, shard, peer, answer, time);
    unlock(this.#shards, shard + SHARD_LOCK);
    return result;
  }

  /** Writes complete, completed, incomplete of the torrent at `infoHashes[offset]` to `out` from `outOffset`. */
  scrape(infoHashes: Int32Array, offset: number, out: Int32Array, outOffset: number): void {
    const hash = this.torrents.hash(infoHashes, offset);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const torrent = this.torrents.find(hash, infoHashes, offset);
    const swarm = torrent === 0 ? 0 : this.torrents.records[torrent * TORRENT_WORDS + TORRENT_SWARM];
    out[outOffset] = this.#seeders(swarm);
    out[outOffset + 1] = torrent === 0
      ? 0
      : this.torrents.records[torrent * TORRENT_WORDS + TORRENT_COMPLETED];
    out[outOffset + 2] = this.#leechers(swarm);
    unlock(this.#shards, shard + SHARD_LOCK);
  }

  /**
   * Goes on with a sweep for about `budget` blocks of peers (at most one shard), removing peers not heard of for more
   * than `timeout` seconds before `time`. True when the sweep has come to its end.
   */
  sweep(cursor: SweepCursor, budget: number, time: number, timeout: number): boolean {
    const shard = cursor.shard * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    let work = budget;
    while (work > 0 && cursor.swarm < this.#shards[shard + SHARD_SWARM_TOP]) {
      const swarm = (((cursor.swarm + 1) << SHARD_BITS) | cursor.shard) * SWARM_WORDS;
      work -= this.#sweepSwarm(cursor, shard, swarm, work, time, timeout);
    }
    const done = cursor.swarm >= this.#shards[shard + SHARD_SWARM_TOP];
    unlock(this.#shards, shard + SHARD_LOCK);
    if (!done) return false;
    cursor.swarm = 0;
    cursor.shard = (cursor.shard + 1) % SHARDS;
    return cursor.shard === 0;
  }

  /**
   * Puts in a torrent as the database has it. One that is there keeps its peers, and its own count if that is not
   * saved yet. False when there is no room.
   */
  restoreTorrent(infoHashes: Int32Array, offset: number, completed: number): boolean {
    const hash = this.torrents.hash(infoHashes, offset);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    let torrent = this.torrents.find(hash, infoHashes, offset);
    if (torrent === 0) torrent = this.torrents.insert(hash, infoHashes, offset);
    if (torrent !== 0 && !this.#dirty.isMarked(torrent & SHARD_MASK, torrent >>> SHARD_BITS)) {
      const at = torrent * TORRENT_WORDS + TORRENT_COMPLETED;
      this.#completed[(shard + SHARD_COMPLETED) >> 1] += completed - this.torrents.records[at];
      this.torrents.records[at] = completed;
    }
    unlock(this.#shards, shard + SHARD_LOCK);
    return torrent !== 0;
  }

  /**
   * Takes changed torrents to be saved, from the cursor on, until the arrays are full (five words a hash, a completed
   * count each) or none is left. Gives their number.
   */
  takeDirty(cursor: DirtyCursor, infoHashes: Int32Array, completed: Int32Array): number {
    const records = this.torrents.records;
    let count = 0;
    for (; cursor.shard < SHARDS && count < completed.length; cursor.shard++, cursor.local = 0) {
      const shard = cursor.shard * SHARD_WORDS;
      lock(this.#shards, shard + SHARD_LOCK);
      let local = this.#dirty.next(cursor.shard, cursor.local);
      for (; local >= 0 && count < completed.length; count++) {
        const at = ((local << SHARD_BITS) | cursor.shard) * TORRENT_WORDS;
        for (let i = 0; i < KEY_WORDS; i++) infoHashes[count * KEY_WORDS + i] = records[at + i];
        completed[count] = records[at + TORRENT_COMPLETED];
        this.#dirty.clear(cursor.shard, local);
        local = this.#dirty.next(cursor.shard, local + 1);
      }
      unlock(this.#shards, shard + SHARD_LOCK);
      if (local >= 0) {
        cursor.local = local;
        return count;
      }
    }
    return count;
  }

  /** Figures over all shards, each readable at any time, together a moment apart. */
  totals(): StoreTotals {
    const totals = { torrents: 0, swarms: 0, seeders: 0, leechers: 0, completed: 0, dirty: 0 };
    for (let shard = 0; shard < SHARDS; shard++) {
      const at = shard * SHARD_WORDS;
      totals.torrents += this.torrents.count(shard);
      totals.swarms += this.#shards[at + SHARD_SWARMS];
      totals.seeders += this.#shards[at + SHARD_SEEDERS4] + this.#shards[at + SHARD_SEEDERS6];
      totals.leechers += this.#shards[at + SHARD_SEEDERS4 + 1] + this.#shards[at + SHARD_SEEDERS6 + 1];
      totals.completed += this.#completed[(at + SHARD_COMPLETED) >> 1];
      totals.dirty += this.#dirty.count(shard);
    }
    return totals;
  }

  /**
   * Calls `visitor` for each peer of a torrent under the shard's lock, so it must be short. Gives the torrent's
   * completed count, or −1 for an unknown torrent.
   */
  visitPeers(infoHash: Int32Array, visitor: (set: PeerSet, index: number, seeder: boolean) => void): number {
    const hash = this.torrents.hash(infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    try {
      const torrent = this.torrents.find(hash, infoHash, 0);
      if (torrent === 0) return -1;
      const swarm = this.torrents.records[torrent * TORRENT_WORDS + TORRENT_SWARM] * SWARM_WORDS;
      for (const set of swarm === 0 ? [] : [this.ipv4, this.ipv6]) {
        const at = swarm + (set === this.ipv4 ? SWARM_PEERS4 : SWARM_PEERS6);
        for (let block = 0; block < set.blockCount(at); block++) {
          set.visit(at, block, (index, seeder) => visitor(set, index, seeder));
        }
      }
      return this.torrents.records[torrent * TORRENT_WORDS + TORRENT_COMPLETED];
    } finally {
      unlock(this.#shards, shard + SHARD_LOCK);
    }
  }

  /**
   * Calls `visitor` for the torrents of `count` buckets of a shard from `bucket` on, under its lock: with the words
   * and the place of the info hash, and the counts. Gives the next bucket, or −1 when the shard is through. Torrents
   * added meanwhile may be missed, or seen twice.
   */
  visitTorrents(
    shard: number,
    bucket: number,
    count: number,
    visitor: (words: Int32Array, at: number, seeders: number, completed: number, leechers: number) => void,
  ): number {
    const records = this.torrents.records;
    const header = shard * SHARD_WORDS;
    lock(this.#shards, header + SHARD_LOCK);
    const buckets = this.torrents.buckets(shard);
    const end = Math.min(bucket + count, buckets);
    for (let i = bucket; i < end; i++) {
      for (
        let torrent = this.torrents.first(shard, i);
        torrent !== 0;
        torrent = this.torrents.after(torrent)
      ) {
        const at = torrent * TORRENT_WORDS;
        const swarm = records[at + TORRENT_SWARM];
        visitor(records, at, this.#seeders(swarm), records[at + TORRENT_COMPLETED], this.#leechers(swarm));
      }
    }
    unlock(this.#shards, header + SHARD_LOCK);
    return end < buckets ? end : -1;
  }

  // --- under the shard's lock; `shard` is its header, `swarm` and `torrent` are record numbers ---------------------

  #join(hash: number, shard: number, peer: PeerAnnounce, answer: SwarmAnswer, time: number): number {
    const records = this.torrents.records;
    let torrent = this.torrents.find(hash, peer.infoHash, 0);
    if (torrent === 0) {
      torrent = this.torrents.insert(hash, peer.infoHash, 0);
      if (torrent === 0) return this.#answerNothing(answer, TORRENTS_FULL);
      if (this.#keepTorrents) this.#dirty.mark(torrent & SHARD_MASK, torrent >>> SHARD_BITS);
    }
    const swarm = records[torrent * TORRENT_WORDS + TORRENT_SWARM] || this.#takeSwarm(shard, torrent);
    if (swarm === 0) return this.#answerFull(hash, shard, torrent, 0, answer);

    const set = peer.isIpv4 ? this.ipv4 : this.ipv6;
    const at = swarm * SWARM_WORDS + (peer.isIpv4 ? SWARM_PEERS4 : SWARM_PEERS6);
    const seeder = peer.amounts[0] === 0 && peer.amounts[1] === 0;
    let completes = seeder && peer.event === EVENT_COMPLETED;
    let index = set.find(at, peer);
    if (index < 0) {
      index = set.insert(at, shard + (peer.isIpv4 ? SHARD_PAGES4 : SHARD_PAGES6), peer, seeder, time);
      if (index < 0) return this.#answerFull(hash, shard, torrent, swarm, answer);
      this.#shards[shard + (peer.isIpv4 ? SHARD_SEEDERS4 : SHARD_SEEDERS6) + (seeder ? 0 : 1)]++;
    } else {
      const wasSeeder = set.isSeeder(index);
      if (wasSeeder) completes = false;
      if (wasSeeder !== seeder) {
        index = set.flip(at, index);
        const counts = shard + (peer.isIpv4 ? SHARD_SEEDERS4 : SHARD_SEEDERS6);
        this.#shards[counts] += seeder ? 1 : -1;
        this.#shards[counts + 1] += seeder ? -1 : 1;
      }
      set.update(index, peer, time);
    }
    if (completes) this.#complete(shard, torrent);
    this.#answerCounts(answer, torrent, swarm);
    answer.peers = peer.wanted === 0
      ? 0
      : set.copy(at, index, seeder, peer.wanted, answer.out, answer.offset, answer.ids);
    return STORED;
  }

  /** A peer that stops, or one that nobody could connect to (port 0): it gets the counts, and is not kept. */
  #leave(hash: number, shard: number, peer: PeerAnnounce, answer: SwarmAnswer): number {
    const torrent = this.torrents.find(hash, peer.infoHash, 0);
    if (torrent === 0) return this.#answerNothing(answer, NOTHING_STORED);
    const swarm = this.torrents.records[torrent * TORRENT_WORDS + TORRENT_SWARM];
    if (swarm === 0) {
      this.#answerCounts(answer, torrent, 0);
      return NOTHING_STORED;
    }
    const set = peer.isIpv4 ? this.ipv4 : this.ipv6;
    const at = swarm * SWARM_WORDS + (peer.isIpv4 ? SWARM_PEERS4 : SWARM_PEERS6);
    const index = set.find(at, peer);
    if (index >= 0) {
      const seeder = set.isSeeder(index);
      set.remove(at, shard + (peer.isIpv4 ? SHARD_PAGES4 : SHARD_PAGES6), index);
      this.#shards[shard + (peer.isIpv4 ? SHARD_SEEDERS4 : SHARD_SEEDERS6) + (seeder ? 0 : 1)]--;
    }
    this.#answerCounts(answer, torrent, swarm);
    answer.peers = 0;
    if (answer.seeders + answer.leechers === 0) this.#release(hash, shard, torrent, swarm);
    return index >= 0 ? STORED : NOTHING_STORED;
  }

  #answerNothing(answer: SwarmAnswer, result: number): number {
    answer.seeders = 0;
    answer.leechers = 0;
    answer.completed = 0;
    answer.peers = 0;
    return result;
  }

  /** Answers a peer for whom there is no room, leaving nothing behind that was made for it. */
  #answerFull(hash: number, shard: number, torrent: number, swarm: number, answer: SwarmAnswer): number {
    this.#answerCounts(answer, torrent, swarm);
    if (answer.seeders + answer.leechers === 0) this.#release(hash, shard, torrent, swarm);
    return PEERS_FULL;
  }

  #answerCounts(answer: SwarmAnswer, torrent: number, swarm: number): void {
    answer.seeders = this.#seeders(swarm);
    answer.leechers = this.#leechers(swarm);
    answer.completed = this.torrents.records[torrent * TORRENT_WORDS + TORRENT_COMPLETED];
    answer.peers = 0;
  }

  #seeders(swarm: number): number {
    const at = swarm * SWARM_WORDS + PEERS_SEEDERS;
    return swarm === 0 ? 0 : this.#swarms[at + SWARM_PEERS4] + this.#swarms[at + SWARM_PEERS6];
  }

  #leechers(swarm: number): number {
    const at = swarm * SWARM_WORDS + PEERS_LEECHERS;
    return swarm === 0 ? 0 : this.#swarms[at + SWARM_PEERS4] + this.#swarms[at + SWARM_PEERS6];
  }

  #complete(shard: number, torrent: number): void {
    this.torrents.records[torrent * TORRENT_WORDS + TORRENT_COMPLETED]++;
    this.#completed[(shard + SHARD_COMPLETED) >> 1]++;
    if (this.#keepTorrents) this.#dirty.mark(torrent & SHARD_MASK, torrent >>> SHARD_BITS);
  }

  /** A new swarm record for a torrent, or 0 when there is none left. */
  #takeSwarm(shard: number, torrent: number): number {
    const shards = this.#shards;
    let swarm = shards[shard + SHARD_SWARM_FREE];
    if (swarm !== 0) {
      shards[shard + SHARD_SWARM_FREE] = this.#swarms[swarm * SWARM_WORDS];
    } else {
      // Local index 0 is "none", so counting starts at 1.
      const local = shards[shard + SHARD_SWARM_TOP] + 1;
      if (local >= this.#swarmCapacity) return 0;
      shards[shard + SHARD_SWARM_TOP] = local;
      swarm = (local << SHARD_BITS) | (shard / SHARD_WORDS);
    }
    shards[shard + SHARD_SWARMS]++;
    const at = swarm * SWARM_WORDS;
    for (let i = 0; i < SWARM_WORDS; i++) this.#swarms[at + i] = 0;
    this.#swarms[at + SWARM_TORRENT] = torrent;
    this.torrents.records[torrent * TORRENT_WORDS + TORRENT_SWARM] = swarm;
    return swarm;
  }

  /** Gives back the swarm of a torrent without peers (0 for none), and the torrent itself if it need not be kept. */
  #release(hash: number, shard: number, torrent: number, swarm: number): void {
    if (swarm !== 0) {
      const at = swarm * SWARM_WORDS;
      this.ipv4.clear(at + SWARM_PEERS4, shard + SHARD_PAGES4);
      this.ipv6.clear(at + SWARM_PEERS6, shard + SHARD_PAGES6);
      // A free record has no peers to sweep: its references are zero.
      this.#swarms[at + SWARM_PEERS4 + PEERS_REF] = 0;
      this.#swarms[at + SWARM_PEERS6 + PEERS_REF] = 0;
      this.#swarms[at] = this.#shards[shard + SHARD_SWARM_FREE];
      this.#shards[shard + SHARD_SWARM_FREE] = swarm;
      this.#shards[shard + SHARD_SWARMS]--;
      this.torrents.records[torrent * TORRENT_WORDS + TORRENT_SWARM] = 0;
    }
    if (this.#keepTorrents) return;
    this.#completed[(shard + SHARD_COMPLETED) >> 1] -=
      this.torrents.records[torrent * TORRENT_WORDS + TORRENT_COMPLETED];
    this.torrents.remove(hash, torrent);
  }

  /** Sweeps blocks of one swarm, up to `budget`, and moves the cursor on when it is done. Gives the blocks seen. */
  #sweepSwarm(
    cursor: SweepCursor,
    shard: number,
    swarmAt: number,
    budget: number,
    time: number,
    timeout: number,
  ): number {
    const swarms = this.#swarms;
    if (cursor.blocks4 < 0) {
      cursor.blocks4 = this.ipv4.blockCount(swarmAt + SWARM_PEERS4);
      cursor.blocks6 = this.ipv6.blockCount(swarmAt + SWARM_PEERS6);
      if (cursor.blocks4 + cursor.blocks6 === 0) {
        this.#nextSwarm(cursor);
        return 1;
      }
    }
    const seeders4 = swarms[swarmAt + SWARM_PEERS4 + PEERS_SEEDERS];
    const leechers4 = swarms[swarmAt + SWARM_PEERS4 + PEERS_LEECHERS];
    const seeders6 = swarms[swarmAt + SWARM_PEERS6 + PEERS_SEEDERS];
    const leechers6 = swarms[swarmAt + SWARM_PEERS6 + PEERS_LEECHERS];
    let seen = 0;
    for (; cursor.blocks4 > 0 && seen < budget; seen++) {
      this.ipv4.sweep(swarmAt + SWARM_PEERS4, shard + SHARD_PAGES4, --cursor.blocks4, time, timeout);
    }
    for (; cursor.blocks6 > 0 && seen < budget; seen++) {
      this.ipv6.sweep(swarmAt + SWARM_PEERS6, shard + SHARD_PAGES6, --cursor.blocks6, time, timeout);
    }
    this.#shards[shard + SHARD_SEEDERS4] += swarms[swarmAt + SWARM_PEERS4 + PEERS_SEEDERS] - seeders4;
    this.#shards[shard + SHARD_SEEDERS4 + 1] += swarms[swarmAt + SWARM_PEERS4 + PEERS_LEECHERS] - leechers4;
    this.#shards[shard + SHARD_SEEDERS6] += swarms[swarmAt + SWARM_PEERS6 + PEERS_SEEDERS] - seeders6;
    this.#shards[shard + SHARD_SEEDERS6 + 1] += swarms[swarmAt + SWARM_PEERS6 + PEERS_LEECHERS] - leechers6;
    if (seeders4 + leechers4 + seeders6 + leechers6 > 0) this.#releaseIfEmpty(shard, swarmAt);
    if (cursor.blocks4 + cursor.blocks6 === 0) this.#nextSwarm(cursor);
    return seen;
  }

  #releaseIfEmpty(shard: number, swarmAt: number): void {
    const swarm = swarmAt / SWARM_WORDS;
    if (this.#seeders(swarm) + this.#leechers(swarm) > 0) return;
    const torrent = this.#swarms[swarmAt + SWARM_TORRENT];
    const hash = this.torrents.hash(this.torrents.records, torrent * TORRENT_WORDS);
    this.#release(hash, shard, torrent, swarm);
  }

  #nextSwarm(cursor: SweepCursor): void {
    cursor.swarm++;
    cursor.blocks4 = -1;
    cursor.blocks6 = -1;
  }
}
