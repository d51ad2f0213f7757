/** PostgreSQL, by `npm:postgres`. A chunk of rows is one literal of bytes and one of numbers, which the server takes apart. */
import { Buffer } from "node:buffer";
import postgres from "postgres";
import {
  type DatabaseFault,
  HASH_BYTES,
  type Rows,
  type ServerAddress,
  type TableKey,
  type TimeLimits,
} from "./database.ts";
import { hashCount, type Page } from "./rows.ts";
import { openSocket } from "./postgres_socket.ts";
import {
  type CatalogTable,
  EXPECTED_HASH_TYPE,
  largestOf,
  parseType,
  type TableNames,
  type TypeRules,
} from "./schema.ts";
import {
  codeOf,
  type Connection,
  type Dialect,
  isNetworkError,
  isTlsError,
  type Run,
  ServerDatabase,
  type ServerTable,
} from "./server_database.ts";

const HEX_CHARS = HASH_BYTES * 2;
const ROWS_A_STATEMENT = 10_000;
const CLEAR_ROWS = 100_000;

/** A database on a server; connects at the first call. */
export function openPostgres(
  address: ServerAddress,
  names: Record<TableKey, TableNames>,
  limits: TimeLimits,
): ServerDatabase {
  return new ServerDatabase(POSTGRES, address, names, limits);
}

const POSTGRES_TYPES: TypeRules = {
  isCaseSensitive: true,
  largestWhole: (type) => {
    const bytes = { smallint: 2, integer: 4, bigint: 8 }[type];
    return bytes === undefined ? undefined : largestOf(bytes, false);
  },
  hashForm: (type) => {
    const { name, length } = parseType(type);
    if (name === "bytea") return "bytes";
    const isText = ["text", "character varying", "character", "citext"].includes(name);
    if (isText && (length ?? HEX_CHARS) >= HEX_CHARS) return "hex";
    return { expected: EXPECTED_HASH_TYPE };
  },
};

const POSTGRES: Dialect = {
  name: "PostgreSQL",
  types: POSTGRES_TYPES,
  connect,
  quoted,
  catalog,
  read,
  saveStatements,
  mergeUpperCaseStatements,
  removeStatements,
  fault,
  createStatement: (_key, { table, hash, number }) => {
    const numberColumn = number === undefined ? "" : `, ${quoted(number)} BIGINT NOT NULL DEFAULT 0`;
    return `CREATE TABLE IF NOT EXISTS ${quoted(table)} (${quoted(hash)} BYTEA PRIMARY KEY${numberColumn})`;
  },
  widenStatement: ({ table, number = "" }) =>
    `ALTER TABLE ${quoted(table)} ALTER COLUMN ${quoted(number)} TYPE BIGINT`,
  clearStatement: ({ table }) =>
    `DELETE FROM ${quoted(table)} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${
      quoted(table)
    } LIMIT ${CLEAR_ROWS}))`,
};

async function connect(address: ServerAddress, limits: TimeLimits): Promise<Connection> {
  // The driver can end a connection only by asking the server; a socket of our own can be ended at once.
  const socket = await openSocket(address, limits.connectSeconds);
  let isUsed = false;
  const options = {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    // The socket speaks TLS already, where that is wanted.
    ssl: false,
    socket: () => {
      // The driver connects again by itself, which is not wanted: a new connection is a new driver.
      if (isUsed) throw Object.assign(new Error("connection lost"), { code: "CONNECTION_CLOSED" });
      isUsed = true;
      return socket;
    },
    max: 1,
    connect_timeout: limits.connectSeconds,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    prepare: false,
    onnotice: () => {},
    connection: { application_name: "denotrack" },
  };
  const sql = postgres(options);
  const query = async (text: string) => {
    const rows = await sql.unsafe(text).raw();
    return { rows: rows as unknown as Buffer[][], affected: rows.count ?? 0 };
  };
  const destroy = () => {
    socket.destroy();
    sql.end({ timeout: 0 }).catch(() => {});
  };
  try {
    await query(
      `SET client_min_messages = error; SET bytea_output = hex; SET standard_conforming_strings = on; ` +
        `SET statement_timeout = ${Math.round(limits.callSeconds * 1000)}`,
    );
    return { query, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

async function catalog(run: Run, names: TableNames): Promise<CatalogTable | undefined> {
  const table = `to_regclass('${quoted(names.table)}')`;
  const columns = await run(
    `SELECT attname, format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute
      WHERE attrelid = ${table} AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  if (columns.rows.length === 0) return undefined;
  const unique = await run(
    `SELECT attname FROM pg_catalog.pg_index JOIN pg_catalog.pg_attribute
        ON attrelid = indrelid AND attnum = indkey[0]
      WHERE indrelid = ${table} AND indisunique AND indisvalid AND indimmediate AND indpred IS NULL
        AND indnkeyatts = 1`,
  );
  return {
    columns: columns.rows.map(([name, type]) => ({ name: String(name), type: String(type) })),
    uniqueColumns: unique.rows.map(([name]) => String(name)),
  };
}

/**
 * Pages by cursor, which walks through the table as it lies on the disk; an index would jump to and fro. Hashes arrive
 * as the characters of `\x` and hexadecimal digits.
 */
async function read(
  run: Run,
  table: ServerTable,
  page: Page,
  pageRows: number,
  onPage: () => Promise<void>,
): Promise<void> {
  const { names, form } = table;
  const columns = [names.hash, ...(names.number === undefined ? [] : [names.number])].map(quoted);
  const select = `SELECT ${columns.join(", ")} FROM ${quoted(names.table)}`;
  await run(`BEGIN READ ONLY; DECLARE denotrack_rows NO SCROLL CURSOR FOR ${select}`);
  for (;;) {
    const { rows } = await run(`FETCH ${pageRows} FROM denotrack_rows`);
    for (const row of rows) {
      const number = names.number === undefined ? null : parseDigits(row[1]);
      page.addHexBytes(form, row[0], number);
    }
    if (rows.length > 0) await onPage();
    if (rows.length < pageRows) break;
  }
  await run("COMMIT");
}

/** A number from its digits; anything else as text, for the message about it. */
function parseDigits(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  let number = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value[i] - 48;
    if (digit < 0 || digit > 9) return new TextDecoder().decode(value);
    number = number * 10 + digit;
  }
  return number;
}

function saveStatements(
  { names, form }: ServerTable,
  { hashes, numbers }: Rows,
  isMerge: boolean,
): string[] {
  const table = quoted(names.table);
  const hash = quoted(names.hash);
  const value = form === "hex" ? "encode(h, 'hex')" : "h";
  return chunks(hashes, (bytes, from, count) => {
    if (names.number === undefined) {
      return `INSERT INTO ${table} (${hash})
        SELECT DISTINCT ${value} FROM (${hashRows(bytes, count)}) AS r ON CONFLICT (${hash}) DO NOTHING`;
    }
    const number = quoted(names.number);
    const list = numbers.subarray(from, from + count).join(",");
    const newValue = isMerge ? `GREATEST(${table}.${number}, EXCLUDED.${number})` : `EXCLUDED.${number}`;
    return `INSERT INTO ${table} (${hash}, ${number})
      SELECT DISTINCT ON (h) ${value}, n
        FROM (${hashRows(bytes, count)}) AS r
        JOIN unnest('{${list}}'::bigint[]) WITH ORDINALITY AS u(n, i) USING (i)
        ORDER BY h, ${isMerge ? "n" : "i"} DESC
      ON CONFLICT (${hash}) DO UPDATE SET ${number} = ${newValue}`;
  });
}

function mergeUpperCaseStatements({ names }: ServerTable, hashes: Uint8Array): string[] {
  const [table, hash, number] = [names.table, names.hash, names.number ?? ""].map(quoted);
  return chunks(
    hashes,
    (bytes, _, count) =>
      `INSERT INTO ${table} (${hash}, ${number})
      SELECT lower(${hash}), ${number} FROM ${table}
        WHERE ${hash} IN (SELECT upper(encode(h, 'hex')) FROM (${hashRows(bytes, count)}) AS r)
      ON CONFLICT (${hash}) DO UPDATE SET ${number} = GREATEST(${table}.${number}, EXCLUDED.${number})`,
  );
}

function removeStatements({ names, form }: ServerTable, hashes: Uint8Array, isUpperCase: boolean): string[] {
  const text = isUpperCase ? "upper(encode(h, 'hex'))" : "encode(h, 'hex')";
  const value = form === "hex" ? text : "h";
  return chunks(
    hashes,
    (bytes, _, count) =>
      `DELETE FROM ${quoted(names.table)} WHERE ${quoted(names.hash)} IN
      (SELECT ${value} FROM (${hashRows(bytes, count)}) AS r)`,
  );
}

/** One statement for each chunk of hashes. */
function chunks(
  hashes: Uint8Array,
  statement: (bytes: Uint8Array, from: number, count: number) => string,
): string[] {
  const total = hashCount(hashes);
  const result: string[] = [];
  for (let from = 0; from < total; from += ROWS_A_STATEMENT) {
    const count = Math.min(ROWS_A_STATEMENT, total - from);
    const bytes = hashes.subarray(from * HASH_BYTES, (from + count) * HASH_BYTES);
    result.push(statement(bytes, from, count));
  }
  return result;
}

/** A query for the hashes `h` with their place `i`, from 1. */
function hashRows(bytes: Uint8Array, count: number): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  return `SELECT i, substring('\\x${hex}'::bytea FROM (i::int - 1) * ${HASH_BYTES} + 1 FOR ${HASH_BYTES}) AS h
    FROM generate_series(1::bigint, ${count}) AS i`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const UNAVAILABLE = new Set([
  ...["CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED", "CONNECT_TIMEOUT"],
  // Of the server: too many connections, shut down, crashed, starting, cancelled, deadlock, lock not to be had.
  ...["53300", "57P01", "57P02", "57P03", "57014", "40001", "40P01", "55P03", "25P03", "57P05"],
]);
/** No such database, no right, read-only, disk full. The class 28 is all about who may come in. */
const REFUSED = new Set(["3D000", "42501", "25006", "53100"]);

/**
 * Of the classes, 22 is a value that does not fit, 23 a constraint that it breaks; P0001 is what a trigger raises.
 */
function fault(error: unknown): DatabaseFault | undefined {
  const code = codeOf(error);
  if (isNetworkError(error) || UNAVAILABLE.has(code) || /^08...$/.test(code)) return "unavailable";
  if (isTlsError(error) || REFUSED.has(code) || /^28...$/.test(code)) return "refused";
  if (/^(?:22|23)...$|^P0001$/.test(code)) return "content";
  return code === "" ? undefined : "failed";
}
