/**
 * A set of 20-byte keys in shared memory, each with a number: whitelist, blacklist and tracker keys. A change by one
 * thread is seen by all at once.
 */
import { createTableMemory, HashTable, shardOf, type TableMemory } from "./hash_table.ts";
import { KEY_WORDS, SHARDS, TABLE_WORDS } from "./layout.ts";
import { lock, unlock } from "./lock.ts";

/** One cache line and its neighbour a shard: the lock, then the table's state. */
const HEADER_WORDS = 32;
const HEADER_LOCK = 0;
const HEADER_TABLE = 4;

/** Key (5), value, next in the chain. 28 bytes. */
const RECORD_WORDS = 7;
const RECORD_VALUE = KEY_WORDS;

/** What `get` gives for a key that is not there. */
export const ABSENT = -1;

/** The shared memory of a set; what a thread needs to attach to it. */
export interface HashSetMemory {
  readonly headers: SharedArrayBuffer;
  readonly table: TableMemory;
}

/** Reserves memory for `entries` keys; it costs nothing until used. */
export function createHashSetMemory(entries: number, seed: readonly [number, number]): HashSetMemory {
  return {
    headers: new SharedArrayBuffer(SHARDS * HEADER_WORDS * 4),
    table: createTableMemory(entries, RECORD_WORDS, seed),
  };
}

export class HashSet {
  readonly #headers: Int32Array;
  readonly #table: HashTable;

  constructor(memory: HashSetMemory) {
    this.#headers = new Int32Array(memory.headers);
    this.#table = new HashTable(memory.table, this.#headers, HEADER_WORDS, HEADER_TABLE);
  }

  /** The value of the key at `keys[offset]` (0 to 2^32 − 1), or {@link ABSENT}. */
  get(keys: Int32Array, offset: number): number {
    const hash = this.#table.hash(keys, offset);
    const header = this.#lock(hash);
    const index = this.#table.find(hash, keys, offset);
    const value = index === 0 ? ABSENT : this.#table.records[index * RECORD_WORDS + RECORD_VALUE] >>> 0;
    this.#unlock(header);
    return value;
  }

  has(keys: Int32Array, offset: number): boolean {
    return this.get(keys, offset) !== ABSENT;
  }

  /** Adds a key or changes its value (0 to 2^32 − 1). False when the set is full and nothing was changed. */
  set(keys: Int32Array, offset: number, value: number): boolean {
    const hash = this.#table.hash(keys, offset);
    const header = this.#lock(hash);
    const index = this.#table.find(hash, keys, offset) || this.#table.insert(hash, keys, offset);
    if (index !== 0) this.#table.records[index * RECORD_WORDS + RECORD_VALUE] = value;
    this.#unlock(header);
    return index !== 0;
  }

  /** Removes a key; false when it was not there. */
  remove(keys: Int32Array, offset: number): boolean {
    const hash = this.#table.hash(keys, offset);
    const header = this.#lock(hash);
    const index = this.#table.find(hash, keys, offset);
    if (index !== 0) this.#table.remove(hash, index);
    this.#unlock(header);
    return index !== 0;
  }

  /** How many keys there are: readable at any time, a moment old. */
  size(): number {
    return this.#table.total();
  }

  #lock(hash: number): number {
    const header = shardOf(hash) * HEADER_WORDS;
    lock(this.#headers, header + HEADER_LOCK);
    return header;
  }

  #unlock(header: number): void {
    unlock(this.#headers, header + HEADER_LOCK);
  }
}

/** The words that the header of a shard must have room for. */
if (HEADER_TABLE + TABLE_WORDS > HEADER_WORDS) throw new Error("a set's header is too small");
