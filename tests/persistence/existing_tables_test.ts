// Tables made by other programs, with SQL of the tests' own: what is understood, what is refused, and that their
// structure stays as it was.

import assert from "node:assert/strict";
import { type Database, DatabaseError, type TableKey } from "../../src/persistence/database.ts";
import { openDatabase } from "../../src/persistence/open.ts";
import { type Backend, BACKENDS, onBackend, type RunningBackend } from "./backends.ts";
import { contentOf, hexOf, randomRows, readContent, rowsOf } from "./table_content.ts";

type Driver = Backend["driver"];
type Form = "hex" | "bytes";

/** The columns of a hash and of a number, as one of the four tables of an earlier program has them. */
interface Columns {
  readonly hash: string;
  readonly number: string;
}

/** The tables of the release that this program follows, and of others that kept hashes in the other form. */
const EARLIER: Record<Driver, Record<Form, Columns>> = {
  SQLite3: {
    hex: { hash: "VARCHAR(40) NOT NULL UNIQUE", number: "INTEGER DEFAULT 0 NOT NULL" },
    bytes: { hash: "BLOB NOT NULL PRIMARY KEY", number: "INTEGER DEFAULT 0 NOT NULL" },
  },
  MySQL: {
    hex: { hash: "VARCHAR(40) NOT NULL PRIMARY KEY", number: "INT NOT NULL DEFAULT 0" },
    bytes: { hash: "BINARY(20) PRIMARY KEY", number: "INT NOT NULL DEFAULT 0" },
  },
  PgSQL: {
    hex: { hash: "VARCHAR(40) PRIMARY KEY", number: "INTEGER NOT NULL DEFAULT 0" },
    bytes: { hash: "BYTEA PRIMARY KEY", number: "BIGINT NOT NULL DEFAULT 0" },
  },
};

/** Other types that hold a hash as well. */
const OTHERS: Record<Driver, readonly (readonly [Form, string])[]> = {
  SQLite3: [["hex", "TEXT PRIMARY KEY"], ["hex", "CHAR(40) COLLATE NOCASE UNIQUE"], [
    "bytes",
    "BINARY(20) UNIQUE",
  ]],
  MySQL: [["hex", "CHAR(40) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY"], [
    "bytes",
    "VARBINARY(32) UNIQUE",
  ]],
  PgSQL: [["hex", "TEXT UNIQUE"], ["hex", "CHAR(40) PRIMARY KEY"]],
};

for (const backend of BACKENDS) {
  Deno.test(onBackend(backend, "existing tables", async (context, running) => {
    const { driver } = backend;
    for (const form of ["hex", "bytes"] as const) {
      await context.step(
        `tables of an earlier program with ${form} are read and written, not altered`,
        () => {
          return earlierTables(running, driver, form);
        },
      );
    }
    for (const [form, hash] of OTHERS[driver]) {
      await context.step(`a column of type ${hash}`, () => otherType(running, driver, form, hash));
    }
    await context.step(
      "hashes in upper case are read, replaced and removed",
      () => upperCase(running, driver),
    );
    for (const [name, refused] of Object.entries(refusedTables(driver))) {
      await context.step(`refused: ${name}`, () => refusedTable(running, driver, refused));
    }
    for (const [name, bad] of Object.entries(badRows(driver))) {
      await context.step(`a bad row: ${name}`, () => badRow(running, driver, bad));
    }
  }));
}

async function earlierTables(running: RunningBackend, driver: Driver, form: Form) {
  const options = await running.empty();
  const columns = EARLIER[driver][form];
  await running.sql(createTables(driver, columns));
  const hashes = Array.from({ length: 300 }, (_, i) => hexOf(i));
  const values = (numbers: boolean) =>
    hashes.map((hex, i) => `(${literal(driver, form, hex)}${numbers ? `, ${i}` : ""})`);
  for (
    const [table, numbers] of [["torrents", true], ["whitelist", false], ["blacklist", false], ["keys", true]]
  ) {
    const rows = values(numbers as boolean).join(", ");
    await running.sql(`INSERT INTO ${quoted(driver, table as string)} VALUES ${rows}`);
  }
  const before = await running.catalog();

  const database = await openDatabase(options);
  try {
    const withNumbers = contentOf(rowsOf(hashes, hashes.map((_, i) => i)));
    assert.deepEqual(await readContent(database, "torrents", 77), withNumbers);
    assert.deepEqual(await readContent(database, "keys", 300), withNumbers);
    assert.deepEqual(await readContent(database, "whitelist", 10), contentOf(rowsOf(hashes)));
    await saveAndRemove(database);
  } finally {
    await database.close();
  }
  assert.equal(await running.catalog(), before);
  const hash = hexOfColumn(driver);
  const column = form === "hex" ? "info_hash" : hash;
  const [row] = await running.sql(`SELECT completed FROM torrents WHERE ${column} = '${hexOf(7)}'`);
  assert.equal(Number(row![0]), 70);
}

async function saveAndRemove(database: Database) {
  await database.save("torrents", rowsOf([hexOf(7), hexOf(400)], [70, 400]));
  await database.remove("torrents", rowsOf([hexOf(1)]).hashes);
  await database.save("keys", rowsOf([hexOf(7)], [2_000_000_000]));
  await database.remove("whitelist", rowsOf([hexOf(3), hexOf(999)]).hashes);
  await database.save("blacklist", rowsOf([hexOf(3), hexOf(999)]));
  const torrents = await readContent(database, "torrents");
  assert.equal(torrents.size, 300);
  assert.equal(torrents.get(hexOf(7)), 70);
  assert.equal(torrents.get(hexOf(400)), 400);
  assert.equal(torrents.has(hexOf(1)), false);
  assert.equal((await readContent(database, "keys")).get(hexOf(7)), 2_000_000_000);
  assert.equal((await readContent(database, "whitelist")).size, 299);
  assert.equal((await readContent(database, "blacklist")).size, 301);
}

async function otherType(running: RunningBackend, driver: Driver, form: Form, hash: string) {
  const options = await running.empty();
  const number = EARLIER[driver].hex.number;
  const end = driver === "SQLite3" && hash.includes("PRIMARY KEY") ? " WITHOUT ROWID" : "";
  await running.sql(`CREATE TABLE torrents (completed ${number}, info_hash ${hash}, note VARCHAR(9))${end}`);
  await running.sql(
    `INSERT INTO torrents (info_hash, completed) VALUES (${literal(driver, form, hexOf(1))}, 1)`,
  );
  const rows = randomRows("torrents", 250);
  const database = await openDatabase(options);
  try {
    await database.save("torrents", rows);
    await database.save("torrents", rowsOf([hexOf(1)], [5]));
    const expected = contentOf(rows).set(hexOf(1), 5);
    for (const pageRows of [100, 251, 1000]) {
      assert.deepEqual(await readContent(database, "torrents", pageRows), expected);
    }
    await database.remove("torrents", rows.hashes);
    assert.equal(await database.count("torrents"), 1);
    await database.clear("torrents");
    assert.equal(await database.count("torrents"), 0);
  } finally {
    await database.close();
  }
}

async function upperCase(running: RunningBackend, driver: Driver) {
  const options = await running.empty();
  await running.sql(createTables(driver, EARLIER[driver].hex));
  const upper = (i: number) => `'${hexOf(i).toUpperCase()}'`;
  const digits = "1".repeat(40);
  const values = [1, 2, 3, 4].map((i) => `(${upper(i)}, ${i})`);
  await running.sql(`INSERT INTO torrents VALUES ${values.join(", ")}, ('${digits}', 9)`);
  await running.sql(`INSERT INTO whitelist VALUES (${upper(1)}), (${upper(2)})`);
  const database = await openDatabase(options);
  try {
    const read = await readContent(database, "torrents", 2);
    assert.deepEqual(read, contentOf(rowsOf([1, 2, 3, 4].map(hexOf).concat(digits), [1, 2, 3, 4, 9])));
    await database.save("torrents", rowsOf([hexOf(1), digits], [10, 90]));
    await database.remove("torrents", rowsOf([hexOf(2)]).hashes);
    await database.save("whitelist", rowsOf([hexOf(1), hexOf(3)]));
    await database.remove("whitelist", rowsOf([hexOf(2)]).hashes);
    const saved = contentOf(rowsOf([hexOf(1), hexOf(3), hexOf(4), digits], [10, 3, 4, 90]));
    assert.deepEqual(await readContent(database, "torrents"), saved);
    assert.deepEqual(await readContent(database, "whitelist"), contentOf(rowsOf([hexOf(1), hexOf(3)])));
  } finally {
    await database.close();
  }
}

interface Refused {
  /** The columns of the table of torrents. */
  readonly columns: string;
  readonly message: RegExp;
}

function refusedTables(driver: Driver): Record<string, Refused> {
  const { hash, number } = EARLIER[driver].hex;
  const text = driver === "PgSQL" ? "TEXT" : "VARCHAR(40)";
  const common: Record<string, Refused> = {
    "a hash column of another name": {
      columns: `hash ${hash}, completed ${number}`,
      message:
        /: table torrents, column info_hash: expected a column of this name, found only hash, completed$/,
    },
    "no column for the number": {
      columns: `info_hash ${hash}`,
      message: /: table torrents, column completed: expected a column of this name, found only info_hash$/,
    },
    "a hash column for numbers": {
      columns: `info_hash INTEGER PRIMARY KEY, completed ${number}`,
      message: /column info_hash: expected text of 40 characters, or 20 bytes, found type int/i,
    },
    "a text for the number": {
      columns: `info_hash ${hash}, completed VARCHAR(10)`,
      message:
        /column completed: expected a type for whole numbers, found type (varchar|character varying)\(10\)$/i,
    },
    "no unique index": {
      columns: `info_hash ${text} NOT NULL, completed ${number}`,
      message: /column info_hash: expected a primary key or a unique index on it alone, found none$/,
    },
    "an index on two columns": {
      columns: `info_hash ${text} NOT NULL, completed ${number}, UNIQUE (info_hash, completed)`,
      message: /column info_hash: expected a primary key or a unique index on it alone, found none$/,
    },
  };
  if (driver !== "SQLite3") {
    common["a text that is too short"] = {
      columns: `info_hash VARCHAR(39) PRIMARY KEY, completed ${number}`,
      message: /column info_hash: expected text of 40 characters, or 20 bytes, found type .*\(39\)$/,
    };
  }
  if (driver === "MySQL") {
    common["bytes of another length"] = {
      columns: `info_hash BINARY(32) PRIMARY KEY, completed ${number}`,
      message: /expected text of 40 characters, or 20 bytes, found type binary\(32\)$/,
    };
  }
  return common;
}

async function refusedTable(running: RunningBackend, driver: Driver, { columns, message }: Refused) {
  const options = await running.empty();
  await running.sql(`CREATE TABLE ${quoted(driver, "torrents")} (${columns})`);
  const error = await failure(openDatabase(options));
  assert.equal(error.fault, "structure");
  assert.match(error.message, message);
  assertOneLine(error);
}

interface BadRow {
  readonly form: Form;
  /** SQL for the hash and the number. */
  readonly hash: string;
  readonly number?: string;
  readonly table?: TableKey;
  readonly message: RegExp;
}

function badRows(driver: Driver): Record<string, BadRow> {
  const hash = literal(driver, "hex", hexOf(2));
  const rows: Record<string, BadRow> = {
    "39 characters": {
      form: "hex",
      hash: `'${hexOf(1).slice(1)}'`,
      message:
        /: table torrents, column info_hash, row [12]: expected 40 hexadecimal characters, found "bcdefa.*"$/,
    },
    "no hexadecimal digit": {
      form: "hex",
      hash: `'${hexOf(1).slice(1)}g'`,
      message: /column info_hash, row [12]: expected 40 hexadecimal characters, found "bcdef.*g"$/,
    },
    "an empty text": {
      form: "hex",
      hash: "' '",
      table: "whitelist",
      message:
        /: table whitelist, column info_hash, row [12]: expected 40 hexadecimal characters, found " "$/,
    },
    "a negative number": {
      form: "hex",
      hash,
      number: "-5",
      message:
        /column completed, row [12]: expected a whole number from 0 to 2147483647, found -5 \(info_hash abc/,
    },
    "a negative time of a key": {
      form: "hex",
      hash,
      number: "-1",
      table: "keys",
      message:
        /table keys, column timeout, row [12]: expected .* to 9007199254740991, found -1 \(hash abcdef/,
    },
  };
  if (driver !== "MySQL") {
    rows["19 bytes"] = {
      form: "bytes",
      hash: literal(driver, "bytes", hexOf(1).slice(2)),
      message: /column info_hash, row [12]: expected 20 bytes, found 19 bytes$/,
    };
  }
  if (driver === "SQLite3") {
    rows["bytes in a column of text"] = {
      form: "hex",
      hash: literal(driver, "bytes", hexOf(1)),
      message: /row 2: expected 40 hexadecimal characters, found 20 bytes$/,
    };
    rows["text in a column of bytes"] = {
      form: "bytes",
      hash: literal(driver, "hex", hexOf(1)),
      message: /row 2: expected 20 bytes, found "abcdef/,
    };
    rows["a number that is a text"] = {
      form: "hex",
      hash,
      number: "'x'",
      message: /to 2147483647, found 'x' /,
    };
    rows["a number with a fraction"] = { form: "hex", hash, number: "1.5", message: /found 1\.5 / };
    rows["a number that is too large"] = {
      form: "hex",
      hash,
      number: "9223372036854775807",
      message: /found 9223372036854775807 /,
    };
  }
  return rows;
}

async function badRow(running: RunningBackend, driver: Driver, bad: BadRow) {
  const options = await running.empty();
  await running.sql(createTables(driver, EARLIER[driver][bad.form]));
  const key = bad.table ?? "torrents";
  const insert = (hash: string, number: string) => {
    const values = key === "torrents" || key === "keys" ? `${hash}, ${number}` : hash;
    return running.sql(`INSERT INTO ${quoted(driver, key)} VALUES (${values})`);
  };
  await insert(literal(driver, bad.form, hexOf(5)), "5");
  await insert(bad.hash, bad.number ?? "0");
  const database = await openDatabase(options);
  try {
    const error = await failure(readContent(database, key));
    assert.equal(error.fault, "content");
    assert.match(error.message, bad.message);
    assertOneLine(error);
    // The trouble is with one row; the database works.
    assert.equal(await database.count(key), 2);
  } finally {
    await database.close();
  }
}

async function failure(promise: Promise<unknown>): Promise<DatabaseError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof DatabaseError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing failed" });
}

function assertOneLine(error: DatabaseError): void {
  assert.match(error.message, /^(SQLite|MySQL|PostgreSQL) database [^\n]*$/);
  assert.ok(error.message.length < 400, error.message);
  assert.doesNotMatch(error.message, /p@ss|p%40ss/);
}

function createTables(driver: Driver, { hash, number }: Columns): string {
  const [torrents, whitelist, blacklist, keys] = ["torrents", "whitelist", "blacklist", "keys"]
    .map((name) => quoted(driver, name));
  return `CREATE TABLE ${torrents} (info_hash ${hash}, completed ${number});
    CREATE TABLE ${whitelist} (info_hash ${hash}); CREATE TABLE ${blacklist} (info_hash ${hash});
    CREATE TABLE ${keys} (hash ${hash}, timeout ${number})`;
}

function literal(driver: Driver, form: Form, hex: string): string {
  if (form === "hex") return `'${hex}'`;
  return driver === "PgSQL" ? `'\\x${hex}'` : `x'${hex}'`;
}

function hexOfColumn(driver: Driver): string {
  return driver === "PgSQL" ? "encode(info_hash, 'hex')" : "lower(hex(info_hash))";
}

function quoted(driver: Driver, name: string): string {
  return driver === "MySQL" ? `\`${name}\`` : `"${name}"`;
}
