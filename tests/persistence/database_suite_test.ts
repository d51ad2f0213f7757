// One suite for every kind of database: what goes in comes out.

import assert from "node:assert/strict";
import { type Database, DatabaseError, TABLE_KEYS } from "../../src/persistence/database.ts";
import { type DatabaseOptions, openDatabase } from "../../src/persistence/open.ts";
import { BACKENDS, onBackend, type RunningBackend } from "./backends.ts";
import { contentOf, hasNumbers, hexOf, randomRows, readContent, rowsOf } from "./table_content.ts";

type Step = (database: Database, running: RunningBackend, options: DatabaseOptions) => Promise<void>;

const STEPS: Record<string, Step> = {
  "0, 1, 1,000 and 100,000 rows come back from every table": roundTrips,
  "every byte value and the largest numbers come back": extremes,
  "a hash saved again has the new number, and of two in one chunk the last": upserts,
  "removing takes what is there, and nothing else": removals,
  "a list is changed by its differences": differences,
  "a cleared table is empty, the others are not": clearing,
  "pages are full but for the last, and each is awaited": pages,
  "what onPage throws comes out, and the next call works": throwingPage,
  "calls made at the same time are made in turn, up to a limit": turns,
  "what was saved is there for another connection": reopening,
  "a Worker opens it from plain data": worker,
  "after closing, calls are refused": closing,
  "speed, printed only": speed,
};

for (const backend of BACKENDS) {
  Deno.test(onBackend(backend, "database suite", async (context, running) => {
    for (const [name, step] of Object.entries(STEPS)) {
      await context.step(name, async () => {
        const options = await running.empty();
        const database = await openDatabase(options);
        try {
          await step(database, running, options);
        } finally {
          await database.close();
        }
      });
    }
    await context.step("a new database has the documented tables", () => newTables(running));
    await context.step("names that are words of SQL, or in mixed case", () => weirdNames(running));
  }));
}

async function roundTrips(database: Database) {
  for (const count of [0, 1, 1000, 100_000]) {
    for (const key of TABLE_KEYS) {
      const rows = randomRows(key, count);
      await database.save(key, rows);
      assert.equal(await database.count(key), count);
      assert.deepEqual(await readContent(database, key, 30_000), contentOf(rows), `${count} ${key}`);
      await database.clear(key);
    }
  }
}

async function extremes(database: Database) {
  const hashes = new Uint8Array(256 * 20).map((_, i) => Math.floor(i / 20));
  for (const key of TABLE_KEYS) {
    const largest = key === "keys" ? Number.MAX_SAFE_INTEGER : 0x7fff_ffff;
    const numbers = new Float64Array(hasNumbers(key) ? 256 : 0).fill(largest);
    if (numbers.length > 0) numbers[7] = 0;
    await database.save(key, { hashes, numbers });
    assert.deepEqual(await readContent(database, key), contentOf({ hashes, numbers }));
  }
}

async function upserts(database: Database) {
  await database.save("torrents", rowsOf([hexOf(1), hexOf(2)], [1, 2]));
  await database.save("torrents", rowsOf([hexOf(2), hexOf(3), hexOf(4), hexOf(3)], [20, 1, 4, 30]));
  await database.save("torrents", { hashes: rowsOf([hexOf(1)]).hashes, numbers: new Int32Array([10]) });
  const expected = contentOf(rowsOf([hexOf(1), hexOf(2), hexOf(3), hexOf(4)], [10, 20, 30, 4]));
  assert.deepEqual(await readContent(database, "torrents"), expected);
  await database.save("whitelist", rowsOf([hexOf(1), hexOf(1)]));
  await database.save("whitelist", rowsOf([hexOf(1), hexOf(2)]));
  assert.equal(await database.count("whitelist"), 2);
}

async function removals(database: Database) {
  const rows = randomRows("keys", 12_345);
  await database.save("keys", rows);
  await database.remove("keys", new Uint8Array(0));
  await database.remove("keys", rows.hashes.subarray(0, 20 * 12_000));
  await database.remove("keys", randomRows("whitelist", 1000).hashes);
  const left = contentOf({
    hashes: rows.hashes.subarray(20 * 12_000),
    numbers: rows.numbers.subarray(12_000),
  });
  assert.deepEqual(await readContent(database, "keys"), left);
}

async function differences(database: Database) {
  await database.save("blacklist", rowsOf([1, 2, 3, 4].map(hexOf)));
  await database.remove("blacklist", rowsOf([2, 3, 9].map(hexOf)).hashes);
  await database.save("blacklist", rowsOf([4, 5].map(hexOf)));
  assert.deepEqual([...(await readContent(database, "blacklist")).keys()].sort(), [1, 4, 5].map(hexOf));
  assert.equal(await database.count("whitelist"), 0);
}

async function clearing(database: Database) {
  for (const key of TABLE_KEYS) await database.save(key, randomRows(key, 120_000));
  await database.clear("whitelist");
  await database.clear("whitelist");
  assert.deepEqual(await Promise.all(TABLE_KEYS.map((key) => database.count(key))), [
    120_000,
    0,
    120_000,
    120_000,
  ]);
}

async function pages(database: Database) {
  const rows = randomRows("torrents", 100);
  await database.save("torrents", rows);
  for (
    const [pageRows, sizes] of [[1, Array(100).fill(1)], [33, [33, 33, 33, 1]], [50, [50, 50]], [1000, [100]]]
  ) {
    const found: number[] = [];
    let isBusy = false;
    await database.read("torrents", pageRows as number, async (page) => {
      assert.equal(isBusy, false);
      isBusy = true;
      await new Promise((resolve) => setTimeout(resolve, 0));
      found.push(page.numbers.length);
      assert.equal(page.hashes.length, page.numbers.length * 20);
      isBusy = false;
    });
    assert.deepEqual(found, sizes);
    assert.deepEqual(await readContent(database, "torrents", pageRows as number), contentOf(rows));
  }
}

async function throwingPage(database: Database) {
  await database.save("torrents", randomRows("torrents", 100));
  const reading = database.read("torrents", 10, () => {
    throw new RangeError("no room");
  });
  await assert.rejects(reading, new RangeError("no room"));
  assert.equal(await database.count("torrents"), 100);
}

async function turns(database: Database) {
  const chunks = Array.from({ length: 40 }, () => randomRows("torrents", 50));
  await Promise.all(chunks.map((rows) => database.save("torrents", rows)));
  assert.equal(await database.count("torrents"), 2000);
  const many = await Promise.allSettled(Array.from({ length: 100 }, () => database.count("torrents")));
  const refused = many.filter((result) => result.status === "rejected");
  assert.equal(refused.length, 100 - 65);
  assert.match(String(refused[0]?.reason), /64 calls already wait/);
}

async function reopening(database: Database, _: RunningBackend, options: DatabaseOptions) {
  const rows = randomRows("keys", 10);
  await database.save("keys", rows);
  const second = await openDatabase(options);
  try {
    assert.deepEqual(await readContent(second, "keys"), contentOf(rows));
    await second.save("torrents", randomRows("torrents", 5));
    assert.equal(await database.count("torrents"), 5);
  } finally {
    await second.close();
  }
}

async function worker(database: Database, _: RunningBackend, options: DatabaseOptions) {
  const rows = randomRows("torrents", 1000);
  const thread = new Worker(new URL("./saving_worker.ts", import.meta.url), { type: "module" });
  const answer = new Promise((resolve, reject) => {
    thread.onmessage = (event) => resolve(event.data);
    thread.onerror = (event) => reject(new Error(event.message));
  });
  thread.postMessage({ options, rows });
  try {
    assert.equal(await answer, "saved");
  } finally {
    thread.terminate();
  }
  assert.deepEqual(await readContent(database, "torrents"), contentOf(rows));
}

async function closing(database: Database) {
  await database.close();
  await database.close();
  const isClosed = (error: unknown) =>
    error instanceof DatabaseError && error.fault === "unavailable" && error.message.endsWith(": closed");
  await assert.rejects(database.count("torrents"), isClosed);
  await assert.rejects(database.save("keys", randomRows("keys", 1)), isClosed);
}

async function speed(database: Database) {
  const rows = randomRows("torrents", 100_000);
  const figures: string[] = [];
  const measure = async (name: string, work: () => Promise<void>) => {
    const start = performance.now();
    await work();
    figures.push(`${name} ${Math.round(100 / (performance.now() - start) * 1000)} k rows/s`);
  };
  const saveAll = async () => {
    for (let i = 0; i < 100_000; i += 1000) {
      const hashes = rows.hashes.subarray(i * 20, (i + 1000) * 20);
      await database.save("torrents", { hashes, numbers: rows.numbers.subarray(i, i + 1000) });
    }
  };
  await measure("insert", saveAll);
  await measure("update", saveAll);
  await measure("read", () => database.read("torrents", 10_000, () => {}));
  await measure("remove", () => database.remove("torrents", rows.hashes));
  console.log(`${database.description.split(" ")[0]}: ${figures.join(", ")}`);
}

async function newTables(running: RunningBackend) {
  const options = await running.empty();
  const first = await openDatabase(options);
  await first.close();
  const catalog = await running.catalog();
  assert.match(catalog, NEW_CATALOGS[options.driver]);
  await (await openDatabase(options)).close();
  assert.equal(await running.catalog(), catalog);
}

const NEW_CATALOGS = {
  SQLite3: new RegExp(
    "CREATE TABLE .*blacklist.* .*info_hash.* VARCHAR\\(40\\) NOT NULL UNIQUE\\)" +
      ".*keys.*hash.* VARCHAR\\(40\\) NOT NULL UNIQUE, .*timeout.* INTEGER DEFAULT 0 NOT NULL" +
      ".*torrents.*info_hash.* VARCHAR\\(40\\) NOT NULL UNIQUE, .*completed.* INTEGER DEFAULT 0 NOT NULL",
  ),
  MySQL: new RegExp(
    "blacklist.*info_hash` binary\\(20\\) NOT NULL.*PRIMARY KEY \\(`info_hash`\\)" +
      ".*keys.*hash` binary\\(20\\) NOT NULL.*timeout` bigint\\(20\\) NOT NULL DEFAULT 0.*PRIMARY KEY \\(`hash`\\)" +
      ".*torrents.*completed` int\\(11\\) NOT NULL DEFAULT 0",
  ),
  PgSQL: new RegExp(
    '"blacklist","info_hash","bytea",null,"NO",null,1' +
      '.*"keys","hash","bytea",null,"NO",null,1.*"keys","timeout","bigint",null,"NO","0",2' +
      '.*"torrents","completed","bigint",null,"NO","0",2.*UNIQUE INDEX torrents_pkey',
  ),
};

async function weirdNames(running: RunningBackend) {
  const options = await running.empty();
  const structure = {
    db_torrents: "Order",
    table_torrents_info_hash: "select",
    table_torrents_completed: "rowid",
    db_whitelist: "table",
    table_whitelist_info_hash: "Group",
    db_blacklist: "_",
    table_blacklist_info_hash: "user",
    db_keys: "a".repeat(63),
    table_keys_hash: "KEY",
    table_keys_timeout: "values",
  };
  for (let time = 0; time < 2; time++) {
    const database = await openDatabase({ ...options, structure });
    try {
      for (const key of TABLE_KEYS) {
        const rows = randomRows(key, 500);
        await database.clear(key);
        await database.save(key, rows);
        await database.save(key, rows);
        assert.equal(await database.count(key), 500);
        assert.deepEqual(await readContent(database, key, 100), contentOf(rows));
        await database.remove(key, rows.hashes.subarray(0, 20));
        assert.equal(await database.count(key), 499);
      }
    } finally {
      await database.close();
    }
  }
}
