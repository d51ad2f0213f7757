/** Brings what the database holds into memory: at the start, and the lists again when an operator asks. */
import { SetCursor } from "../swarm/hash_set.ts";
import type { HashSet } from "../swarm/hash_set.ts";
import type { SwarmStore } from "../swarm/store.ts";
import type { Access } from "../tracker/access.ts";
import { type Database, HASH_BYTES, type Rows, type TableKey } from "./database.ts";

/** Rows a page: large enough for speed, small enough to show progress. */
export const PAGE_ROWS = 20_000;
const HASH_WORDS = HASH_BYTES / 4;

/** The largest number that a list in memory keeps with an entry. */
const MAX_VALUE = 0xffffffff;

/** The lists, which can be loaded again while the tracker runs. */
export type ListKey = Exclude<TableKey, "torrents">;
export const LIST_KEYS: readonly ListKey[] = ["whitelist", "blacklist", "keys"];

/** Rows read so far of a table, and how many there are. */
export type OnProgress = (table: TableKey, rows: number, total: number) => void;

/** Puts in a page of at most {@link PAGE_ROWS} torrents, or copies it to do so later; false when there was no room. */
export type TakeTorrents = (
  infoHashes: Int32Array,
  completed: ArrayLike<number>,
) => boolean | Promise<boolean>;

/** The database holds more than the configured limit lets in. The message is one line for the operator. */
export class TooManyRowsError extends Error {}

export class Loader {
  readonly #database: Database;
  readonly #store: SwarmStore;
  readonly #access: Access;
  readonly #onProgress: OnProgress;
  /** Each load of a list has its number, by which entries that the database no longer has are told. */
  #loads = 0;

  constructor(database: Database, store: SwarmStore, access: Access, onProgress: OnProgress) {
    this.#database = database;
    this.#store = store;
    this.#access = access;
    this.#onProgress = onProgress;
  }

  /**
   * Loads all torrents by way of `take`, whose arrays are used again, and gives their number. Throws a DatabaseError or a
   * TooManyRowsError.
   */
  loadTorrents(take: TakeTorrents): Promise<number> {
    const reserve = (rows: number) => this.#store.reserveTorrents(rows);
    return this.#read(
      "torrents",
      "max_torrents",
      reserve,
      ({ hashes, numbers }) => take(wordsOf(hashes), numbers),
    );
  }

  /**
   * Loads a list so that memory holds what the database holds, and gives the number of entries. Changes of ours must be
   * saved before. Throws a DatabaseError or a TooManyRowsError.
   */
  async loadList(key: ListKey): Promise<number> {
    const set = this.#set(key);
    const load = ++this.#loads;
    const reserve = (rows: number) => set.reserve(rows);
    const rows = await this.#read(key, "max_list_entries", reserve, (page) => {
      return restoreEntries(page, (hashes, at, value) => set.restore(hashes, at, value, load));
    });
    const cursor = new SetCursor();
    while (set.dropMissing(cursor, load));
    return rows;
  }

  #set(key: ListKey): HashSet {
    return this.#access[key];
  }

  async #read(
    table: TableKey,
    limit: string,
    reserve: (rows: number) => void,
    take: (page: Rows) => boolean | Promise<boolean>,
  ): Promise<number> {
    const total = await this.#database.count(table);
    reserve(total);
    let rows = 0;
    await this.#database.read(table, PAGE_ROWS, async (page) => {
      if (!await take(page)) {
        throw new TooManyRowsError(
          `${this.#database.description}: table of the ${table}: its ${total} rows are more than ${limit} allows`,
        );
      }
      rows += page.hashes.length / HASH_BYTES;
      this.#onProgress(table, rows, total);
    });
    return rows;
  }
}

/** Calls `restore` for each row; false as soon as it is. */
function restoreEntries(
  { hashes, numbers }: Rows,
  restore: (hashes: Int32Array, at: number, value: number) => boolean,
): boolean {
  const words = wordsOf(hashes);
  const count = hashes.length / HASH_BYTES;
  const hasNumbers = numbers.length > 0;
  for (let i = 0; i < count; i++) {
    // A time beyond what memory keeps, the year 2106, is kept as that; the database is left as it is.
    if (!restore(words, i * HASH_WORDS, hasNumbers ? Math.min(numbers[i], MAX_VALUE) : 0)) return false;
  }
  return true;
}

/** The same memory as words; a copy where it does not begin at one. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
