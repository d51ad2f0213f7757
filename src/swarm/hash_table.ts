/**
 * A hash table of 20-byte keys in shared memory, by linear hashing (Litwin 1980) with chains over dense records:
 * buckets split one at a time as records are added, so it never stops to rehash and never holds two copies.
 *
 * Records and buckets of all shards are interleaved (`local << SHARD_BITS | shard`): evenly hashed keys touch memory
 * in order as the table grows, so a large reservation costs only what is used. The hash is keyed, so nobody can
 * choose keys that fall into one shard or bucket.
 *
 * The caller holds the shard's lock.
 */
import { halfSipHash13 } from "../base/halfsiphash.ts";
import {
  KEY_WORDS,
  SHARD_BITS,
  SHARD_MASK,
  shardCapacity,
  SHARDS,
  TABLE_BUCKETS,
  TABLE_COUNT,
  TABLE_FREE,
  TABLE_TOP,
} from "./layout.ts";
import { bucketFor, maskFor, siblingOf } from "./linear_hashing.ts";

/** The shared memory of a table; what a thread needs to attach to it. */
export interface TableMemory {
  readonly buckets: SharedArrayBuffer;
  readonly records: SharedArrayBuffer;
  readonly recordWords: number;
  /** Records a shard. */
  readonly capacity: number;
  readonly seed: readonly [number, number];
}

/** Reserves memory for `records` records of `recordWords` words; it costs nothing until used. */
export function createTableMemory(
  records: number,
  recordWords: number,
  seed: readonly [number, number],
): TableMemory {
  const capacity = shardCapacity(records);
  return {
    buckets: new SharedArrayBuffer(capacity * SHARDS * 4),
    records: new SharedArrayBuffer(capacity * SHARDS * recordWords * 4),
    recordWords,
    capacity,
    seed,
  };
}

/** Which shard a hash belongs to. */
export function shardOf(hash: number): number {
  return hash & SHARD_MASK;
}

export class HashTable {
  /** All records; record `i` starts at word `i * recordWords` with its key and ends with the chain's next. */
  readonly records: Int32Array;
  readonly recordWords: number;
  readonly #buckets: Int32Array;
  readonly #header: Int32Array;
  readonly #headerStride: number;
  readonly #headerOffset: number;
  readonly #capacity: number;
  readonly #next: number;
  readonly #k0: number;
  readonly #k1: number;

  /** Shard `s`'s state is the {@link TABLE_WORDS} words of `header` from `s * headerStride + headerOffset`. */
  constructor(memory: TableMemory, header: Int32Array, headerStride: number, headerOffset: number) {
    this.records = new Int32Array(memory.records);
    this.recordWords = memory.recordWords;
    this.#buckets = new Int32Array(memory.buckets);
    this.#header = header;
    this.#headerStride = headerStride;
    this.#headerOffset = headerOffset;
    this.#capacity = memory.capacity;
    this.#next = memory.recordWords - 1;
    this.#k0 = memory.seed[0];
    this.#k1 = memory.seed[1];
  }

  /** The keyed hash of the key at `keys[offset]`; all other methods take it along. */
  hash(keys: Int32Array, offset: number): number {
    return halfSipHash13(this.#k0, this.#k1, keys, offset, KEY_WORDS);
  }

  /** The first record of a hash's bucket, or 0. Without the lock a hint, and never more. */
  firstFor(hash: number): number {
    return this.#buckets[this.#bucketOf(hash, this.#header[this.#headerOf(hash) + TABLE_BUCKETS])];
  }

  /** The index of the record with that key, or 0. */
  find(hash: number, keys: Int32Array, offset: number): number {
    const records = this.records;
    const words = this.recordWords;
    const head = this.#headerOf(hash);
    let index = this.#buckets[this.#bucketOf(hash, this.#header[head + TABLE_BUCKETS])];
    while (index !== 0) {
      const at = index * words;
      if (
        records[at] === keys[offset] && records[at + 1] === keys[offset + 1] &&
        records[at + 2] === keys[offset + 2] && records[at + 3] === keys[offset + 3] &&
        records[at + 4] === keys[offset + 4]
      ) return index;
      index = records[at + this.#next];
    }
    return 0;
  }

  /**
   * Adds a record for a key that is not there, its other words zero, and returns its index, or 0 when the shard is
   * full.
   */
  insert(hash: number, keys: Int32Array, offset: number): number {
    const header = this.#header;
    const head = this.#headerOf(hash);
    const index = this.#takeRecord(head, hash & SHARD_MASK);
    if (index === 0) return 0;
    if (header[head + TABLE_BUCKETS] === 0) header[head + TABLE_BUCKETS] = 1;

    const records = this.records;
    const at = index * this.recordWords;
    for (let i = 0; i < KEY_WORDS; i++) records[at + i] = keys[offset + i];
    for (let i = KEY_WORDS; i < this.#next; i++) records[at + i] = 0;
    const bucket = this.#bucketOf(hash, header[head + TABLE_BUCKETS]);
    records[at + this.#next] = this.#buckets[bucket];
    this.#buckets[bucket] = index;

    const count = ++header[head + TABLE_COUNT];
    if (count > header[head + TABLE_BUCKETS] && count < this.#capacity) this.#split(head, hash & SHARD_MASK);
    return index;
  }

  /** Removes the record `index`, whose key has that hash. */
  remove(hash: number, index: number): void {
    const records = this.records;
    const words = this.recordWords;
    const head = this.#headerOf(hash);
    const bucket = this.#bucketOf(hash, this.#header[head + TABLE_BUCKETS]);
    const after = records[index * words + this.#next];
    let link = this.#buckets[bucket];
    if (link === index) {
      this.#buckets[bucket] = after;
    } else {
      while (records[link * words + this.#next] !== index) link = records[link * words + this.#next];
      records[link * words + this.#next] = after;
    }
    this.#header[head + TABLE_COUNT]--;
    records[index * words + this.#next] = this.#header[head + TABLE_FREE];
    this.#header[head + TABLE_FREE] = index;
  }

  /**
   * Readies a shard without records for that many, so that no bucket has to be split while they are added: a third of
   * the time of a large load.
   */
  reserve(shard: number, records: number): void {
    const head = shard * this.#headerStride + this.#headerOffset;
    if (this.#header[head + TABLE_COUNT] > 0) return;
    const buckets = Math.min(Math.ceil(records), this.#capacity);
    this.#header[head + TABLE_BUCKETS] = Math.max(this.#header[head + TABLE_BUCKETS], buckets);
  }

  /** Records in use in a shard. Readable without its lock, as a figure that may be a moment old. */
  count(shard: number): number {
    return this.#header[shard * this.#headerStride + this.#headerOffset + TABLE_COUNT];
  }

  /** Records in use in all shards. */
  total(): number {
    let total = 0;
    for (let shard = 0; shard < SHARDS; shard++) total += this.count(shard);
    return total;
  }

  /** How many buckets the shard has: the range of {@link visitBucket}. */
  buckets(shard: number): number {
    return this.#header[shard * this.#headerStride + this.#headerOffset + TABLE_BUCKETS];
  }

  /** The first record of a shard's bucket, or 0. */
  first(shard: number, bucket: number): number {
    return this.#buckets[(bucket << SHARD_BITS) | shard];
  }

  /** The record after `index` in its bucket, or 0. */
  after(index: number): number {
    return this.records[index * this.recordWords + this.#next];
  }

  #headerOf(hash: number): number {
    return (hash & SHARD_MASK) * this.#headerStride + this.#headerOffset;
  }

  /** The place in `#buckets` of a hash when its shard has `buckets` of them. */
  #bucketOf(hash: number, buckets: number): number {
    return (bucketFor(hash >>> SHARD_BITS, buckets) << SHARD_BITS) | (hash & SHARD_MASK);
  }

  #takeRecord(head: number, shard: number): number {
    const header = this.#header;
    const free = header[head + TABLE_FREE];
    if (free !== 0) {
      header[head + TABLE_FREE] = this.after(free);
      return free;
    }
    // Local index 0 is "none", so counting starts at 1.
    const local = header[head + TABLE_TOP] + 1;
    if (local >= this.#capacity) return 0;
    header[head + TABLE_TOP] = local;
    return (local << SHARD_BITS) | shard;
  }

  /** Adds one bucket, and moves to it what belongs there out of the bucket that it splits. */
  #split(head: number, shard: number): void {
    const records = this.records;
    const words = this.recordWords;
    const added = this.#header[head + TABLE_BUCKETS];
    const mask = maskFor(added + 1);
    const source = (siblingOf(added) << SHARD_BITS) | shard;
    let stay = 0;
    let move = 0;
    let index = this.#buckets[source];
    while (index !== 0) {
      const next = records[index * words + this.#next];
      const local = this.hash(records, index * words) >>> SHARD_BITS;
      if ((local & mask) === added) {
        records[index * words + this.#next] = move;
        move = index;
      } else {
        records[index * words + this.#next] = stay;
        stay = index;
      }
      index = next;
    }
    this.#buckets[source] = stay;
    this.#buckets[(added << SHARD_BITS) | shard] = move;
    this.#header[head + TABLE_BUCKETS] = added + 1;
  }
}
