/**
 * Which records have changed since they were last taken for saving: one bit a record, by shard, with their number.
 * The caller holds the shard's lock; only {@link DirtyBits.total} may be called at any time.
 */
import { SHARDS } from "./layout.ts";

/** The counts of shards are a cache line apart. */
const COUNT_WORDS = 16;

/** The shared memory of the bits; what a thread needs to attach to it. */
export interface DirtyMemory {
  readonly counts: SharedArrayBuffer;
  readonly bits: SharedArrayBuffer;
}

/** Reserves bits for `capacity` records a shard; they cost nothing until used. */
export function createDirtyMemory(capacity: number): DirtyMemory {
  return {
    counts: new SharedArrayBuffer(SHARDS * COUNT_WORDS * 4),
    bits: new SharedArrayBuffer(SHARDS * ((capacity + 31) >>> 5) * 4),
  };
}

export class DirtyBits {
  readonly #counts: Int32Array;
  readonly #bits: Int32Array;
  readonly #wordsPerShard: number;

  constructor(memory: DirtyMemory) {
    this.#counts = new Int32Array(memory.counts);
    this.#bits = new Int32Array(memory.bits);
    this.#wordsPerShard = this.#bits.length / SHARDS;
  }

  /** Marks a record, by its number within the shard. */
  mark(shard: number, local: number): void {
    const at = shard * this.#wordsPerShard + (local >>> 5);
    const bit = 1 << (local & 31);
    if ((this.#bits[at] & bit) !== 0) return;
    this.#bits[at] |= bit;
    this.#counts[shard * COUNT_WORDS]++;
  }

  clear(shard: number, local: number): void {
    const at = shard * this.#wordsPerShard + (local >>> 5);
    const bit = 1 << (local & 31);
    if ((this.#bits[at] & bit) === 0) return;
    this.#bits[at] &= ~bit;
    this.#counts[shard * COUNT_WORDS]--;
  }

  isMarked(shard: number, local: number): boolean {
    return (this.#bits[shard * this.#wordsPerShard + (local >>> 5)] & (1 << (local & 31))) !== 0;
  }

  /** The first marked record of a shard from number `local` on, or −1. */
  next(shard: number, local: number): number {
    if (this.#counts[shard * COUNT_WORDS] === 0) return -1;
    const first = shard * this.#wordsPerShard;
    let mask = -1 << (local & 31);
    for (let word = local >>> 5; word < this.#wordsPerShard; word++) {
      const bits = this.#bits[first + word] & mask;
      if (bits !== 0) return (word << 5) + 31 - Math.clz32(bits & -bits);
      mask = -1;
    }
    return -1;
  }

  /** Marked records of a shard. */
  count(shard: number): number {
    return this.#counts[shard * COUNT_WORDS];
  }

  /** Marked records of all shards: readable at any time, a moment old. */
  total(): number {
    let total = 0;
    for (let shard = 0; shard < SHARDS; shard++) total += this.count(shard);
    return total;
  }
}

/** Where a thread that takes marked records has come to: a shard, and the record to look at next. */
export class DirtyCursor {
  shard = 0;
  local = 0;
}
