/**
 * The peers of one address family, swarm by swarm.
 *
 * Up to 256 peers of a swarm lie in one block, seeders first, so that an answer is one or two copies. A larger swarm
 * has many blocks, and a keyed hash of the peer's address says which is its own (linear hashing, as in the torrent
 * table): finding a peer stays a short scan, and growing a swarm of a million peers moves a hundred.
 *
 * An instance belongs to one thread. `find` points it at a peer's block; the methods that follow act there. The
 * caller holds the shard's lock throughout.
 */
import { halfSipHash13 } from "../base/halfsiphash.ts";
import type { Prng } from "../base/prng.ts";
import { Directories } from "./directory.ts";
import {
  CLASS_FOR,
  CLASS_PEERS,
  COLD_WORDS,
  KEY_WORDS,
  LEAF_ENTRIES,
  MAX_BLOCK_PEERS,
  MAX_BLOCKS,
  MERGE_PEERS,
  PEERS_LEECHERS,
  PEERS_REF,
  PEERS_SEEDERS,
  SPLIT_PEERS,
} from "./layout.ts";
import { bucketFor, maskFor, siblingOf } from "./linear_hashing.ts";
import type { PeerArena } from "./peer_arena.ts";
import { type PeerFields, writeAddress, writePeer } from "./peer_record.ts";

/** Blocks looked at for one answer: enough for 500 peers of a full swarm, and a bound where few are wanted kinds. */
const MAX_BLOCKS_PER_ANSWER = 32;

/**
 * How far the clock of a thread that announces may be ahead of the sweeper's: it may have read the next second while
 * the sweep went on. Without this a peer heard "in the future" would have an age of eighteen hours.
 */
const AHEAD_SECONDS = 600;

/** The new directory or block could not be had: the peer is not stored. */
const NO_SLOT = -1;

export class PeerSet {
  readonly arena: PeerArena;
  readonly #directories: Directories;
  readonly #swarms: Int32Array;
  readonly #random: Prng;
  readonly #k0: number;
  readonly #k1: number;
  readonly #hashWords = new Int32Array(5);

  /** The block in hand: its first peer, its seeders and peers, and its directory entry (−1 when it has none). */
  #block = 0;
  #seeders = 0;
  #count = 0;
  #entry = -1;

  constructor(arena: PeerArena, swarms: Int32Array, seed: readonly [number, number], random: Prng) {
    this.arena = arena;
    this.#directories = new Directories(arena);
    this.#swarms = swarms;
    this.#k0 = seed[0];
    this.#k1 = seed[1];
    this.#random = random;
  }

  /** Points at the block of that peer in the set at `swarms[at]`; gives the peer's index, or −1. */
  find(at: number, peer: PeerFields): number {
    const ref = this.#swarms[at + PEERS_REF];
    if (ref >= 0) this.#openOnly(at);
    else this.#openEntry(this.#entryFor(ref, peer));
    return this.arena.isIpv4 ? this.#scanIpv4(peer) : this.#scanIpv6(peer);
  }

  /** Whether the peer at that index, in the block in hand, is a seeder. */
  isSeeder(index: number): boolean {
    return index - this.#block < this.#seeders;
  }

  /**
   * Adds the peer that `find` did not find, and gives its index, or −1 when there is no room: the limit on peers is
   * reached, or (for one in a hundred million swarms) its block is full before its turn to split has come.
   */
  insert(at: number, base: number, peer: PeerFields, seeder: boolean, time: number): number {
    if (!this.#makeRoom(at, base, peer)) return NO_SLOT;
    let index = this.#block + this.#count;
    if (seeder) {
      const firstLeecher = this.#block + this.#seeders;
      if (firstLeecher < index) this.arena.copyPeer(firstLeecher, index);
      index = firstLeecher;
      this.#seeders++;
    }
    this.#count++;
    writeAddress(this.arena, index, peer);
    this.#swarms[at + (seeder ? PEERS_SEEDERS : PEERS_LEECHERS)]++;
    this.#close(at);
    this.update(index, peer, time);
    return index;
  }

  /** Writes what changes from announce to announce. `time` is in seconds, of which the low 16 bits are kept. */
  update(index: number, peer: PeerFields, time: number): void {
    writePeer(this.arena, index, peer, time);
  }

  /** Makes a seeder of a leecher or the other way round; gives the peer's new index. */
  flip(at: number, index: number): number {
    const wasSeeder = this.isSeeder(index);
    const boundary = wasSeeder ? this.#block + this.#seeders - 1 : this.#block + this.#seeders;
    if (boundary !== index) this.arena.swapPeers(boundary, index);
    const change = wasSeeder ? -1 : 1;
    this.#seeders += change;
    this.#swarms[at + PEERS_SEEDERS] += change;
    this.#swarms[at + PEERS_LEECHERS] -= change;
    this.#close(at);
    return boundary;
  }

  /** Removes the peer at that index of the block in hand. */
  remove(at: number, base: number, index: number): void {
    this.#take(at, index);
    this.#shrink(base);
    this.#close(at);
    this.#merge(at, base);
  }

  /**
   * Copies up to `wanted` peers other than `self`, chosen at random, to `out` from half-word `offset`: leechers only,
   * or seeders too. With `ids`, their peer ids are written there, five words each. Gives the number of peers.
   */
  copy(
    at: number,
    self: number,
    leechersOnly: boolean,
    wanted: number,
    out: Uint16Array,
    offset: number,
    ids: Int32Array | null,
  ): number {
    const ref = this.#swarms[at + PEERS_REF];
    if (ref >= 0) {
      this.#openOnly(at);
      return this.#copyBlock(self, leechersOnly, wanted, out, offset, ids, 0);
    }
    const blocks = this.#directories.blocks(ref);
    let bucket = this.#random.below(blocks);
    let copied = 0;
    for (let seen = 0; seen < blocks && seen < MAX_BLOCKS_PER_ANSWER && copied < wanted; seen++) {
      this.#openEntry(this.#directories.entryOf(ref, bucket));
      copied = this.#copyBlock(self, leechersOnly, wanted, out, offset, ids, copied);
      if (++bucket === blocks) bucket = 0;
    }
    return copied;
  }

  /** How many blocks a set has, empty ones included: the range of {@link sweep} and {@link visit}. */
  blockCount(at: number): number {
    const ref = this.#swarms[at + PEERS_REF];
    return ref < 0 ? this.#directories.blocks(ref) : ref === 0 ? 0 : 1;
  }

  /**
   * Removes from one block the peers not heard of for more than `timeout` seconds. From the last block to the first
   * this visits every peer once, though blocks merge on the way: at its end the blocks are as full as they should be,
   * so that an answer, which looks at some of them, finds peers. Gives the number of peers looked at.
   */
  sweep(at: number, base: number, bucket: number, time: number, timeout: number): number {
    this.#openBucket(at, bucket);
    const { hot, hotWords } = this.arena;
    const before = this.#count;
    for (let index = this.#block + this.#count - 1; index >= this.#block; index--) {
      const heard = hot[index * hotWords + hotWords - 1] >>> 16;
      if (((time + AHEAD_SECONDS - heard) & 0xffff) > timeout + AHEAD_SECONDS) this.#take(at, index);
    }
    if (this.#count !== before) {
      this.#shrink(base);
      this.#close(at);
    }
    while (this.#merge(at, base));
    return before;
  }

  /** Gives back the directory that a set without peers may still have. */
  clear(at: number, base: number): void {
    while (this.#merge(at, base));
  }

  /** Calls `visitor` with the index of each peer of one block, seeders first. */
  visit(at: number, bucket: number, visitor: (index: number, seeder: boolean) => void): void {
    this.#openBucket(at, bucket);
    const { seeders, block, count } = { seeders: this.#seeders, block: this.#block, count: this.#count };
    for (let i = 0; i < count; i++) visitor(block + i, i < seeders);
  }

  // --- the block in hand ------------------------------------------------------------------------------------------

  #openOnly(at: number): void {
    this.#entry = -1;
    this.#block = this.#swarms[at + PEERS_REF];
    this.#seeders = this.#swarms[at + PEERS_SEEDERS];
    this.#count = this.#seeders + this.#swarms[at + PEERS_LEECHERS];
  }

  #openEntry(entry: number): void {
    this.#entry = entry;
    this.#block = this.#directories.block(entry);
    this.#seeders = this.#directories.seeders(entry);
    this.#count = this.#directories.peers(entry);
  }

  #openBucket(at: number, bucket: number): void {
    const ref = this.#swarms[at + PEERS_REF];
    if (ref >= 0) this.#openOnly(at);
    else this.#openEntry(this.#directories.entryOf(ref, bucket));
  }

  #close(at: number): void {
    if (this.#entry < 0) this.#swarms[at + PEERS_REF] = this.#block;
    else this.#directories.write(this.#entry, this.#block, this.#seeders, this.#count);
  }

  #scanIpv4(peer: PeerFields): number {
    const hot = this.arena.hot;
    const address = peer.address[0];
    const port = peer.port;
    const end = (this.#block + this.#count) * 2;
    for (let i = this.#block * 2; i < end; i += 2) {
      if (hot[i] === address && (hot[i + 1] & 0xffff) === port) return i >>> 1;
    }
    return -1;
  }

  #scanIpv6(peer: PeerFields): number {
    const hot = this.arena.hot;
    const address = peer.address;
    // The last two words differ most between clients.
    const tail = address[3];
    const end = this.#block + this.#count;
    for (let index = this.#block, i = index * 5; index < end; index++, i += 5) {
      if (
        hot[i + 3] === tail && hot[i + 2] === address[2] && hot[i + 1] === address[1] &&
        hot[i] === address[0] &&
        (hot[i + 4] & 0xffff) === peer.port
      ) return index;
    }
    return -1;
  }

  /** Takes a peer out of the block in hand and closes the gap, keeping seeders before leechers. */
  #take(at: number, index: number): void {
    let gap = index;
    if (this.isSeeder(index)) {
      const lastSeeder = this.#block + --this.#seeders;
      if (lastSeeder !== gap) this.arena.copyPeer(lastSeeder, gap);
      gap = lastSeeder;
      this.#swarms[at + PEERS_SEEDERS]--;
    } else {
      this.#swarms[at + PEERS_LEECHERS]--;
    }
    const last = this.#block + --this.#count;
    if (last !== gap) this.arena.copyPeer(last, gap);
  }

  #copyBlock(
    self: number,
    leechersOnly: boolean,
    wanted: number,
    out: Uint16Array,
    offset: number,
    ids: Int32Array | null,
    copied: number,
  ): number {
    const start = leechersOnly ? this.#block + this.#seeders : this.#block;
    const end = this.#block + this.#count;
    const missing = wanted - copied;
    const skip = self >= start && self < end ? self : end;
    const others = end - start - (skip < end ? 1 : 0);
    if (others <= missing) {
      return this.#copyRun(start, end, start, wanted, skip, out, offset, ids, copied);
    }
    // Two runs on the ring of the others, with a random start and a random gap between them: cheaper than a shuffle,
    // fair to each peer, and two askers seldom get the same peers.
    const half = missing >>> 1;
    const place = this.#random.below(others);
    const first = start + place;
    const second = start + (place + half + this.#random.below(others - missing + 1)) % others;
    copied = this.#copyRun(
      start,
      end,
      first < skip ? first : first + 1,
      copied + half,
      skip,
      out,
      offset,
      ids,
      copied,
    );
    return this.#copyRun(
      start,
      end,
      second < skip ? second : second + 1,
      wanted,
      skip,
      out,
      offset,
      ids,
      copied,
    );
  }

  /** Copies the peers of `start` to `end`, beginning at `from` and going round, until there are `limit`. */
  #copyRun(
    start: number,
    end: number,
    from: number,
    limit: number,
    self: number,
    out: Uint16Array,
    offset: number,
    ids: Int32Array | null,
    copied: number,
  ): number {
    const { hotHalves, cold } = this.arena;
    const stride = this.arena.hotWords * 2;
    const sent = stride - 1;
    let index = from;
    for (let left = end - start; left > 0 && copied < limit; left--) {
      if (index !== self) {
        const source = index * stride;
        const target = offset + copied * sent;
        for (let i = 0; i < sent; i++) out[target + i] = hotHalves[source + i];
        if (ids !== null) {
          for (let i = 0; i < KEY_WORDS; i++) ids[copied * KEY_WORDS + i] = cold[index * COLD_WORDS + i];
        }
        copied++;
      }
      if (++index === end) index = start;
    }
    return copied;
  }

  // --- growing and shrinking --------------------------------------------------------------------------------------

  /** Readies the block in hand for one more peer. */
  #makeRoom(at: number, base: number, peer: PeerFields): boolean {
    const total = this.#swarms[at + PEERS_SEEDERS] + this.#swarms[at + PEERS_LEECHERS] + 1;
    let ref = this.#swarms[at + PEERS_REF];
    if (ref >= 0 && total > MAX_BLOCK_PEERS) {
      ref = this.#directories.create(this.#block, this.#seeders, this.#count);
      if (ref === 0) return false;
      this.#swarms[at + PEERS_REF] = ref;
    }
    if (ref < 0) {
      if (total > this.#directories.blocks(ref) * SPLIT_PEERS) this.#split(ref, base);
      this.#openEntry(this.#entryFor(ref, peer));
    }
    if (this.#block === 0) return this.#moveTo(base, 0);
    const sizeClass = this.arena.classOf(this.#block);
    if (this.#count < CLASS_PEERS[sizeClass]) return true;
    return this.#count < MAX_BLOCK_PEERS && this.#moveTo(base, sizeClass + 1);
  }

  /** Moves the block in hand to a new one of that class. */
  #moveTo(base: number, sizeClass: number): boolean {
    const block = this.arena.allocate(base, sizeClass);
    if (block === 0) return false;
    for (let i = 0; i < this.#count; i++) this.arena.copyPeer(this.#block + i, block + i);
    if (this.#block !== 0) this.arena.free(base, this.#block);
    this.#block = block;
    return true;
  }

  /** Gives up a block's unused end when it is much too large, and an empty block altogether. */
  #shrink(base: number): void {
    if (this.#count === 0) {
      this.arena.free(base, this.#block);
      this.#block = 0;
      return;
    }
    // One class to spare, so that a swarm that goes up and down by one peer does not move each time.
    const target = CLASS_FOR[this.#count] + 1;
    if (target < this.arena.classOf(this.#block)) this.#moveTo(base, target);
  }

  /** Adds one block to a directory and moves to it what belongs there. Leaves things as they are without memory. */
  #split(ref: number, base: number): void {
    const blocks = this.#directories.blocks(ref);
    if (blocks === MAX_BLOCKS || !this.#directories.addLeaf(ref, blocks)) return;
    const mask = maskFor(blocks + 1);
    this.#openEntry(this.#directories.entryOf(ref, siblingOf(blocks)));
    const [source, seeders, count, sourceEntry] = [this.#block, this.#seeders, this.#count, this.#entry];
    let moving = 0;
    for (let i = 0; i < count; i++) if ((this.#hashAt(source + i) & mask) === blocks) moving++;

    const stays = this.#allocateFor(base, count - moving);
    const moves = this.#allocateFor(base, moving);
    if (stays < 0 || moves < 0) {
      if (stays > 0) this.arena.free(base, stays);
      if (moves > 0) this.arena.free(base, moves);
      return;
    }
    let [stayed, moved, stayedSeeders, movedSeeders] = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      if ((this.#hashAt(source + i) & mask) === blocks) {
        this.arena.copyPeer(source + i, moves + moved++);
        if (i < seeders) movedSeeders++;
      } else {
        this.arena.copyPeer(source + i, stays + stayed++);
        if (i < seeders) stayedSeeders++;
      }
    }
    if (source !== 0) this.arena.free(base, source);
    this.#directories.setBlocks(ref, blocks + 1);
    this.#directories.write(sourceEntry, stays, stayedSeeders, stayed);
    this.#directories.write(this.#directories.entryOf(ref, blocks), moves, movedSeeders, moved);
  }

  /** When blocks have become sparse, joins the last one to the one that it was split from; whether it did. */
  #merge(at: number, base: number): boolean {
    const ref = this.#swarms[at + PEERS_REF];
    if (ref >= 0) return false;
    const blocks = this.#directories.blocks(ref);
    const total = this.#swarms[at + PEERS_SEEDERS] + this.#swarms[at + PEERS_LEECHERS];
    if (total >= blocks * MERGE_PEERS) return false;
    const last = blocks - 1;
    if (last === 0) {
      this.#swarms[at + PEERS_REF] = this.#directories.block(this.#directories.entryOf(ref, 0));
      this.#directories.drop(ref);
      return true;
    }
    const lastEntry = this.#directories.entryOf(ref, last);
    const intoEntry = this.#directories.entryOf(ref, siblingOf(last));
    this.#openEntry(lastEntry);
    const [from, fromSeeders, fromCount] = [this.#block, this.#seeders, this.#count];
    this.#openEntry(intoEntry);
    const [into, intoSeeders, intoCount] = [this.#block, this.#seeders, this.#count];
    const count = fromCount + intoCount;
    if (count > MAX_BLOCK_PEERS) return false;
    const block = this.#allocateFor(base, count);
    if (block < 0) return false;
    let next = block;
    for (let i = 0; i < fromSeeders; i++) this.arena.copyPeer(from + i, next++);
    for (let i = 0; i < intoCount; i++) this.arena.copyPeer(into + i, next++);
    for (let i = fromSeeders; i < fromCount; i++) this.arena.copyPeer(from + i, next++);
    if (from !== 0) this.arena.free(base, from);
    if (into !== 0) this.arena.free(base, into);
    this.#directories.write(intoEntry, block, fromSeeders + intoSeeders, count);
    this.#directories.write(lastEntry, 0, 0, 0);
    this.#directories.setBlocks(ref, last);
    if (last % LEAF_ENTRIES === 0) this.#directories.dropLeaf(ref, last);
    return true;
  }

  /** A block for that many peers: 0 for none, −1 when the arena is full. */
  #allocateFor(base: number, count: number): number {
    if (count === 0) return 0;
    const block = this.arena.allocate(base, CLASS_FOR[count]);
    return block === 0 ? -1 : block;
  }

  // --- which block a peer belongs to ----------------------------------------------------------------------------------

  #entryFor(ref: number, peer: PeerFields): number {
    const hash = this.#hashPeer(peer.address, 0, peer.port);
    return this.#directories.entryOf(ref, bucketFor(hash, this.#directories.blocks(ref)));
  }

  #hashPeer(address: Int32Array, offset: number, port: number): number {
    const words = this.#hashWords;
    const count = this.arena.hotWords - 1;
    for (let i = 0; i < count; i++) words[i] = address[offset + i];
    words[count] = port;
    return halfSipHash13(this.#k0, this.#k1, words, 0, count + 1) & 0x7fffffff;
  }

  #hashAt(index: number): number {
    const { hot, hotWords } = this.arena;
    const at = index * hotWords;
    return this.#hashPeer(hot, at, hot[at + hotWords - 1] & 0xffff);
  }
}
