/**
 * The swarm store: all torrents and peers, in memory shared by all threads.
 *
 * Every method is synchronous, takes one shard's lock for microseconds, and may be called from any thread. Each
 * thread attaches its own instance to the same {@link StoreMemory}.
 */
import type { Prng } from "../base/prng.ts";
import type { DirtyCursor } from "./dirty_bits.ts";
import { HashSet } from "./hash_set.ts";
import { shardOf } from "./hash_table.ts";
import {
  EVENT_STOPPED,
  KEY_WORDS,
  SHARD_BITS,
  SHARD_COMPLETED,
  SHARD_LOCK,
  SHARD_SEEDERS4,
  SHARD_SEEDERS6,
  SHARD_SWARM_TOP,
  SHARD_SWARMS,
  SHARD_WORDS,
  SHARDS,
  SWARM_WORDS,
  TORRENT_COMPLETED,
  TORRENT_WORDS,
} from "./layout.ts";
import { lock, unlock } from "./lock.ts";
import type { PeerSet } from "./peer_set.ts";
import { ReadAhead } from "./read_ahead.ts";
import type { StoreMemory } from "./store_memory.ts";
import {
  type PeerAnnounce,
  type PeerCursor,
  type PeerVisitor,
  type SwarmAnswer,
  SwarmTable,
  SweepCursor,
} from "./swarm_table.ts";

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

/** What is counted of one torrent. */
export interface TorrentCounts {
  seeders: number;
  leechers: number;
  completed: number;
}

/** A torrent on a walk through the store, under its shard's lock. */
export class TorrentView {
  /** The info hash is the five words of `words` from `at` on. */
  readonly words: Int32Array;
  at = 0;
  seeders = 0;
  completed = 0;
  leechers = 0;
  readonly #table: SwarmTable;
  #swarm = 0;

  constructor(table: SwarmTable) {
    this.#table = table;
    this.words = table.torrents.records;
  }

  /** Turns to another torrent. */
  show(torrent: number): void {
    this.#swarm = this.#table.swarmOf(torrent);
    this.at = torrent * TORRENT_WORDS;
    this.seeders = this.#table.seeders(this.#swarm);
    this.completed = this.#table.completedOf(torrent);
    this.leechers = this.#table.leechers(this.#swarm);
  }

  /** Calls `visitor` for each peer, IPv4 first. */
  visitPeers(visitor: PeerVisitor): void {
    this.#table.visitPeers(this.#swarm, visitor);
  }
}

/** Work for which a shard is locked at once while a torrent is removed: some tenths of a millisecond. */
const REMOVE_BUDGET = 500;

export class SwarmStore {
  /** Torrents that were removed, as removals that the database does not know of yet. */
  readonly removed: HashSet;
  readonly #keepTorrents: boolean;
  readonly #table: SwarmTable;
  readonly #shards: Int32Array;
  readonly #completed: Float64Array;

  constructor(memory: StoreMemory, random: Prng) {
    this.removed = new HashSet(memory.removed);
    this.#keepTorrents = memory.keepTorrents;
    this.#table = new SwarmTable(memory, random);
    this.#shards = new Int32Array(memory.shards);
    this.#completed = new Float64Array(memory.shards);
  }

  /** The peers of each family, to read what `visitPeers` names. */
  get ipv4(): PeerSet {
    return this.#table.ipv4;
  }

  get ipv6(): PeerSet {
    return this.#table.ipv6;
  }

  /** Reads ahead in this store, for up to so many announces at once. */
  readAhead(batch: number): ReadAhead {
    return new ReadAhead(this.#table, batch);
  }

  /** Takes in an announce at `time` (seconds) and fills in the answer. */
  announce(peer: PeerAnnounce, answer: SwarmAnswer, time: number): number {
    const hash = this.#table.torrents.hash(peer.infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const result = peer.event === EVENT_STOPPED || peer.port === 0
      ? this.#table.leave(hash, shard, peer, answer)
      : this.#table.join(hash, shard, peer, answer, time);
    unlock(this.#shards, shard + SHARD_LOCK);
    return result;
  }

  /** Writes complete, completed, incomplete of the torrent at `infoHashes[offset]` to `out` from `outOffset`. */
  scrape(infoHashes: Int32Array, offset: number, out: Int32Array, outOffset: number): void {
    const hash = this.#table.torrents.hash(infoHashes, offset);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const torrent = this.#table.torrents.find(hash, infoHashes, offset);
    const swarm = this.#table.swarmOf(torrent);
    out[outOffset] = this.#table.seeders(swarm);
    out[outOffset + 1] = this.#table.completedOf(torrent);
    out[outOffset + 2] = this.#table.leechers(swarm);
    unlock(this.#shards, shard + SHARD_LOCK);
  }

  /**
   * Goes on with a sweep for `budget` units of work (a swarm, or eight peers of a large one; at most one shard), removing peers not heard of for more
   * than `timeout` seconds before `time`. True when the sweep has come to its end.
   */
  sweep(cursor: SweepCursor, budget: number, time: number, timeout: number): boolean {
    const shard = cursor.shard * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    let work = budget;
    while (work > 0 && cursor.swarm < this.#shards[shard + SHARD_SWARM_TOP]) {
      const swarm = (((cursor.swarm + 1) << SHARD_BITS) | cursor.shard) * SWARM_WORDS;
      work -= this.#table.sweepSwarm(cursor, shard, swarm, work, time, timeout);
    }
    const done = cursor.swarm >= this.#shards[shard + SHARD_SWARM_TOP];
    unlock(this.#shards, shard + SHARD_LOCK);
    if (!done) return false;
    cursor.swarm = 0;
    cursor.shard = (cursor.shard + 1) % SHARDS;
    return cursor.shard === 0;
  }

  /** Whether there is a torrent with the hash at `infoHashes[offset]`. */
  has(infoHashes: Int32Array, offset: number): boolean {
    const hash = this.#table.torrents.hash(infoHashes, offset);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const torrent = this.#table.torrents.find(hash, infoHashes, offset);
    unlock(this.#shards, shard + SHARD_LOCK);
    return torrent !== 0;
  }

  /** The counts of a torrent, or `undefined` for an unknown one. */
  counts(infoHash: Int32Array): TorrentCounts | undefined {
    const hash = this.#table.torrents.hash(infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const torrent = this.#table.torrents.find(hash, infoHash, 0);
    const swarm = this.#table.swarmOf(torrent);
    const seeders = this.#table.seeders(swarm);
    const leechers = this.#table.leechers(swarm);
    const completed = this.#table.completedOf(torrent);
    unlock(this.#shards, shard + SHARD_LOCK);
    return torrent === 0 ? undefined : { seeders, leechers, completed };
  }

  /**
   * Sets how often a torrent was completed (0 to 2^31 − 1); an unknown one becomes known. False when there is no room
   * for it.
   */
  setCompleted(infoHash: Int32Array, completed: number): boolean {
    const hash = this.#table.torrents.hash(infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const isThere = this.#table.setCompleted(hash, shard, infoHash, completed);
    unlock(this.#shards, shard + SHARD_LOCK);
    return isThere;
  }

  /**
   * Takes some peers out of a torrent, some tenths of a millisecond's work; true when none is left. For a large swarm
   * that is to be removed without a long pause: `removeTorrent` then finds little to do. The cursor is one for the whole
   * of it.
   */
  drain(infoHash: Int32Array, cursor: SweepCursor): boolean {
    const hash = this.#table.torrents.hash(infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const torrent = this.#table.torrents.find(hash, infoHash, 0);
    const isEmpty = this.#table.drain(shard, this.#table.swarmOf(torrent), REMOVE_BUDGET, cursor);
    unlock(this.#shards, shard + SHARD_LOCK);
    return isEmpty;
  }

  /**
   * Removes a torrent with its peers, whom a large swarm loses some at a time. False for an unknown torrent, and when
   * too many removals wait for the database.
   */
  removeTorrent(infoHash: Int32Array): boolean {
    const hash = this.#table.torrents.hash(infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    if (this.#keepTorrents && !this.removed.set(infoHash, 0, 0)) return false;
    const cursor = new SweepCursor();
    let wasThere = false;
    for (let isGone = false; !isGone;) {
      lock(this.#shards, shard + SHARD_LOCK);
      let torrent = this.#table.torrents.find(hash, infoHash, 0);
      const swarm = this.#table.swarmOf(torrent);
      const isEmpty = torrent !== 0 && this.#table.drain(shard, swarm, REMOVE_BUDGET, cursor);
      // A torrent that is not kept goes with its last peer.
      if (isEmpty) torrent = this.#table.torrents.find(hash, infoHash, 0);
      if (isEmpty && torrent !== 0) this.#table.remove(hash, shard, torrent);
      unlock(this.#shards, shard + SHARD_LOCK);
      wasThere ||= isEmpty;
      isGone = torrent === 0 || isEmpty;
    }
    if (this.#keepTorrents) this.removed.remove(infoHash, 0);
    return wasThere;
  }

  /** Readies an empty store for that many torrents. */
  reserveTorrents(torrents: number): void {
    for (let shard = 0; shard < SHARDS; shard++) {
      lock(this.#shards, shard * SHARD_WORDS + SHARD_LOCK);
      this.#table.torrents.reserve(shard, torrents / SHARDS);
      unlock(this.#shards, shard * SHARD_WORDS + SHARD_LOCK);
    }
  }

  /**
   * Puts in a torrent as the database has it. One that is there keeps its peers, and its own count if that is not
   * saved yet. False when there is no room.
   */
  restoreTorrent(infoHashes: Int32Array, offset: number, completed: number): boolean {
    const hash = this.#table.torrents.hash(infoHashes, offset);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const isThere = this.#table.restore(hash, shard, infoHashes, offset, completed);
    unlock(this.#shards, shard + SHARD_LOCK);
    return isThere;
  }

  /**
   * Takes changed torrents to be saved, from the cursor on, until the arrays are full (five words a hash, a completed
   * count each) or none is left. Gives their number.
   */
  takeDirty(cursor: DirtyCursor, infoHashes: Int32Array, completed: Int32Array): number {
    const records = this.#table.torrents.records;
    let count = 0;
    for (; cursor.shard < SHARDS && count < completed.length; cursor.shard++, cursor.local = 0) {
      const shard = cursor.shard * SHARD_WORDS;
      lock(this.#shards, shard + SHARD_LOCK);
      let local = this.#table.dirty.next(cursor.shard, cursor.local);
      for (; local >= 0 && count < completed.length; count++) {
        const at = ((local << SHARD_BITS) | cursor.shard) * TORRENT_WORDS;
        for (let i = 0; i < KEY_WORDS; i++) infoHashes[count * KEY_WORDS + i] = records[at + i];
        completed[count] = records[at + TORRENT_COMPLETED];
        this.#table.dirty.clear(cursor.shard, local);
        local = this.#table.dirty.next(cursor.shard, local + 1);
      }
      unlock(this.#shards, shard + SHARD_LOCK);
      if (local >= 0) {
        cursor.local = local;
        return count;
      }
    }
    return count;
  }

  /** Marks a torrent that was taken as changed again, unless it is gone. */
  markAgain(infoHashes: Int32Array, offset: number): void {
    const hash = this.#table.torrents.hash(infoHashes, offset);
    const shard = shardOf(hash);
    lock(this.#shards, shard * SHARD_WORDS + SHARD_LOCK);
    const torrent = this.#table.torrents.find(hash, infoHashes, offset);
    if (torrent !== 0) this.#table.dirty.mark(shard, torrent >>> SHARD_BITS);
    unlock(this.#shards, shard * SHARD_WORDS + SHARD_LOCK);
  }

  /**
   * Puts in a peer that was there before a restart, last heard at `time`. One that has announced since is left as it
   * is. False when there is no room.
   */
  restorePeer(peer: PeerAnnounce, time: number): boolean {
    const hash = this.#table.torrents.hash(peer.infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    const isThere = this.#table.restorePeer(hash, shard, peer, time);
    unlock(this.#shards, shard + SHARD_LOCK);
    return isThere;
  }

  /** Figures over all shards, each readable at any time, together a moment apart. */
  totals(): StoreTotals {
    const totals = { torrents: 0, swarms: 0, seeders: 0, leechers: 0, completed: 0, dirty: 0 };
    for (let shard = 0; shard < SHARDS; shard++) {
      const at = shard * SHARD_WORDS;
      totals.torrents += this.#table.torrents.count(shard);
      totals.swarms += this.#shards[at + SHARD_SWARMS];
      totals.seeders += this.#shards[at + SHARD_SEEDERS4] + this.#shards[at + SHARD_SEEDERS6];
      totals.leechers += this.#shards[at + SHARD_SEEDERS4 + 1] + this.#shards[at + SHARD_SEEDERS6 + 1];
      totals.completed += this.#completed[(at + SHARD_COMPLETED) >> 1];
      totals.dirty += this.#table.dirty.count(shard);
    }
    return totals;
  }

  /**
   * Calls `visitor` for each peer of a torrent under the shard's lock, so it must be short. Gives the torrent's
   * completed count, or −1 for an unknown torrent.
   */
  visitPeers(infoHash: Int32Array, visitor: PeerVisitor): number {
    const hash = this.#table.torrents.hash(infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    try {
      const torrent = this.#table.torrents.find(hash, infoHash, 0);
      if (torrent === 0) return -1;
      this.#table.visitPeers(this.#table.swarmOf(torrent), visitor);
      return this.#table.completedOf(torrent);
    } finally {
      unlock(this.#shards, shard + SHARD_LOCK);
    }
  }

  /**
   * Calls `visitor` for some peers of a torrent, at most 256, under the shard's lock, and moves the cursor on; false
   * after the last. Peers that come, go or move meanwhile may be missed, or seen twice.
   */
  visitSomePeers(infoHash: Int32Array, cursor: PeerCursor, visitor: PeerVisitor): boolean {
    const hash = this.#table.torrents.hash(infoHash, 0);
    const shard = shardOf(hash) * SHARD_WORDS;
    lock(this.#shards, shard + SHARD_LOCK);
    try {
      const torrent = this.#table.torrents.find(hash, infoHash, 0);
      return this.#table.visitBlock(this.#table.swarmOf(torrent), cursor, visitor);
    } finally {
      unlock(this.#shards, shard + SHARD_LOCK);
    }
  }

  /**
   * Calls `visitor` for the torrents of `count` buckets of a shard from `bucket` on, under its lock; the view
   * is good during the call only. Gives the next bucket, or −1 when the shard is through. Torrents added meanwhile may
   * be missed, or seen twice.
   */
  visitTorrents(
    shard: number,
    bucket: number,
    count: number,
    visitor: (torrent: TorrentView) => void,
  ): number {
    const view = new TorrentView(this.#table);
    const header = shard * SHARD_WORDS;
    lock(this.#shards, header + SHARD_LOCK);
    try {
      const torrents = this.#table.torrents;
      const buckets = torrents.buckets(shard);
      const end = Math.min(bucket + count, buckets);
      for (let i = bucket; i < end; i++) {
        for (let torrent = torrents.first(shard, i); torrent !== 0; torrent = torrents.after(torrent)) {
          view.show(torrent);
          visitor(view);
        }
      }
      return end < buckets ? end : -1;
    } finally {
      unlock(this.#shards, header + SHARD_LOCK);
    }
  }
}
