/**
 * What every database can do for the tracker. The work is done in bulk and on bytes: rows travel as columns, never as
 * one object a row.
 */

/** The four tables, by what they hold; their names in the database come from `[db_structure]`. */
export type TableKey = "torrents" | "whitelist" | "blacklist" | "keys";

export const TABLE_KEYS: readonly TableKey[] = ["torrents", "whitelist", "blacklist", "keys"];

/** Bytes of an info hash, and of a key. */
export const HASH_BYTES = 20;

/** Rows of one table, as columns. */
export interface Rows {
  /** Info hashes, or keys: 20 bytes each, one after the other. */
  readonly hashes: Uint8Array;
  /**
   * One number for each hash: for `torrents` how often it was completed (0 to 2^31 − 1), for `keys` the UNIX time in
   * seconds at which the key ends (0 = never; at most 2^53 − 1). Empty for the two lists, which have no number.
   */
  readonly numbers: Float64Array | Int32Array;
}

/** Takes one page. The arrays are used again for the next page, once the promise (if any) is resolved. */
export type OnPage = (page: Rows) => void | Promise<void>;

/**
 * An open database. Every method rejects with a {@link DatabaseError}; nothing else, except what `onPage` throws.
 *
 * One call runs at a time. Calls made meanwhile wait for their turn, a limited number of them for a limited time. A call
 * that gets no answer in time is given up. After a lost connection the next call connects again. Writing the same rows
 * again changes nothing, so a save whose end is unknown may simply be repeated.
 */
export interface Database {
  /** Kind, name and place for messages: `PostgreSQL database tracker at 127.0.0.1:5432`. Without the password. */
  readonly description: string;

  /**
   * Creates the tables that are missing and checks those that are there. An existing table is never altered. The other
   * methods may be called only after this; `openDatabase` has done it.
   */
  prepareTables(): Promise<void>;

  /** Rows of a table, for a progress bar. */
  count(table: TableKey): Promise<number>;

  /**
   * Reads a whole table, in no particular order, in pages of `pageRows` rows (the last one shorter, none for an empty
   * table). No other call can run meanwhile, so `onPage` must not call the database. Rows written by others during the
   * reading may be missing.
   */
  read(table: TableKey, pageRows: number, onPage: OnPage): Promise<void>;

  /**
   * Adds rows, or gives those that are there the new number, in one transaction: all or nothing. Of a hash that comes
   * twice, the last one counts. A row that the database does not take is an error of fault `content`.
   */
  save(table: TableKey, rows: Rows): Promise<void>;

  /**
   * As `save`, but never makes a number smaller: of those of a hash, in the table and among the rows, the largest counts.
   */
  merge(table: TableKey, rows: Rows): Promise<void>;

  /** Removes the rows of these hashes, as far as they are there, in one transaction. */
  remove(table: TableKey, hashes: Uint8Array): Promise<void>;

  /** Removes every row of a table, in several short transactions. */
  clear(table: TableKey): Promise<void>;

  /** Closes the connection; a call under way is given up. Later calls reject. May be called twice. */
  close(): Promise<void>;
}

/**
 * What kind of trouble it is:
 * - `unavailable`: not reachable, connection lost, no answer in time, locked by another: trying again may help;
 * - `refused`: wrong password, no such database, no rights, read-only, disk full: an operator has to act;
 * - `structure`: a table or column that is not as expected;
 * - `content`: a row that is not as expected, or that the database does not take, whatever becomes of the others;
 * - `failed`: anything else that the database reports.
 */
export type DatabaseFault = "unavailable" | "refused" | "structure" | "content" | "failed";

/** Trouble with the database, told in one line that names the database and never holds the password. */
export class DatabaseError extends Error {
  readonly fault: DatabaseFault;
  /** Of fault `content`, when saving: the places of all rows that would not be taken, where that is known. */
  readonly refusedRows: readonly number[] | undefined;

  constructor(fault: DatabaseFault, description: string, problem: string, refusedRows?: readonly number[]) {
    super(`${description}: ${problem.replace(/\s+/g, " ").trim()}`);
    this.name = "DatabaseError";
    this.fault = fault;
    this.refusedRows = refusedRows;
  }
}

/** What a driver needs to connect to a server; from `db_path`. */
export interface ServerAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /**
   * `off`; `encrypted`, whoever the server is; `verified` by its certificate and name (MySQL: only for a host name, not
   * for an IP address).
   */
  readonly tls: "off" | "encrypted" | "verified";
  /** Path of the certificates (PEM) that are trusted with `verified`; the system's own when not given. */
  readonly caPath?: string;
}

/** Limits of time; a driver keeps them for each connection and each call. */
export interface TimeLimits {
  readonly connectSeconds: number;
  readonly callSeconds: number;
}

/** How a value shows in a message: quoted, on one line, not too long. */
export function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
