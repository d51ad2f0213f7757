/**
 * The torrents with their swarms, and what an announce or a sweep does to them: everything that happens under a
 * shard's lock, which the caller holds. `shard` is the place of a shard's header; `torrent` and `swarm` are record
 * numbers, 0 for none.
 */
import type { Prng } from "../base/prng.ts";
import { DirtyBits } from "./dirty_bits.ts";
import { HashTable } from "./hash_table.ts";
import {
  EVENT_COMPLETED,
  PEERS_LEECHERS,
  PEERS_REF,
  PEERS_SEEDERS,
  SHARD_BITS,
  SHARD_COMPLETED,
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
  SHARDS,
  SWARM_PEERS4,
  SWARM_PEERS6,
  SWARM_TORRENT,
  SWARM_WORDS,
  TORRENT_COMPLETED,
  TORRENT_SWARM,
  TORRENT_WORDS,
} from "./layout.ts";
import { PeerArena } from "./peer_arena.ts";
import type { PeerFields } from "./peer_record.ts";
import { PeerSet } from "./peer_set.ts";
import type { StoreMemory } from "./store_memory.ts";

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

/** An answer that writes peers to the beginning of `out`. */
export function createSwarmAnswer(out: Uint16Array): SwarmAnswer {
  return { seeders: 0, leechers: 0, completed: 0, peers: 0, out, offset: 0, ids: null };
}

/** Whether an announce was stored: yes; nothing to store; no room for the torrent, or for the peer. */
export const STORED = 0;
export const NOTHING_STORED = 1;
export const TORRENTS_FULL = 2;
export const PEERS_FULL = 3;

/** Is shown a peer: its place in the arena of its set, and whether it is a seeder. Must be short. */
export type PeerVisitor = (set: PeerSet, index: number, seeder: boolean) => void;

/** Where a sweep has come to; starts as new and is new again when the sweep has seen everything. */
export class SweepCursor {
  shard = 0;
  /** Within the shard, one less than the swarm in hand. */
  swarm = 0;
  /** Blocks of the swarm in hand that are yet to be seen, IPv4 and IPv6; −1 before it is opened. */
  blocks4 = -1;
  blocks6 = -1;
}

/** Where a walk through the peers of one torrent has come to. */
export class PeerCursor {
  isIpv6 = false;
  block = 0;
}

/** The index of an asker who is not stored. */
const NOBODY = -1;

/** A timeout by which every peer is gone. */
const EVERYBODY = -0x10000;

export class SwarmTable {
  readonly torrents: HashTable;
  readonly dirty: DirtyBits;
  readonly ipv4: PeerSet;
  readonly ipv6: PeerSet;
  readonly #keepTorrents: boolean;
  readonly #shards: Int32Array;
  readonly #completed: Float64Array;
  /** Swarm `i`'s record starts at word `i * SWARM_WORDS`. */
  readonly swarms: Int32Array;
  readonly #swarmCapacity: number;

  constructor(memory: StoreMemory, random: Prng) {
    this.#keepTorrents = memory.keepTorrents;
    this.#shards = new Int32Array(memory.shards);
    this.#completed = new Float64Array(memory.shards);
    this.torrents = new HashTable(memory.torrents, this.#shards, SHARD_WORDS, SHARD_TORRENTS);
    this.dirty = new DirtyBits(memory.dirty);
    this.swarms = new Int32Array(memory.swarms);
    this.#swarmCapacity = this.swarms.length / (SHARDS * SWARM_WORDS);
    this.ipv4 = new PeerSet(new PeerArena(memory.ipv4, this.#shards), this.swarms, memory.seed, random);
    this.ipv6 = new PeerSet(new PeerArena(memory.ipv6, this.#shards), this.swarms, memory.seed, random);
  }

  /** The torrent's swarm, or 0. */
  swarmOf(torrent: number): number {
    return torrent === 0 ? 0 : this.torrents.records[torrent * TORRENT_WORDS + TORRENT_SWARM];
  }

  /** How often the torrent was completed. */
  completedOf(torrent: number): number {
    return torrent === 0 ? 0 : this.torrents.records[torrent * TORRENT_WORDS + TORRENT_COMPLETED];
  }

  /** Puts in a torrent as the database has it; false when there is no room. */
  restore(hash: number, shard: number, infoHashes: Int32Array, offset: number, completed: number): boolean {
    let torrent = this.torrents.find(hash, infoHashes, offset);
    if (torrent === 0) torrent = this.torrents.insert(hash, infoHashes, offset);
    if (torrent === 0) return false;
    if (this.dirty.isMarked(torrent & SHARD_MASK, torrent >>> SHARD_BITS)) return true;
    const at = torrent * TORRENT_WORDS + TORRENT_COMPLETED;
    this.#completed[(shard + SHARD_COMPLETED) >> 1] += completed - this.torrents.records[at];
    this.torrents.records[at] = completed;
    return true;
  }

  /** Sets how often a torrent was completed, known or not; false when there is no room for it. */
  setCompleted(hash: number, shard: number, infoHash: Int32Array, completed: number): boolean {
    let torrent = this.torrents.find(hash, infoHash, 0);
    if (torrent === 0) torrent = this.torrents.insert(hash, infoHash, 0);
    if (torrent === 0) return false;
    const at = torrent * TORRENT_WORDS + TORRENT_COMPLETED;
    this.#completed[(shard + SHARD_COMPLETED) >> 1] += completed - this.torrents.records[at];
    this.torrents.records[at] = completed;
    if (this.#keepTorrents) this.dirty.mark(torrent & SHARD_MASK, torrent >>> SHARD_BITS);
    return true;
  }

  /** Puts in a peer that was there before a restart; false when there is no room. */
  restorePeer(hash: number, shard: number, peer: PeerAnnounce, time: number): boolean {
    let torrent = this.torrents.find(hash, peer.infoHash, 0);
    if (torrent === 0) {
      torrent = this.torrents.insert(hash, peer.infoHash, 0);
      if (torrent === 0) return false;
      if (this.#keepTorrents) this.dirty.mark(torrent & SHARD_MASK, torrent >>> SHARD_BITS);
    }
    const swarm = this.swarmOf(torrent) || this.#takeSwarm(shard, torrent);
    const set = peer.isIpv4 ? this.ipv4 : this.ipv6;
    const at = swarm * SWARM_WORDS + (peer.isIpv4 ? SWARM_PEERS4 : SWARM_PEERS6);
    if (swarm !== 0 && set.find(at, peer) >= 0) return true;
    const seeder = peer.amounts[0] === 0 && peer.amounts[1] === 0;
    const base = shard + (peer.isIpv4 ? SHARD_PAGES4 : SHARD_PAGES6);
    if (swarm === 0 || set.insert(at, base, peer, seeder, time) < 0) {
      if (this.seeders(swarm) + this.leechers(swarm) === 0) this.#release(hash, shard, torrent, swarm);
      return false;
    }
    this.#shards[shard + (peer.isIpv4 ? SHARD_SEEDERS4 : SHARD_SEEDERS6) + (seeder ? 0 : 1)]++;
    return true;
  }

  /** A peer announces itself: it is stored or brought up to date, and the answer filled in. */
  join(hash: number, shard: number, peer: PeerAnnounce, answer: SwarmAnswer, time: number): number {
    const records = this.torrents.records;
    let torrent = this.torrents.find(hash, peer.infoHash, 0);
    if (torrent === 0) {
      torrent = this.torrents.insert(hash, peer.infoHash, 0);
      if (torrent === 0) return this.#answerNothing(answer, TORRENTS_FULL);
      if (this.#keepTorrents) this.dirty.mark(torrent & SHARD_MASK, torrent >>> SHARD_BITS);
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
      if (index < 0) {
        // A swarm that was released is a set without peers: nothing is copied.
        const result = this.#answerFull(hash, shard, torrent, swarm, answer);
        answer.peers = copyPeers(set, at, NOBODY, seeder, peer.wanted, answer);
        return result;
      }
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
    answer.peers = copyPeers(set, at, index, seeder, peer.wanted, answer);
    return STORED;
  }

  /** A peer that stops, or one that nobody could connect to (port 0): it gets the counts, and is not kept. */
  leave(hash: number, shard: number, peer: PeerAnnounce, answer: SwarmAnswer): number {
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
    answer.seeders = this.seeders(swarm);
    answer.leechers = this.leechers(swarm);
    answer.completed = this.torrents.records[torrent * TORRENT_WORDS + TORRENT_COMPLETED];
    answer.peers = 0;
  }

  seeders(swarm: number): number {
    const at = swarm * SWARM_WORDS + PEERS_SEEDERS;
    return swarm === 0 ? 0 : this.swarms[at + SWARM_PEERS4] + this.swarms[at + SWARM_PEERS6];
  }

  leechers(swarm: number): number {
    const at = swarm * SWARM_WORDS + PEERS_LEECHERS;
    return swarm === 0 ? 0 : this.swarms[at + SWARM_PEERS4] + this.swarms[at + SWARM_PEERS6];
  }

  #complete(shard: number, torrent: number): void {
    this.torrents.records[torrent * TORRENT_WORDS + TORRENT_COMPLETED]++;
    this.#completed[(shard + SHARD_COMPLETED) >> 1]++;
    if (this.#keepTorrents) this.dirty.mark(torrent & SHARD_MASK, torrent >>> SHARD_BITS);
  }

  /** A new swarm record for a torrent, or 0 when there is none left. */
  #takeSwarm(shard: number, torrent: number): number {
    const shards = this.#shards;
    let swarm = shards[shard + SHARD_SWARM_FREE];
    if (swarm !== 0) {
      shards[shard + SHARD_SWARM_FREE] = this.swarms[swarm * SWARM_WORDS];
    } else {
      // Local index 0 is "none", so counting starts at 1.
      const local = shards[shard + SHARD_SWARM_TOP] + 1;
      if (local >= this.#swarmCapacity) return 0;
      shards[shard + SHARD_SWARM_TOP] = local;
      swarm = (local << SHARD_BITS) | (shard / SHARD_WORDS);
    }
    shards[shard + SHARD_SWARMS]++;
    const at = swarm * SWARM_WORDS;
    for (let i = 0; i < SWARM_WORDS; i++) this.swarms[at + i] = 0;
    this.swarms[at + SWARM_TORRENT] = torrent;
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
      this.swarms[at + SWARM_PEERS4 + PEERS_REF] = 0;
      this.swarms[at + SWARM_PEERS6 + PEERS_REF] = 0;
      this.swarms[at] = this.#shards[shard + SHARD_SWARM_FREE];
      this.#shards[shard + SHARD_SWARM_FREE] = swarm;
      this.#shards[shard + SHARD_SWARMS]--;
      this.torrents.records[torrent * TORRENT_WORDS + TORRENT_SWARM] = 0;
    }
    if (!this.#keepTorrents) this.remove(hash, shard, torrent);
  }

  /** Sweeps blocks of one swarm, up to `budget`, and moves the cursor on when it is done. Gives the work done. */
  sweepSwarm(
    cursor: SweepCursor,
    shard: number,
    swarmAt: number,
    budget: number,
    time: number,
    timeout: number,
  ): number {
    const swarms = this.swarms;
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
    while (cursor.blocks4 > 0 && seen < budget) {
      const [at, base] = [swarmAt + SWARM_PEERS4, shard + SHARD_PAGES4];
      seen += sweepWork(this.ipv4.sweep(at, base, --cursor.blocks4, time, timeout));
    }
    while (cursor.blocks6 > 0 && seen < budget) {
      const [at, base] = [swarmAt + SWARM_PEERS6, shard + SHARD_PAGES6];
      seen += sweepWork(this.ipv6.sweep(at, base, --cursor.blocks6, time, timeout));
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
    if (this.seeders(swarm) + this.leechers(swarm) > 0) return;
    const torrent = this.swarms[swarmAt + SWARM_TORRENT];
    const hash = this.torrents.hash(this.torrents.records, torrent * TORRENT_WORDS);
    this.#release(hash, shard, torrent, swarm);
  }

  #nextSwarm(cursor: SweepCursor): void {
    cursor.swarm++;
    cursor.blocks4 = -1;
    cursor.blocks6 = -1;
  }

  /**
   * Removes some peers of a swarm, up to about `budget` units of work; true when none is left. The cursor is to be kept
   * from call to call: without it the blocks that are empty already would be all that is seen of a large swarm.
   */
  drain(shard: number, swarm: number, budget: number, cursor: SweepCursor): boolean {
    if (swarm === 0) return true;
    const swarmAt = swarm * SWARM_WORDS;
    // The swarm may have shrunk meanwhile, or be another one.
    cursor.blocks4 = Math.min(cursor.blocks4, this.ipv4.blockCount(swarmAt + SWARM_PEERS4));
    cursor.blocks6 = Math.min(cursor.blocks6, this.ipv6.blockCount(swarmAt + SWARM_PEERS6));
    this.sweepSwarm(cursor, shard, swarmAt, budget, 0, EVERYBODY);
    return this.seeders(swarm) + this.leechers(swarm) === 0;
  }

  /** Removes a torrent without peers, kept or not. */
  remove(hash: number, shard: number, torrent: number): void {
    this.dirty.clear(torrent & SHARD_MASK, torrent >>> SHARD_BITS);
    this.#completed[(shard + SHARD_COMPLETED) >> 1] -= this.completedOf(torrent);
    this.torrents.remove(hash, torrent);
  }

  /** Calls `visitor` for each peer of a swarm, IPv4 first. */
  visitPeers(swarm: number, visitor: PeerVisitor): void {
    if (swarm === 0) return;
    this.#visitSet(this.ipv4, swarm * SWARM_WORDS + SWARM_PEERS4, visitor);
    this.#visitSet(this.ipv6, swarm * SWARM_WORDS + SWARM_PEERS6, visitor);
  }

  /** Calls `visitor` for the peers of one block of a swarm, IPv4 first, and moves the cursor on; false after the last. */
  visitBlock(swarm: number, cursor: PeerCursor, visitor: PeerVisitor): boolean {
    const at = swarm * SWARM_WORDS;
    const blocks4 = swarm === 0 ? 0 : this.ipv4.blockCount(at + SWARM_PEERS4);
    if (!cursor.isIpv6 && cursor.block >= blocks4) {
      cursor.isIpv6 = true;
      cursor.block = 0;
    }
    const set = cursor.isIpv6 ? this.ipv6 : this.ipv4;
    const setAt = at + (cursor.isIpv6 ? SWARM_PEERS6 : SWARM_PEERS4);
    if (swarm === 0 || cursor.block >= set.blockCount(setAt)) return false;
    set.visit(setAt, cursor.block++, (index, seeder) => visitor(set, index, seeder));
    return true;
  }

  #visitSet(
    set: PeerSet,
    at: number,
    visitor: PeerVisitor,
  ): void {
    for (let block = 0; block < set.blockCount(at); block++) {
      set.visit(at, block, (index, seeder) => visitor(set, index, seeder));
    }
  }
}

/** The work of sweeping a block: finding it costs about as much as looking at eight peers. */
function sweepWork(peers: number): number {
  return 1 + (peers >>> 3);
}

/** Copies peers to the answer: for a seeder leechers only. Gives their number. */
function copyPeers(
  set: PeerSet,
  at: number,
  self: number,
  seeder: boolean,
  wanted: number,
  answer: SwarmAnswer,
): number {
  return wanted === 0 ? 0 : set.copy(at, self, seeder, wanted, answer.out, answer.offset, answer.ids);
}
