/**
 * Saves what has changed: torrents and lists, as differences, in short transactions. What it has taken from memory it
 * holds until the database has it: a save that fails is repeated with the same rows. Rows that the database refuses one
 * by one go back to memory as changes that wait, and hold back nothing.
 */
import { DirtyCursor } from "../swarm/dirty_bits.ts";
import type { HashSet } from "../swarm/hash_set.ts";
import type { SwarmStore } from "../swarm/store.ts";
import type { Access } from "../tracker/access.ts";
import type { SavingState } from "../tracker/saving_state.ts";
import { type Database, HASH_BYTES, type Rows, type TableKey } from "./database.ts";
import { LIST_KEYS, type ListKey } from "./loader.ts";
import { type RefusedRows, SearchBudget, writeTaken } from "./taken_rows.ts";

const HASH_WORDS = HASH_BYTES / 4;

/** Rows on their way to a table: to be added or changed, and to be removed. */
interface Batch {
  readonly table: TableKey;
  readonly saved: Rows;
  readonly removed: Uint8Array;
}

/** Changes of one table that the database did not take. */
export interface Refusal {
  readonly changes: number;
  /** Why it did not take the first of them, in one line for the operator. */
  readonly reason: string;
}

export class Saver {
  readonly #database: Database;
  readonly #store: SwarmStore;
  readonly #access: Access;
  readonly #state: SavingState;
  readonly #hashes: Int32Array;
  readonly #completed: Int32Array;
  readonly #values: Uint32Array;
  readonly #removed: Uint8Array;
  /** What was taken and is not in the database yet. */
  #batch: Batch | undefined;
  #refusals = new Map<TableKey, Refusal>();
  #budget = new SearchBudget();

  /** Saves at most `chunkRows` rows in one transaction. */
  constructor(database: Database, store: SwarmStore, access: Access, state: SavingState, chunkRows: number) {
    this.#database = database;
    this.#store = store;
    this.#access = access;
    this.#state = state;
    this.#hashes = new Int32Array(chunkRows * HASH_WORDS);
    this.#completed = new Int32Array(chunkRows);
    this.#values = new Uint32Array(chunkRows);
    this.#removed = new Uint8Array(chunkRows);
  }

  /** Changes that are not in the database. */
  waiting(): number {
    const lists = LIST_KEYS.reduce((sum, key) => sum + this.#set(key).changes(), 0);
    return this.#store.totals().dirty + this.#store.removed.changes() + lists + rowsOf(this.#batch);
  }

  /** What the last save that came to its end had to leave, by table. It waits for the next one. */
  get refusals(): ReadonlyMap<TableKey, Refusal> {
    return this.#refusals;
  }

  /**
   * Saves all that has changed when it is called, but for what the database refuses, and gives the number of rows. On a
   * DatabaseError the batch in hand is kept for the next time, and the rest stays marked in memory.
   */
  async save(): Promise<number> {
    this.#refusals = new Map();
    this.#budget = new SearchBudget();
    const rows = await this.#saveAll();
    this.#state.refused = [...this.#refusals.values()].reduce((sum, { changes }) => sum + changes, 0);
    return rows;
  }

  async #saveAll(): Promise<number> {
    let rows = await this.#write();
    const removals = new DirtyCursor();
    while (this.#takeRemovals(removals)) rows += await this.#write();
    for (const key of LIST_KEYS) {
      const cursor = new DirtyCursor();
      while (this.#takeList(key, cursor)) rows += await this.#write();
    }
    const cursor = new DirtyCursor();
    while (this.#takeTorrents(cursor)) rows += await this.#write();
    return rows;
  }

  #set(key: ListKey): HashSet {
    return this.#access[key];
  }

  /** Torrents that were removed, but for those that have come again: their rows are as they were saved since. */
  #takeRemovals(cursor: DirtyCursor): boolean {
    const changes = { keys: this.#hashes, values: this.#values, removed: this.#removed };
    const count = this.#store.removed.takeChanges(cursor, changes);
    if (count === 0) return false;
    const places = Array.from({ length: count }, (_, i) => i);
    const gone = places.filter((i) => !this.#store.has(this.#hashes, i * HASH_WORDS));
    this.#batch = {
      table: "torrents",
      saved: { hashes: new Uint8Array(0), numbers: new Int32Array(0) },
      removed: pickBytes(this.#hashes, gone),
    };
    return true;
  }

  #takeTorrents(cursor: DirtyCursor): boolean {
    const count = this.#store.takeDirty(cursor, this.#hashes, this.#completed);
    if (count === 0) return false;
    const saved = { hashes: bytesOf(this.#hashes, count), numbers: this.#completed.slice(0, count) };
    this.#batch = { table: "torrents", saved, removed: new Uint8Array(0) };
    this.#state.shadow = count;
    return true;
  }

  #takeList(key: ListKey, cursor: DirtyCursor): boolean {
    const changes = { keys: this.#hashes, values: this.#values, removed: this.#removed };
    const count = this.#set(key).takeChanges(cursor, changes);
    if (count === 0) return false;
    const places = Array.from({ length: count }, (_, i) => i);
    const saved = places.filter((i) => this.#removed[i] === 0);
    const removed = places.filter((i) => this.#removed[i] === 1);
    const numbers = key === "keys" ? Float64Array.from(saved, (i) => this.#values[i]) : new Float64Array(0);
    this.#batch = {
      table: key,
      saved: { hashes: pickBytes(this.#hashes, saved), numbers },
      removed: pickBytes(this.#hashes, removed),
    };
    return true;
  }

  /** Writes the batch in hand, if there is one. */
  async #write(): Promise<number> {
    const batch = this.#batch;
    if (batch === undefined) return 0;
    const { table, saved, removed } = batch;
    const removals = { hashes: removed, numbers: new Int32Array(0) };
    const unsaved = await writeTaken(saved, this.#budget, (rows) => this.#database.save(table, rows));
    const unremoved = await writeTaken(removals, this.#budget, ({ hashes }) => {
      return this.#database.remove(table, hashes);
    });
    const refused = this.#putBack(table, unsaved, false) + this.#putBack(table, unremoved, true);
    this.#batch = undefined;
    this.#state.shadow = 0;
    return rowsOf(batch) - refused;
  }

  /** Marks refused rows as changes again, from where the next save takes them, and gives their number. */
  #putBack(table: TableKey, { rows, reason }: RefusedRows, isRemoved: boolean): number {
    const words = new Int32Array(rows.hashes.buffer);
    const count = words.length / HASH_WORDS;
    if (count === 0) return 0;
    for (let at = 0; at < words.length; at += HASH_WORDS) {
      if (table !== "torrents") this.#set(table).markAgain(words, at, isRemoved);
      else if (isRemoved) this.#store.removed.markAgain(words, at, true);
      else this.#store.markAgain(words, at);
    }
    const before = this.#refusals.get(table);
    this.#refusals.set(table, {
      changes: (before?.changes ?? 0) + count,
      reason: before?.reason ?? reason,
    });
    return count;
  }
}

function rowsOf(batch: Batch | undefined): number {
  return batch === undefined ? 0 : (batch.saved.hashes.length + batch.removed.length) / HASH_BYTES;
}

/** A copy of the first `count` hashes. */
function bytesOf(words: Int32Array, count: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, count * HASH_BYTES).slice();
}

/** A copy of the hashes at these places. */
function pickBytes(words: Int32Array, places: number[]): Uint8Array {
  const all = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const picked = new Uint8Array(places.length * HASH_BYTES);
  places.forEach((place, i) => {
    picked.set(all.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES), i * HASH_BYTES);
  });
  return picked;
}
