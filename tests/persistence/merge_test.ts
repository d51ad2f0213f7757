// Merging: of the number in the table and those among the rows the largest counts, in every kind of database.

import assert from "node:assert/strict";
import { type Database, TABLE_KEYS } from "../../src/persistence/database.ts";
import { openDatabase } from "../../src/persistence/open.ts";
import { BACKENDS, onBackend, type RunningBackend } from "./backends.ts";
import { contentOf, hasNumbers, hexOf, randomRows, readContent, rowsOf } from "./table_content.ts";

for (const backend of BACKENDS) {
  Deno.test(onBackend(backend, "merging", async (context, running) => {
    await context.step("the largest number counts", () => withDatabase(running, largestCounts));
    await context.step("merging again changes nothing", () => withDatabase(running, repeated));
    await context.step("rows in upper case are merged, not lost", () => upperCase(running, backend.driver));
  }));
}

async function withDatabase(running: RunningBackend, test: (database: Database) => Promise<void>) {
  const database = await openDatabase(await running.empty());
  try {
    await test(database);
  } finally {
    await database.close();
  }
}

async function largestCounts(database: Database) {
  await database.save("torrents", rowsOf([hexOf(1), hexOf(2), hexOf(3)], [5, 5, 5]));
  const hashes = [1, 2, 4, 5, 5, 5, 3].map(hexOf);
  await database.merge("torrents", rowsOf(hashes, [4, 6, 7, 8, 9, 1, 5]));
  const expected = contentOf(rowsOf([1, 2, 3, 4, 5].map(hexOf), [5, 6, 5, 7, 9]));
  assert.deepEqual(await readContent(database, "torrents"), expected);
  await database.merge("blacklist", rowsOf([1, 2].map(hexOf)));
  await database.merge("blacklist", rowsOf([2, 3, 3].map(hexOf)));
  assert.deepEqual(await readContent(database, "blacklist"), contentOf(rowsOf([1, 2, 3].map(hexOf))));
}

async function repeated(database: Database) {
  for (const key of TABLE_KEYS) {
    const rows = randomRows(key, 12_345);
    await database.merge(key, rows);
    await database.merge(key, rows);
    if (hasNumbers(key)) {
      const zeros = new Float64Array(rows.numbers.length);
      await database.merge(key, { hashes: rows.hashes, numbers: zeros });
    }
    assert.deepEqual(await readContent(database, key, 5000), contentOf(rows));
  }
}

/** Tables of an earlier program: text that tells upper from lower case. */
async function upperCase(running: RunningBackend, driver: string) {
  const options = await running.empty();
  const type = driver === "MySQL" ? "VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin" : "VARCHAR(40)";
  await running.sql(
    `CREATE TABLE torrents (info_hash ${type} NOT NULL UNIQUE, completed INTEGER DEFAULT 0 NOT NULL)`,
  );
  await running.sql(`CREATE TABLE whitelist (info_hash ${type} NOT NULL UNIQUE)`);
  const upper = (number: number) => hexOf(number).toUpperCase();
  await running.sql(`INSERT INTO torrents VALUES ('${upper(1)}', 7), ('${upper(2)}', 7), ('${upper(3)}', 7)`);
  await running.sql(`INSERT INTO torrents VALUES ('${hexOf(3)}', 2)`);
  await running.sql(`INSERT INTO whitelist VALUES ('${upper(1)}')`);
  const database = await openDatabase(options);
  try {
    await database.merge("torrents", rowsOf([1, 2, 3, 4].map(hexOf), [3, 9, 3, 3]));
    await database.merge("whitelist", rowsOf([1, 2].map(hexOf)));
    const expected = contentOf(rowsOf([1, 2, 3, 4].map(hexOf), [7, 9, 7, 3]));
    assert.deepEqual(await readContent(database, "torrents"), expected);
    const count = "SELECT count(*) FROM torrents";
    assert.equal(Number((await running.sql(count))[0][0]), 4);
    assert.equal((await readContent(database, "whitelist")).size, 2);
  } finally {
    await database.close();
  }
}
