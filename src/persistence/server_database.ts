/**
 * What MySQL and PostgreSQL have in common: one connection, made when it is needed and given up at the first trouble, with
 * a limit of time on everything. What differs is a {@link Dialect}.
 */
import { toHex } from "../base/bytes.ts";
import {
  type Database,
  DatabaseError,
  type DatabaseFault,
  HASH_BYTES,
  type OnPage,
  type Rows,
  type ServerAddress,
  TABLE_KEYS,
  type TableKey,
  type TimeLimits,
} from "./database.ts";
import { Page } from "./rows.ts";
import {
  type CatalogTable,
  type CheckedTable,
  checkTable,
  type TableNames,
  type TypeRules,
} from "./schema.ts";
import { Turns } from "./turns.ts";

/** Rows as arrays of values, in the form in which the driver gives them. */
export interface Result {
  readonly rows: readonly (readonly unknown[])[];
  /** Rows that a statement inserted, changed or removed. */
  readonly affected: number;
}

/** A connection of a driver. A failed `query` rejects with the driver's own error. */
export interface Connection {
  query(sql: string): Promise<Result>;
  /** Ends the connection at once, whatever it is doing; its query may stay without an end. */
  destroy(): void;
}

/** Runs one statement within the limits of time. */
export type Run = (sql: string) => Promise<Result>;

/** A table that was checked. */
export type ServerTable = CheckedTable;

/** The SQL and the habits of one kind of server. */
export interface Dialect {
  /** `PostgreSQL`, for messages. */
  readonly name: string;
  readonly types: TypeRules;
  /** Connects and sets the session up. Rejects with the driver's own error. */
  connect(address: ServerAddress, limits: TimeLimits): Promise<Connection>;
  quoted(name: string): string;
  /** The table as it is; `undefined` when there is none. */
  catalog(run: Run, names: TableNames): Promise<CatalogTable | undefined>;
  createStatement(key: TableKey, names: TableNames): string;
  /** What an operator can do so that the column of the number holds the largest ones. */
  widenStatement(names: TableNames): string;
  /** Adds the rows of each page to `page` and awaits `onPage`, which takes it and clears it. */
  read(
    run: Run,
    table: ServerTable,
    page: Page,
    pageRows: number,
    onPage: () => Promise<void>,
  ): Promise<void>;
  /** Adds rows or gives them the new number; with `isMerge` the larger one. */
  saveStatements(table: ServerTable, rows: Rows, isMerge: boolean): string[];
  /** Merges the rows of these hashes in upper case into those in lower case; for a table of text with numbers. */
  mergeUpperCaseStatements(table: ServerTable, hashes: Uint8Array): string[];
  /** Removes hashes; with `isUpperCase` the same hashes as texts in upper case. */
  removeStatements(table: ServerTable, hashes: Uint8Array, isUpperCase: boolean): string[];
  /** Removes some rows, as many as fit a short transaction. */
  clearStatement(names: TableNames): string;
  /** What an error of the driver means; `undefined` for what is no trouble of the database. */
  fault(error: unknown): DatabaseFault | undefined;
}

export class ServerDatabase implements Database {
  readonly description: string;
  readonly #address: ServerAddress;
  readonly #dialect: Dialect;
  readonly #names: Record<TableKey, TableNames>;
  readonly #limits: TimeLimits;
  readonly #turns: Turns;
  readonly #tables = new Map<TableKey, ServerTable>();
  /** Tables of text known to have hashes in upper case, or not. */
  readonly #upperCase = new Map<TableKey, boolean>();
  #connection: Connection | undefined;
  #giveUp: (reason: DatabaseError) => void = () => {};
  #isClosed = false;

  constructor(
    dialect: Dialect,
    address: ServerAddress,
    names: Record<TableKey, TableNames>,
    limits: TimeLimits,
  ) {
    const host = address.host.includes(":") ? `[${address.host}]` : address.host;
    this.description = `${dialect.name} database ${address.database} at ${host}:${address.port}`;
    this.#address = address;
    this.#dialect = dialect;
    this.#names = names;
    this.#limits = limits;
    this.#turns = new Turns(this.description, limits.callSeconds);
  }

  prepareTables(): Promise<void> {
    return this.#call(async (run) => {
      for (const key of TABLE_KEYS) this.#tables.set(key, await this.#openTable(run, key));
    });
  }

  /** Checks the tables that are there and gives the names of those that are missing. Changes nothing. */
  missingTables(): Promise<string[]> {
    return this.#call(async (run) => {
      const missing: string[] = [];
      for (const key of TABLE_KEYS) {
        const names = this.#names[key];
        const catalog = await this.#dialect.catalog(run, names);
        if (catalog === undefined) missing.push(names.table);
        else checkTable(this.description, names, catalog, this.#dialect.types);
      }
      return missing;
    });
  }

  count(key: TableKey): Promise<number> {
    return this.#call(async (run) => {
      const { names } = this.#table(key);
      const { rows } = await run(`SELECT count(*) FROM ${this.#dialect.quoted(names.table)}`);
      // The drivers give a number, or its digits as bytes.
      return Number(String(rows[0][0]));
    });
  }

  read(key: TableKey, pageRows: number, onPage: OnPage): Promise<void> {
    return this.#call(async (run) => {
      const table = this.#table(key);
      const page = new Page(this.description, key, table.names, pageRows);
      await this.#dialect.read(run, table, page, pageRows, async () => {
        await onPage(page.rows());
        page.clear();
      });
    });
  }

  save(key: TableKey, rows: Rows): Promise<void> {
    return this.#write(key, rows, false);
  }

  merge(key: TableKey, rows: Rows): Promise<void> {
    return this.#write(key, rows, true);
  }

  remove(key: TableKey, hashes: Uint8Array): Promise<void> {
    return this.#call(async (run) => {
      const table = this.#table(key);
      const statements = this.#dialect.removeStatements(table, hashes, false);
      if (await this.#hasUpperCase(run, key)) {
        statements.push(...this.#dialect.removeStatements(table, hashes, true));
      }
      await transaction(run, statements);
    });
  }

  clear(key: TableKey): Promise<void> {
    return this.#call(async (run) => {
      const statement = this.#dialect.clearStatement(this.#table(key).names);
      while ((await run(statement)).affected > 0);
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#drop();
    this.#giveUp(new DatabaseError("unavailable", this.description, "closed"));
    return Promise.resolve();
  }

  #write(key: TableKey, rows: Rows, isMerge: boolean): Promise<void> {
    return this.#call(async (run) => {
      const table = await this.#tableFor(run, key, rows);
      const statements = this.#dialect.saveStatements(table, rows, isMerge);
      if (await this.#hasUpperCase(run, key)) {
        statements.unshift(...this.#dialect.removeStatements(table, rows.hashes, true));
        if (isMerge && table.names.number !== undefined) {
          statements.unshift(...this.#dialect.mergeUpperCaseStatements(table, rows.hashes));
        }
      }
      await transaction(run, statements);
    });
  }

  /** One call: its turn, a connection, the work. After any error the connection is in an unknown state and dropped. */
  #call<T>(work: (run: Run) => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      try {
        const connection = await this.#connect();
        return await work((sql) => this.#within(this.#limits.callSeconds, connection.query(sql)));
      } catch (error) {
        this.#drop();
        throw this.#explained(error);
      }
    });
  }

  async #connect(): Promise<Connection> {
    if (this.#isClosed) throw new DatabaseError("unavailable", this.description, "closed");
    if (this.#connection === undefined) {
      const connecting = this.#dialect.connect(this.#address, this.#limits);
      try {
        // A little longer than the driver, which knows better what it waited for.
        this.#connection = await this.#within(this.#limits.connectSeconds + 0.5, connecting);
      } catch (error) {
        connecting.then((late) => late.destroy(), () => {});
        throw error;
      }
    }
    return this.#connection;
  }

  #drop(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  /** The promise's value; rejects when it takes too long, and when the database is closed meanwhile. */
  async #within<T>(seconds: number, promise: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      this.#giveUp = reject;
      const error = () =>
        new DatabaseError("unavailable", this.description, `no answer in ${round(seconds)} s`);
      timer = setTimeout(() => reject(error()), seconds * 1000);
    });
    try {
      return await Promise.race([promise, givenUp]);
    } finally {
      clearTimeout(timer);
      this.#giveUp = () => {};
    }
  }

  #explained(error: unknown): unknown {
    const fault = error instanceof DatabaseError ? undefined : this.#dialect.fault(error);
    if (fault === undefined || !(error instanceof Error)) return error;
    return new DatabaseError(fault, this.description, problemOf(error));
  }

  #table(key: TableKey): ServerTable {
    const table = this.#tables.get(key);
    if (table === undefined) throw new DatabaseError("failed", this.description, "tables not prepared");
    return table;
  }

  async #openTable(run: Run, key: TableKey): Promise<ServerTable> {
    const names = this.#names[key];
    let catalog = await this.#dialect.catalog(run, names);
    if (catalog === undefined) {
      await run(this.#dialect.createStatement(key, names));
      catalog = await this.#dialect.catalog(run, names);
    }
    if (catalog === undefined) {
      throw new DatabaseError("failed", this.description, `table ${names.table} was not created`);
    }
    return checkTable(this.description, names, catalog, this.#dialect.types);
  }

  /**
   * The table that is to take these rows. Throws for numbers that its column cannot hold; that is looked up again before,
   * since an operator may have widened it meanwhile.
   */
  async #tableFor(run: Run, key: TableKey, { hashes, numbers }: Rows): Promise<ServerTable> {
    if (tooLarge(numbers, this.#table(key)).length === 0) return this.#table(key);
    const table = await this.#openTable(run, key);
    this.#tables.set(key, table);
    const refused = tooLarge(numbers, table);
    const { names, number } = table;
    if (refused.length === 0 || number === undefined) return table;
    const [first] = refused;
    const hash = toHex(hashes, first * HASH_BYTES, HASH_BYTES);
    throw new DatabaseError(
      "content",
      this.description,
      `table ${names.table}, column ${names.number}: type ${number.type} holds numbers up to ${number.largest}, ` +
        `found ${numbers[first]} (${names.hash} ${hash}); to make room: ${
          this.#dialect.widenStatement(names)
        }`,
      refused,
    );
  }

  /** Hashes are written in lower case; what an earlier program wrote in upper case must not stay beside them. */
  async #hasUpperCase(run: Run, key: TableKey): Promise<boolean> {
    const { names, form } = this.#table(key);
    if (form === "bytes") return false;
    let known = this.#upperCase.get(key);
    if (known === undefined) {
      const hash = this.#dialect.quoted(names.hash);
      const table = this.#dialect.quoted(names.table);
      const { rows } = await run(`SELECT 1 FROM ${table} WHERE ${hash} <> lower(${hash}) LIMIT 1`);
      known = rows.length > 0;
      this.#upperCase.set(key, known);
    }
    return known;
  }
}

/** The places of the numbers that the table's column cannot hold. */
function tooLarge(numbers: Rows["numbers"], { number }: ServerTable): number[] {
  const largest = number?.largest ?? Infinity;
  const places: number[] = [];
  for (let i = 0; i < numbers.length; i++) if (numbers[i] > largest) places.push(i);
  return places;
}

/** All or nothing. A failure needs no rollback: the connection is dropped, and the server undoes what was begun. */
async function transaction(run: Run, statements: readonly string[]): Promise<void> {
  if (statements.length === 1) {
    await run(statements[0]);
  } else if (statements.length > 1) {
    await run("BEGIN");
    for (const statement of statements) await run(statement);
    await run("COMMIT");
  }
}

/** An error's message; errors of several attempts (IPv6, then IPv4) have an empty one of their own. */
function problemOf(error: Error): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map((one) => one instanceof Error ? one.message : String(one)).join("; ");
  }
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

/** The codes of errors on the way to a server: nobody there, or the connection lost. */
const NETWORK_CODES = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"],
  ...["ENOTFOUND", "EAI_AGAIN", "ENOTCONN", "EADDRNOTAVAIL", "EHOSTDOWN", "ENETDOWN"],
]);

/** Whether an error says that the server could not be reached, or no longer. */
export function isNetworkError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isNetworkError);
  return NETWORK_CODES.has(codeOf(error));
}

/** Whether an error says that TLS did not come about, or that its files cannot be read: an operator has to act. */
export function isTlsError(error: unknown): boolean {
  return /^(ENOENT|EACCES|EISDIR)$|CERT|SIGNATURE|^ERR_(TLS|SSL|OSSL)/.test(codeOf(error));
}

/** The `code` of an error, "" when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
