/** MySQL and MariaDB, by `npm:mysql2`. Hashes are written as literals of hexadecimal digits, numbers as digits. */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import mysql from "mysql2";
import {
  type DatabaseFault,
  HASH_BYTES,
  type Rows,
  type ServerAddress,
  type TableKey,
  type TimeLimits,
} from "./database.ts";
import { hashCount, type Page } from "./rows.ts";
import {
  type CatalogTable,
  EXPECTED_HASH_TYPE,
  type HashForm,
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
  type Result,
  type Run,
  ServerDatabase,
  type ServerTable,
} from "./server_database.ts";

const HEX_CHARS = HASH_BYTES * 2;
/** About 340 kB of SQL, where the least `max_allowed_packet` of any release since 5.6 is 4 MB. */
const ROWS_A_STATEMENT = 5000;
/** Beyond some tens of thousands a server forgets the index and walks through the whole table. */
const REMOVALS_A_STATEMENT = 1000;
const CLEAR_ROWS = 50_000;

/** A database on a server; connects at the first call. */
export function openMysql(
  address: ServerAddress,
  names: Record<TableKey, TableNames>,
  limits: TimeLimits,
): ServerDatabase {
  return new ServerDatabase(MYSQL, address, names, limits);
}

const INTEGER_BYTES: Readonly<Record<string, number>> = {
  tinyint: 1,
  smallint: 2,
  mediumint: 3,
  int: 4,
  bigint: 8,
};

const MYSQL_TYPES: TypeRules = {
  isCaseSensitive: false,
  largestWhole: (type) => {
    const match = /^((?:tiny|small|medium|big)?int)\b/i.exec(type);
    return match === null
      ? undefined
      : largestOf(INTEGER_BYTES[match[1].toLowerCase()], /\bunsigned\b/i.test(type));
  },
  hashForm: (type) => {
    const { name, length } = parseType(type);
    if (
      /^(char|varchar|tinytext|text|mediumtext|longtext)$/.test(name) && (length ?? HEX_CHARS) >= HEX_CHARS
    ) {
      return "hex";
    }
    if (name === "binary" && length === HASH_BYTES) return "bytes";
    if (
      /^(varbinary|tinyblob|blob|mediumblob|longblob)$/.test(name) && (length ?? HASH_BYTES) >= HASH_BYTES
    ) {
      return "bytes";
    }
    return { expected: EXPECTED_HASH_TYPE };
  },
};

const MYSQL: Dialect = {
  name: "MySQL",
  types: MYSQL_TYPES,
  connect,
  quoted,
  catalog,
  read,
  saveStatements,
  mergeUpperCaseStatements,
  removeStatements,
  fault,
  createStatement,
  widenStatement: ({ table, number = "" }) =>
    `ALTER TABLE ${quoted(table)} MODIFY ${quoted(number)} BIGINT NOT NULL DEFAULT 0`,
  clearStatement: ({ table }) => `DELETE FROM ${quoted(table)} LIMIT ${CLEAR_ROWS}`,
};

function createStatement(key: TableKey, { table, hash, number }: TableNames): string {
  const numberType = key === "keys" ? "BIGINT" : "INT";
  const numberColumn = number === undefined ? "" : `${quoted(number)} ${numberType} NOT NULL DEFAULT 0, `;
  // A server may have another engine as its default, one without transactions.
  return `CREATE TABLE IF NOT EXISTS ${quoted(table)} (${
    quoted(hash)
  } BINARY(${HASH_BYTES}) NOT NULL, ${numberColumn}` +
    `PRIMARY KEY (${quoted(hash)})) ENGINE=InnoDB`;
}

async function connect(address: ServerAddress, limits: TimeLimits): Promise<Connection> {
  const connection = mysql.createConnection({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    connectTimeout: limits.connectSeconds * 1000,
    rowsAsArray: true,
    ...tlsOptions(address),
  });
  // Trouble between two calls shows in the next one; without a listener it would end the program.
  connection.on("error", () => {});
  const query = (sql: string) =>
    new Promise<Result>((resolve, reject) => {
      connection.query(sql, (error, result) => {
        if (error !== null) reject(error);
        else if (Array.isArray(result)) resolve({ rows: result as unknown[][], affected: 0 });
        else resolve({ rows: [], affected: result.affectedRows });
      });
    });
  const destroy = () => connection.destroy();
  try {
    // A number that does not fit its column must be an error, not another number.
    await query(
      "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), " +
        `innodb_lock_wait_timeout = ${Math.max(1, Math.floor(limits.callSeconds / 2))}`,
    );
    return { query, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

function tlsOptions({ tls, caPath, host }: ServerAddress): Pick<mysql.ConnectionOptions, "ssl"> {
  if (tls === "off") return {};
  const isVerified = tls === "verified";
  if (isVerified && isIP(host) !== 0) {
    // The driver would compare the certificate with "localhost" instead, and then send the password.
    const message = "a certificate can be verified for a host name only, not for an IP address";
    throw Object.assign(new Error(message), { code: "ERR_TLS_HOST_NAME" });
  }
  const ca = caPath === undefined ? {} : { ca: readFileSync(caPath, "utf8") };
  return { ssl: { rejectUnauthorized: isVerified, verifyIdentity: isVerified, ...ca } };
}

async function catalog(run: Run, names: TableNames): Promise<CatalogTable | undefined> {
  const table = quoted(names.table);
  let columns: Result;
  try {
    columns = await run(`SHOW COLUMNS FROM ${table}`);
  } catch (error) {
    if (codeOf(error) === "ER_NO_SUCH_TABLE") return undefined;
    throw error;
  }
  const parts = new Map<string, string[]>();
  for (const row of (await run(`SHOW INDEX FROM ${table}`)).rows) {
    const [, nonUnique, index, , column, , , prefix] = row;
    // An index on the first characters only would take two hashes for one.
    if (Number(nonUnique) !== 0 || (prefix !== null && Number(prefix) < HEX_CHARS)) continue;
    parts.set(String(index), [...parts.get(String(index)) ?? [], String(column)]);
  }
  return {
    columns: columns.rows.map(([name, type]) => ({ name: String(name), type: String(type) })),
    uniqueColumns: [...parts.values()].filter((columns) => columns.length === 1).map(([column]) => column),
  };
}

/** Pages by key: each is one short query along the index, and needs no transaction. */
async function read(
  run: Run,
  table: ServerTable,
  page: Page,
  pageRows: number,
  onPage: () => Promise<void>,
): Promise<void> {
  const { names, form } = table;
  const hash = quoted(names.hash);
  const columns = names.number === undefined ? hash : `${hash}, ${quoted(names.number)}`;
  const select = `SELECT ${columns} FROM ${quoted(names.table)}`;
  const end = `ORDER BY ${hash} LIMIT ${pageRows}`;
  let where = "";
  for (;;) {
    const { rows } = await run(`${select} ${where} ${end}`);
    for (const row of rows) page.add(form, row[0], row[1]);
    if (rows.length === 0) return;
    const last = page.hashes.subarray((rows.length - 1) * HASH_BYTES, rows.length * HASH_BYTES);
    // As the row has it, which may be in upper case.
    const lastText = form === "hex" ? String(rows[rows.length - 1][0]) : Buffer.from(last).toString("hex");
    where = `WHERE ${hash} > ${literal(form, lastText)}`;
    await onPage();
    if (rows.length < pageRows) return;
  }
}

function saveStatements(
  { names, form }: ServerTable,
  { hashes, numbers }: Rows,
  isMerge: boolean,
): string[] {
  const columns = [names.hash, ...(names.number === undefined ? [] : [names.number])].map(quoted);
  const start = `INSERT INTO ${quoted(names.table)} (${columns.join(", ")}) VALUES `;
  const changed = columns[columns.length - 1];
  const newValue = isMerge ? `GREATEST(${changed}, VALUES(${changed}))` : `VALUES(${changed})`;
  const end = ` ON DUPLICATE KEY UPDATE ${changed} = ${newValue}`;
  const value = names.number === undefined
    ? (hash: string) => `(${literal(form, hash)})`
    : (hash: string, i: number) => `(${literal(form, hash)},${numbers[i]})`;
  return statements(hashes, ROWS_A_STATEMENT, (hash, i) => value(hash, i), start, end);
}

function mergeUpperCaseStatements({ names, form }: ServerTable, hashes: Uint8Array): string[] {
  const [table, hash, number] = [names.table, names.hash, names.number ?? ""].map(quoted);
  const start = `INSERT INTO ${table} (${hash}, ${number})
    SELECT LOWER(${hash}), ${number} FROM ${table} AS old WHERE ${hash} IN (`;
  const end = `) ON DUPLICATE KEY UPDATE ${number} = GREATEST(${table}.${number}, VALUES(${number}))`;
  return statements(hashes, REMOVALS_A_STATEMENT, (hash) => literal(form, hash.toUpperCase()), start, end);
}

function removeStatements({ names, form }: ServerTable, hashes: Uint8Array, isUpperCase: boolean): string[] {
  const start = `DELETE FROM ${quoted(names.table)} WHERE ${quoted(names.hash)} IN (`;
  const value = (hash: string) => literal(form, isUpperCase ? hash.toUpperCase() : hash);
  return statements(hashes, REMOVALS_A_STATEMENT, value, start, ")");
}

/** Statements that each list the values of so many hashes. */
function statements(
  hashes: Uint8Array,
  rowsEach: number,
  value: (hash: string, i: number) => string,
  start: string,
  end: string,
): string[] {
  const hex = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length).toString("hex");
  const count = hashCount(hashes);
  const result: string[] = [];
  for (let from = 0; from < count; from += rowsEach) {
    const values: string[] = [];
    for (let i = from; i < Math.min(from + rowsEach, count); i++) {
      values.push(value(hex.slice(i * HEX_CHARS, (i + 1) * HEX_CHARS), i));
    }
    result.push(start + values.join(",") + end);
  }
  return result;
}

function literal(form: HashForm, hex: string): string {
  return form === "hex" ? `'${hex}'` : `x'${hex}'`;
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

const UNAVAILABLE = new Set([
  ...["PROTOCOL_CONNECTION_LOST", "PROTOCOL_SEQUENCE_TIMEOUT", "PROTOCOL_PACKETS_OUT_OF_ORDER"],
  ...["ER_CON_COUNT_ERROR", "ER_TOO_MANY_USER_CONNECTIONS", "ER_USER_LIMIT_REACHED", "ER_SERVER_SHUTDOWN"],
  ...["ER_NORMAL_SHUTDOWN", "ER_CONNECTION_KILLED", "ER_QUERY_INTERRUPTED", "ER_CLIENT_INTERACTION_TIMEOUT"],
  ...["ER_LOCK_WAIT_TIMEOUT", "ER_LOCK_DEADLOCK", "ER_NEW_ABORTING_CONNECTION", "ER_ABORTING_CONNECTION"],
]);
const REFUSED = new Set([
  ...["ER_ACCESS_DENIED_ERROR", "ER_DBACCESS_DENIED_ERROR", "ER_BAD_DB_ERROR", "ER_TABLEACCESS_DENIED_ERROR"],
  ...["ER_COLUMNACCESS_DENIED_ERROR", "ER_SPECIFIC_ACCESS_DENIED_ERROR", "ER_OPTION_PREVENTS_STATEMENT"],
  ...["ER_READ_ONLY_MODE", "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION", "ER_DISK_FULL", "ER_RECORD_FILE_FULL"],
  ...["ER_HOST_NOT_PRIVILEGED", "ER_HOST_IS_BLOCKED", "ER_ACCESS_DENIED_NO_PASSWORD_ERROR"],
  ...["ER_ACCOUNT_HAS_BEEN_LOCKED", "ER_MUST_CHANGE_PASSWORD_LOGIN", "ER_SECURE_TRANSPORT_REQUIRED"],
  ...["HANDSHAKE_NO_SSL_SUPPORT", "HANDSHAKE_SSL_ERROR", "AUTH_SWITCH_PLUGIN_ERROR"],
]);

/** A row that breaks a rule of its table: a number out of range, a constraint, a foreign key, a trigger. */
const CONTENT = new Set([
  ...[
    "ER_WARN_DATA_OUT_OF_RANGE",
    "ER_DATA_TOO_LONG",
    "ER_CONSTRAINT_FAILED",
    "ER_CHECK_CONSTRAINT_VIOLATED",
  ],
  ...["ER_NO_REFERENCED_ROW", "ER_NO_REFERENCED_ROW_2", "ER_ROW_IS_REFERENCED", "ER_ROW_IS_REFERENCED_2"],
  ...["ER_SIGNAL_EXCEPTION"],
]);
/** MariaDB's number for a check; the driver has MySQL's names only. */
const MARIADB_CHECK_FAILED = 4025;

function fault(error: unknown): DatabaseFault | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error);
  if (isNetworkError(error) || UNAVAILABLE.has(code)) return "unavailable";
  if (isTlsError(error) || REFUSED.has(code)) return "refused";
  if (CONTENT.has(code) || ("errno" in error && error.errno === MARIADB_CHECK_FAILED)) return "content";
  if (/closed state/.test(error.message)) return "unavailable";
  return code === "" && !("fatal" in error) ? undefined : "failed";
}
