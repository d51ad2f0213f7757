/**
 * SQLite, embedded. The calls block their thread, so whoever must not be held up keeps this database in a Worker of
 * its own; several connections to one file, in several threads or programs, get along with each other. A database in
 * memory (`:memory:`) belongs to its connection.
 */
import { Buffer } from "node:buffer";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import {
  type Database,
  DatabaseError,
  HASH_BYTES,
  type OnPage,
  type Rows,
  TABLE_KEYS,
  type TableKey,
  type TimeLimits,
} from "./database.ts";
import { hashCount, Page } from "./rows.ts";
import {
  type CatalogTable,
  checkTable,
  EXPECTED_HASH_TYPE,
  type HashForm,
  parseType,
  type TableNames,
  type TypeRules,
} from "./schema.ts";
import { describe, explained } from "./sqlite_error.ts";
import { Turns } from "./turns.ts";

/** Longest wait for another program's lock. */
const MAX_BUSY_SECONDS = 10;
const CACHE_KIBIBYTES = 65_536;
/** Rare checkpoints make random writes to a large table three times as fast; the log stays below about 70 MB. */
const CHECKPOINT_PAGES = 16_384;
const CLEAR_ROWS = 50_000;
/** How long a reading may keep the thread before timers and signals have a turn. */
const READ_SLICE_MILLISECONDS = 20;
const LOWEST_ROWID = -(2n ** 63n);

/** How a table is read and written; known after it was checked. */
interface OpenTable {
  readonly names: TableNames;
  readonly form: HashForm;
  /** What pages are cut by, quoted: the row id, or the hash where there is none. */
  readonly pageKey: string;
  readonly firstPageKey: bigint | string | Uint8Array;
  readonly upsert: StatementSync;
  /** As `upsert`, but the larger number stays. */
  readonly merge: StatementSync;
  /** Merges the row of the second hash into that of the first; `undefined` for a table without numbers. */
  readonly mergeRow: StatementSync | undefined;
  readonly remove: StatementSync;
  /** Whether some hashes have upper-case letters; asked before the first write. */
  hasUpperCase: boolean | undefined;
}

/** Opens a file, creating it when it is missing. Throws a {@link DatabaseError}. */
export function openSqlite(path: string, names: Record<TableKey, TableNames>, limits: TimeLimits): Database {
  const busySeconds = Math.min(limits.callSeconds, MAX_BUSY_SECONDS);
  const database = attempt(path, () => new DatabaseSync(path));
  try {
    attempt(path, () => configure(database, busySeconds));
  } catch (error) {
    database.close();
    throw error;
  }
  return new SqliteDatabase(path, database, names, limits.callSeconds);
}

function configure(database: DatabaseSync, busySeconds: number): void {
  database.exec(`PRAGMA busy_timeout = ${Math.round(busySeconds * 1000)}`);
  const mode = database.prepare("PRAGMA journal_mode = WAL").get();
  // In WAL mode a power cut can lose the last saves but not the database; in the older modes only FULL promises that.
  database.exec(`PRAGMA synchronous = ${mode?.journal_mode === "wal" ? "NORMAL" : "FULL"}`);
  database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  database.exec("PRAGMA temp_store = MEMORY");
  // A file that may only be read opens without complaint: find out now rather than at the first save.
  database.exec("BEGIN IMMEDIATE");
  try {
    // Something must be written, if only to be undone.
    const row = database.prepare("PRAGMA user_version").get();
    database.exec(`PRAGMA user_version = ${Number(row?.user_version)}`);
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

class SqliteDatabase implements Database {
  readonly description: string;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #names: Record<TableKey, TableNames>;
  readonly #tables = new Map<TableKey, OpenTable>();
  readonly #turns: Turns;
  #isClosed = false;
  #hasLargeCache = false;

  constructor(
    path: string,
    database: DatabaseSync,
    names: Record<TableKey, TableNames>,
    callSeconds: number,
  ) {
    this.description = describe(path);
    this.#path = path;
    this.#database = database;
    this.#names = names;
    this.#turns = new Turns(this.description, callSeconds);
  }

  prepareTables(): Promise<void> {
    return this.#call(() => {
      for (const key of TABLE_KEYS) this.#tables.set(key, this.#openTable(this.#names[key]));
    });
  }

  count(key: TableKey): Promise<number> {
    return this.#call(() => {
      const { names } = this.#table(key);
      const row = this.#database.prepare(`SELECT count(*) AS n FROM ${quoted(names.table)}`).get();
      return Number(row?.n);
    });
  }

  read(key: TableKey, pageRows: number, onPage: OnPage): Promise<void> {
    return this.#call(async () => {
      const table = this.#table(key);
      const page = new Page(this.description, key, table.names, pageRows);
      const select = this.#database.prepare(pageQuery(table, pageRows));
      select.setReadBigInts(true);
      let from = table.firstPageKey;
      let sliceStart = performance.now();
      for (;;) {
        const row = this.#attempt(() => select.get(from) as unknown as PageRow);
        if (row.count === 0n) return;
        if (!takePage(page, row)) this.#readRowByRow(page, table, from, pageRows);
        await onPage(page.rows());
        page.clear();
        from = row.lastKey;
        if (performance.now() - sliceStart < READ_SLICE_MILLISECONDS) continue;
        await new Promise((resolve) => setTimeout(resolve, 0));
        if (this.#isClosed) throw this.#closedError();
        sliceStart = performance.now();
      }
    });
  }

  save(key: TableKey, rows: Rows): Promise<void> {
    return this.#write(key, rows, false);
  }

  merge(key: TableKey, rows: Rows): Promise<void> {
    return this.#write(key, rows, true);
  }

  remove(key: TableKey, hashes: Uint8Array): Promise<void> {
    return this.#call(() => {
      const table = this.#table(key);
      this.#transaction(() => {
        const hasUpperCase = this.#hasUpperCase(table);
        forEachHash(table.form, hashes, (hash) => {
          if (hasUpperCase) removeUpperCase(table, hash);
          table.remove.run(hash);
        });
      });
    });
  }

  clear(key: TableKey): Promise<void> {
    return this.#call(async () => {
      const { names, pageKey } = this.#table(key);
      const table = quoted(names.table);
      const some = `SELECT ${pageKey} FROM ${table} LIMIT ${CLEAR_ROWS}`;
      const clearSome = this.#database.prepare(`DELETE FROM ${table} WHERE ${pageKey} IN (${some})`);
      while (Number(this.#attempt(() => clearSome.run()).changes) > 0) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        if (this.#isClosed) throw this.#closedError();
      }
    });
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    try {
      this.#attempt(() => this.#database.close());
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #write(key: TableKey, rows: Rows, isMerge: boolean): Promise<void> {
    return this.#call(() => {
      this.#enlargeCache();
      const table = this.#table(key);
      const hasNumber = table.names.number !== undefined;
      const statement = isMerge ? table.merge : table.upsert;
      this.#transaction(() => {
        const hasUpperCase = this.#hasUpperCase(table);
        forEachHash(table.form, rows.hashes, (hash, i) => {
          if (hasUpperCase && isMerge) table.mergeRow?.run(hash, String(hash).toUpperCase());
          if (hasUpperCase) removeUpperCase(table, hash);
          if (hasNumber) statement.run(hash, rows.numbers[i]);
          else statement.run(hash);
        });
      });
    });
  }

  /** A reading passes every page once and needs no cache; writing comes back to the pages of the index. */
  #enlargeCache(): void {
    if (this.#hasLargeCache) return;
    this.#database.exec(`PRAGMA cache_size = -${CACHE_KIBIBYTES}`);
    this.#hasLargeCache = true;
  }

  #call<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      if (this.#isClosed) throw this.#closedError();
      try {
        return await work();
      } catch (error) {
        throw explained(this.#path, error);
      }
    });
  }

  #attempt<T>(work: () => T): T {
    return attempt(this.#path, work);
  }

  #closedError(): DatabaseError {
    return new DatabaseError("unavailable", this.description, "closed");
  }

  #table(key: TableKey): OpenTable {
    const table = this.#tables.get(key);
    if (table === undefined) throw new DatabaseError("failed", this.description, "tables not prepared");
    return table;
  }

  #openTable(names: TableNames): OpenTable {
    let catalog = this.#catalog(names);
    if (catalog === undefined) {
      this.#database.exec(createStatement(names));
      catalog = this.#catalog(names);
    }
    if (catalog === undefined) throw new DatabaseError("failed", this.description, "table not created");
    const { form } = checkTable(this.description, names, catalog, SQLITE_TYPES);
    const rowid = catalog.rowid;
    const noHash = form === "hex" ? "" : new Uint8Array(0);
    return {
      names,
      form,
      pageKey: rowid ?? quoted(names.hash),
      firstPageKey: rowid === undefined ? noHash : LOWEST_ROWID,
      upsert: this.#database.prepare(upsertStatement(names, false)),
      merge: this.#database.prepare(upsertStatement(names, true)),
      mergeRow: names.number === undefined
        ? undefined
        : this.#database.prepare(mergeRowStatement(names, names.number)),
      remove: this.#database.prepare(
        `DELETE FROM ${quoted(names.table)} WHERE ${quoted(names.hash)} = ?`,
      ),
      hasUpperCase: form === "bytes" ? false : undefined,
    };
  }

  /** The table as it is, `undefined` when there is none. `rowid` is a name for its row ids, where it has them. */
  #catalog(names: TableNames): CatalogTable & { rowid: string | undefined } | undefined {
    const all = (sql: string) => this.#database.prepare(sql).all();
    const table = quoted(names.table);
    const columns = all(`PRAGMA table_info(${table})`);
    if (columns.length === 0) return undefined;
    const primary = columns.filter((column) => Number(column.pk) > 0);
    const uniqueColumns = primary.length === 1 ? [String(primary[0].name)] : [];
    for (const index of all(`PRAGMA index_list(${table})`)) {
      if (Number(index.unique) === 0 || Number(index.partial) !== 0) continue;
      const parts = all(`PRAGMA index_info(${quoted(String(index.name))})`);
      if (parts.length === 1) uniqueColumns.push(String(parts[0].name));
    }
    const hasRowids = all(`PRAGMA table_list(${table})`).every((row) => Number(row.wr) === 0);
    const taken = columns.map((column) => String(column.name).toLowerCase());
    const rowid = ["rowid", "oid", "_rowid_"].find((name) => hasRowids && !taken.includes(name));
    return {
      columns: columns.map((column) => ({ name: String(column.name), type: String(column.type) })),
      uniqueColumns,
      rowid,
    };
  }

  /** Told apart row by row, because a page at once did not look right: throws, unless all is well after all. */
  #readRowByRow(page: Page, table: OpenTable, from: OpenTable["firstPageKey"], pageRows: number): void {
    const select = this.#database.prepare(rowQuery(table, pageRows));
    page.count = 0;
    for (const { hash, number } of select.all(from)) page.add(table.form, hash, number);
  }

  /** Hashes are written in lower case; what an earlier program wrote in upper case must not stay beside them. */
  #hasUpperCase(table: OpenTable): boolean {
    if (table.hasUpperCase === undefined) {
      const hash = quoted(table.names.hash);
      const sql = `SELECT 1 FROM ${quoted(table.names.table)} WHERE ${hash} <> lower(${hash}) LIMIT 1`;
      table.hasUpperCase = this.#database.prepare(sql).get() !== undefined;
    }
    return table.hasUpperCase;
  }

  #transaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      // SQLite has rolled back by itself after some errors, such as a full disk.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

const SQLITE_TYPES: TypeRules = {
  isCaseSensitive: false,
  largestWhole: (type) => type.toUpperCase().includes("INT") ? Number.MAX_SAFE_INTEGER : undefined,
  hashForm: (type) => {
    const upper = type.toUpperCase();
    // SQLite's own rules: what has CHAR, CLOB or TEXT in its type keeps text; lengths mean nothing to it.
    if (/CHAR|CLOB|TEXT/.test(upper)) return "hex";
    if (parseType(type).name === "" || /BLOB|BINARY/.test(upper)) return "bytes";
    return { expected: EXPECTED_HASH_TYPE };
  },
};

interface PageRow {
  readonly count: bigint;
  readonly lastKey: OpenTable["firstPageKey"];
  /** All of them, one after the other; null when one is not hexadecimal. */
  readonly hashes: Uint8Array | null;
  /** How many hashes have the right length. */
  readonly right: number;
  /** With commas between them. */
  readonly numbers: string | null;
}

/**
 * A page comes as one row: SQLite joins the hashes and the numbers, which is twice as fast as making values of each.
 * It joins both in one pass, so they stay side by side whatever the order.
 */
function pageQuery(table: OpenTable, pageRows: number): string {
  const { names, form, pageKey } = table;
  const isRight = form === "hex"
    ? `octet_length(h) = ${HASH_BYTES * 2}`
    : `typeof(h) = 'blob' AND length(h) = ${HASH_BYTES}`;
  const number = names.number === undefined ? "NULL" : quoted(names.number);
  return `SELECT count(*) AS count, max(k) AS lastKey,
      unhex(group_concat(${form === "hex" ? "h" : "hex(h)"}, '')) AS hashes,
      total(${isRight}) AS right, group_concat(n) AS numbers
    FROM (SELECT ${pageKey} AS k, ${quoted(names.hash)} AS h, ${number} AS n FROM ${quoted(names.table)}
      WHERE ${pageKey} > ? ORDER BY ${pageKey} LIMIT ${pageRows})`;
}

/** The same rows one by one; numbers as SQL literals, so that any value can be shown. */
function rowQuery(table: OpenTable, pageRows: number): string {
  const { names, pageKey } = table;
  const number = names.number === undefined ? "NULL" : `quote(${quoted(names.number)})`;
  return `SELECT ${quoted(names.hash)} AS hash, ${number} AS number FROM ${quoted(names.table)}
    WHERE ${pageKey} > ? ORDER BY ${pageKey} LIMIT ${pageRows}`;
}

/** Fills the page; false when anything looks wrong. */
function takePage(page: Page, row: PageRow): boolean {
  const { hashes, right, numbers } = row;
  const rows = Number(row.count);
  if (hashes === null || hashes.length !== rows * HASH_BYTES || right !== rows) return false;
  page.hashes.set(hashes);
  page.count = rows;
  if (page.numbers.length === 0) return true;
  return numbers !== null && readNumbers(numbers, page.numbers, page.maxNumber) === rows;
}

/** Reads `1,22,333`; gives how many there were, or −1 when one is not from 0 to `max`. */
function readNumbers(text: string, out: Float64Array, max: number): number {
  let count = 0;
  let value = 0;
  let digits = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 44;
    if (code >= 48 && code <= 57) {
      // In this order, or the largest numbers would be rounded on the way.
      value = value * 10 + (code - 48);
      digits++;
    } else {
      if (code !== 44 || digits === 0 || value > max || count === out.length) return -1;
      out[count++] = value;
      value = 0;
      digits = 0;
    }
  }
  return count;
}

function createStatement(names: TableNames): string {
  const number = names.number === undefined ? "" : `, ${quoted(names.number)} INTEGER DEFAULT 0 NOT NULL`;
  return `CREATE TABLE IF NOT EXISTS ${quoted(names.table)} (${
    quoted(names.hash)
  } VARCHAR(40) NOT NULL UNIQUE${number})`;
}

function upsertStatement(names: TableNames, isMerge: boolean): string {
  const table = quoted(names.table);
  const hash = quoted(names.hash);
  if (names.number === undefined) return `INSERT INTO ${table} (${hash}) VALUES (?) ON CONFLICT DO NOTHING`;
  const number = quoted(names.number);
  return `INSERT INTO ${table} (${hash}, ${number}) VALUES (?, ?) ${onConflict(hash, number, isMerge)}`;
}

function mergeRowStatement(names: TableNames, numberName: string): string {
  const table = quoted(names.table);
  const hash = quoted(names.hash);
  const number = quoted(numberName);
  return `INSERT INTO ${table} (${hash}, ${number}) SELECT ?, ${number} FROM ${table} WHERE ${hash} = ?
    ${onConflict(hash, number, true)}`;
}

function onConflict(hash: string, number: string, isMerge: boolean): string {
  const value = isMerge ? `max(${number}, excluded.${number})` : `excluded.${number}`;
  return `ON CONFLICT (${hash}) DO UPDATE SET ${number} = ${value}`;
}

function removeUpperCase(table: OpenTable, hash: string | Uint8Array): void {
  if (typeof hash !== "string") return;
  const upperCase = hash.toUpperCase();
  if (upperCase !== hash) table.remove.run(upperCase);
}

/** Calls `visit` with each hash in the form of the column. */
function forEachHash(
  form: HashForm,
  hashes: Uint8Array,
  visit: (hash: string | Uint8Array, i: number) => void,
): void {
  const count = hashCount(hashes);
  if (form === "bytes") {
    for (let i = 0; i < count; i++) visit(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), i);
    return;
  }
  const text = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length).toString("hex");
  for (let i = 0; i < count; i++) visit(text.slice(i * HASH_BYTES * 2, (i + 1) * HASH_BYTES * 2), i);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The result of `work`; what SQLite throws as a {@link DatabaseError}. */
function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explained(path, error);
  }
}
