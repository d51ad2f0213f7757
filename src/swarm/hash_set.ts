/**
 * A set of 20-byte keys in shared memory, each with a number: whitelist, blacklist and tracker keys. A change by one
 * thread is seen by all at once, and is remembered until the thread that saves has taken it.
 */
import { createDirtyMemory, DirtyBits, type DirtyCursor, type DirtyMemory } from "./dirty_bits.ts";
import { createTableMemory, HashTable, shardOf, type TableMemory } from "./hash_table.ts";
import { KEY_WORDS, SHARD_BITS, SHARD_MASK, SHARDS, TABLE_WORDS } from "./layout.ts";
import { lock, unlock } from "./lock.ts";

/** Two cache lines a shard: the lock, the number of keys that are there, the table's state. */
const HEADER_WORDS = 32;
const HEADER_LOCK = 0;
const HEADER_LIVE = 1;
const HEADER_TABLE = 4;
if (HEADER_TABLE + TABLE_WORDS > HEADER_WORDS) throw new Error("a set's header is too small");

/** Key (5), value, state, next in the chain. 32 bytes. */
const RECORD_WORDS = 8;
const RECORD_VALUE = KEY_WORDS;
/** The load that the record was last seen in, or `REMOVED`: gone, but the database does not know yet. */
const RECORD_STATE = KEY_WORDS + 1;
const REMOVED = -1;

/** What `get` gives for a key that is not there. */
export const ABSENT = -1;

/** The shared memory of a set; what a thread needs to attach to it. */
export interface HashSetMemory {
  /** Whether changes wait to be saved. */
  readonly keepChanges: boolean;
  readonly headers: SharedArrayBuffer;
  readonly table: TableMemory;
  readonly dirty: DirtyMemory;
}

/** Reserves memory for `entries` keys; it costs nothing until used. */
export function createHashSetMemory(
  entries: number,
  keepChanges: boolean,
  seed: readonly [number, number],
): HashSetMemory {
  const table = createTableMemory(entries, RECORD_WORDS, seed);
  return {
    keepChanges,
    headers: new SharedArrayBuffer(SHARDS * HEADER_WORDS * 4),
    table,
    dirty: createDirtyMemory(table.capacity),
  };
}

/** Changes taken for saving, as many as the arrays hold. */
export interface TakenChanges {
  /** Five words a key. */
  readonly keys: Int32Array;
  readonly values: Uint32Array;
  /** 1 for a key that was removed. */
  readonly removed: Uint8Array;
}

/** Where a walk through a set has come to. */
export class SetCursor {
  shard = 0;
  bucket = 0;
}

/** Buckets for which a shard is locked at once on a walk: some tens of microseconds. */
const BUCKETS_A_STEP = 512;

export class HashSet {
  readonly #keepChanges: boolean;
  readonly #headers: Int32Array;
  readonly #table: HashTable;
  readonly #records: Int32Array;
  readonly #dirty: DirtyBits;

  constructor(memory: HashSetMemory) {
    this.#keepChanges = memory.keepChanges;
    this.#headers = new Int32Array(memory.headers);
    this.#table = new HashTable(memory.table, this.#headers, HEADER_WORDS, HEADER_TABLE);
    this.#records = this.#table.records;
    this.#dirty = new DirtyBits(memory.dirty);
  }

  /** The value of the key at `keys[offset]` (0 to 2^32 − 1), or {@link ABSENT}. */
  get(keys: Int32Array, offset: number): number {
    const hash = this.#table.hash(keys, offset);
    const header = this.#lock(hash);
    const at = this.#table.find(hash, keys, offset) * RECORD_WORDS;
    const value = at === 0 || this.#records[at + RECORD_STATE] === REMOVED
      ? ABSENT
      : this.#records[at + RECORD_VALUE] >>> 0;
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
    let index = this.#table.find(hash, keys, offset);
    let isNew = index === 0;
    if (index === 0) index = this.#table.insert(hash, keys, offset);
    if (index !== 0) {
      const at = index * RECORD_WORDS;
      isNew ||= this.#records[at + RECORD_STATE] === REMOVED;
      if (isNew) {
        this.#records[at + RECORD_STATE] = 0;
        this.#headers[header + HEADER_LIVE]++;
      }
      const isChange = isNew || this.#records[at + RECORD_VALUE] !== (value | 0);
      this.#records[at + RECORD_VALUE] = value;
      if (isChange && this.#keepChanges) this.#dirty.mark(shardOf(hash), index >>> SHARD_BITS);
    }
    this.#unlock(header);
    return index !== 0;
  }

  /** Removes a key; false when it was not there. */
  remove(keys: Int32Array, offset: number): boolean {
    const hash = this.#table.hash(keys, offset);
    const header = this.#lock(hash);
    const index = this.#table.find(hash, keys, offset);
    const isThere = index !== 0 && this.#records[index * RECORD_WORDS + RECORD_STATE] !== REMOVED;
    if (isThere) this.#removeRecord(hash, header, index);
    this.#unlock(header);
    return isThere;
  }

  /** How many keys there are: readable at any time, a moment old. */
  size(): number {
    let size = 0;
    for (let shard = 0; shard < SHARDS; shard++) size += this.#headers[shard * HEADER_WORDS + HEADER_LIVE];
    return size;
  }

  /** Changes that wait to be saved: readable at any time, a moment old. */
  changes(): number {
    return this.#dirty.total();
  }

  /** Readies an empty set for that many keys. */
  reserve(keys: number): void {
    for (let shard = 0; shard < SHARDS; shard++) {
      lock(this.#headers, shard * HEADER_WORDS + HEADER_LOCK);
      this.#table.reserve(shard, keys / SHARDS);
      unlock(this.#headers, shard * HEADER_WORDS + HEADER_LOCK);
    }
  }

  /**
   * Puts in a key as the database has it, in load number `load` (1 and up). A change of ours that is not saved yet
   * is kept. False when the set is full.
   */
  restore(keys: Int32Array, offset: number, value: number, load: number): boolean {
    const hash = this.#table.hash(keys, offset);
    const header = this.#lock(hash);
    let index = this.#table.find(hash, keys, offset);
    if (index === 0) {
      index = this.#table.insert(hash, keys, offset);
      if (index !== 0) this.#headers[header + HEADER_LIVE]++;
    }
    if (index !== 0 && !this.#isDirty(index)) {
      this.#records[index * RECORD_WORDS + RECORD_VALUE] = value;
      this.#records[index * RECORD_WORDS + RECORD_STATE] = load;
    }
    this.#unlock(header);
    return index !== 0;
  }

  /** A step of dropping the keys that the database no longer had in load number `load`; false after the last. */
  dropMissing(cursor: SetCursor, load: number): boolean {
    return this.#step(cursor, (index, at, header) => {
      const isGone = this.#records[at + RECORD_STATE] !== load && !this.#isDirty(index);
      if (!isGone) return;
      this.#headers[header + HEADER_LIVE]--;
      this.#table.remove(this.#table.hash(this.#records, at), index);
    });
  }

  /** A step of removing the keys whose value is a UNIX time, not 0, that has come; false after the last. */
  removeExpired(cursor: SetCursor, unixSeconds: number): boolean {
    return this.#step(cursor, (index, at, header) => {
      const ends = this.#records[at + RECORD_VALUE] >>> 0;
      if (ends === 0 || ends > unixSeconds || this.#records[at + RECORD_STATE] === REMOVED) return;
      this.#removeRecord(this.#table.hash(this.#records, at), header, index);
    });
  }

  /**
   * A step of visiting all keys: calls `visitor` with the place of each in `words` and its value, under a lock. False
   * after the last. A key added meanwhile may be missed; keys may be seen twice while others are added.
   */
  visit(cursor: SetCursor, visitor: (words: Int32Array, at: number, value: number) => void): boolean {
    return this.#step(cursor, (_, at) => {
      if (this.#records[at + RECORD_STATE] === REMOVED) return;
      visitor(this.#records, at, this.#records[at + RECORD_VALUE] >>> 0);
    });
  }

  /**
   * Visits the keys of `count` buckets of a shard from `bucket` on, as `visit` does. Gives the next bucket, or −1 when
   * the shard is through.
   */
  visitBuckets(
    shard: number,
    bucket: number,
    count: number,
    visitor: (words: Int32Array, at: number, value: number) => void,
  ): number {
    const cursor = Object.assign(new SetCursor(), { shard, bucket });
    this.#step(cursor, (_, at) => {
      if (this.#records[at + RECORD_STATE] === REMOVED) return;
      visitor(this.#records, at, this.#records[at + RECORD_VALUE] >>> 0);
    }, count);
    return cursor.shard === shard ? cursor.bucket : -1;
  }

  /** Takes changes to be saved, from the cursor on, until the arrays are full or none is left. Gives their number. */
  takeChanges(cursor: DirtyCursor, out: TakenChanges): number {
    let count = 0;
    for (; cursor.shard < SHARDS && count < out.values.length; cursor.shard++, cursor.local = 0) {
      const header = cursor.shard * HEADER_WORDS;
      lock(this.#headers, header + HEADER_LOCK);
      let local = this.#dirty.next(cursor.shard, cursor.local);
      while (local >= 0 && count < out.values.length) {
        this.#takeChange(cursor.shard, local, out, count++);
        local = this.#dirty.next(cursor.shard, local + 1);
      }
      unlock(this.#headers, header + HEADER_LOCK);
      if (local >= 0) {
        cursor.local = local;
        return count;
      }
    }
    return count;
  }

  /**
   * Marks a change that was taken as one that waits again; `isRemoved` as it was given. What has become of the key
   * meanwhile counts. For a removal there is room, since taking it has made some.
   */
  markAgain(keys: Int32Array, offset: number, isRemoved: boolean): void {
    const hash = this.#table.hash(keys, offset);
    const header = this.#lock(hash);
    let index = this.#table.find(hash, keys, offset);
    if (index === 0 && isRemoved) {
      index = this.#table.insert(hash, keys, offset);
      if (index !== 0) this.#records[index * RECORD_WORDS + RECORD_STATE] = REMOVED;
    }
    if (index !== 0) this.#dirty.mark(shardOf(hash), index >>> SHARD_BITS);
    this.#unlock(header);
  }

  #takeChange(shard: number, local: number, out: TakenChanges, place: number): void {
    const index = (local << SHARD_BITS) | shard;
    const at = index * RECORD_WORDS;
    for (let i = 0; i < KEY_WORDS; i++) out.keys[place * KEY_WORDS + i] = this.#records[at + i];
    out.values[place] = this.#records[at + RECORD_VALUE];
    const isRemoved = this.#records[at + RECORD_STATE] === REMOVED;
    out.removed[place] = isRemoved ? 1 : 0;
    this.#dirty.clear(shard, local);
    if (isRemoved) this.#table.remove(this.#table.hash(this.#records, at), index);
  }

  #removeRecord(hash: number, header: number, index: number): void {
    this.#headers[header + HEADER_LIVE]--;
    if (!this.#keepChanges) {
      this.#table.remove(hash, index);
      return;
    }
    this.#records[index * RECORD_WORDS + RECORD_STATE] = REMOVED;
    this.#dirty.mark(shardOf(hash), index >>> SHARD_BITS);
  }

  #isDirty(index: number): boolean {
    return this.#dirty.isMarked(index & SHARD_MASK, index >>> SHARD_BITS);
  }

  /** Calls `visitor` for the records of some buckets under their lock; the visitor may remove that record. */
  #step(
    cursor: SetCursor,
    visitor: (index: number, at: number, header: number) => void,
    count = BUCKETS_A_STEP,
  ): boolean {
    if (cursor.shard === SHARDS) return false;
    const header = cursor.shard * HEADER_WORDS;
    lock(this.#headers, header + HEADER_LOCK);
    try {
      const buckets = this.#table.buckets(cursor.shard);
      const end = Math.min(cursor.bucket + count, buckets);
      while (cursor.bucket < end) this.#visitBucket(cursor.shard, cursor.bucket++, header, visitor);
      if (end === buckets) {
        cursor.bucket = 0;
        cursor.shard++;
      }
    } finally {
      unlock(this.#headers, header + HEADER_LOCK);
    }
    return cursor.shard < SHARDS;
  }

  #visitBucket(
    shard: number,
    bucket: number,
    header: number,
    visitor: (index: number, at: number, header: number) => void,
  ): void {
    let index = this.#table.first(shard, bucket);
    while (index !== 0) {
      const next = this.#table.after(index);
      visitor(index, index * RECORD_WORDS, header);
      index = next;
    }
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
