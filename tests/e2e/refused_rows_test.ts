// Rows that a database does not take: told once with what to do, kept, and no others wait for them.

import assert from "node:assert/strict";
import type { DatabaseOptions } from "../../src/persistence/open.ts";
import { captureLog } from "../support/captured_log.ts";
import { BACKENDS, onBackend, type RunningBackend } from "../persistence/backends.ts";
import { type RunningTracker, startTracker } from "../support/running_tracker.ts";

type Driver = DatabaseOptions["driver"];

/** In the year 2100, beyond 32 bits with a sign; and one that every column holds. */
const FAR = 4_102_444_800;
const NEAR = 2_000_000_000;

/** Tables of an older release, as it made them, with columns for numbers that are too small for some. */
const NARROW: Record<"MySQL" | "PgSQL", string> = {
  MySQL: `CREATE TABLE torrents (info_hash BINARY(20) PRIMARY KEY, completed SMALLINT NOT NULL DEFAULT 0);
    CREATE TABLE \`keys\` (hash BINARY(20) PRIMARY KEY, timeout INT NOT NULL DEFAULT 0)`,
  PgSQL: `CREATE TABLE torrents (info_hash BYTEA PRIMARY KEY, completed SMALLINT NOT NULL DEFAULT 0);
    CREATE TABLE keys (hash BYTEA PRIMARY KEY, timeout INTEGER NOT NULL DEFAULT 0)`,
};

const WIDEN: Record<"MySQL" | "PgSQL", { keys: string; torrents: string }> = {
  MySQL: {
    keys: "ALTER TABLE `keys` MODIFY `timeout` BIGINT NOT NULL DEFAULT 0",
    torrents: "ALTER TABLE `torrents` MODIFY `completed` BIGINT NOT NULL DEFAULT 0",
  },
  PgSQL: {
    keys: `ALTER TABLE "keys" ALTER COLUMN "timeout" TYPE BIGINT`,
    torrents: `ALTER TABLE "torrents" ALTER COLUMN "completed" TYPE BIGINT`,
  },
};

/** Tables with a rule of the operator's own: none of the columns can tell it. */
const RULED: Record<Driver, string> = {
  SQLite3:
    `CREATE TABLE torrents (info_hash VARCHAR(40) NOT NULL UNIQUE, completed INTEGER CHECK (completed < 100));
    CREATE TABLE keys (hash VARCHAR(40) NOT NULL UNIQUE, timeout INTEGER CHECK (timeout < 3000000000))`,
  MySQL: `CREATE TABLE torrents (info_hash BINARY(20) PRIMARY KEY, completed INT CHECK (completed < 100));
    CREATE TABLE \`keys\` (hash BINARY(20) PRIMARY KEY, timeout BIGINT CHECK (timeout < 3000000000))`,
  PgSQL: `CREATE TABLE torrents (info_hash BYTEA PRIMARY KEY, completed INT CHECK (completed < 100));
    CREATE TABLE keys (hash BYTEA PRIMARY KEY, timeout BIGINT CHECK (timeout < 3000000000))`,
};

for (const backend of BACKENDS) {
  const { driver } = backend;
  Deno.test(onBackend(backend, "rows that the database does not take", async (context, running) => {
    if (driver !== "SQLite3") {
      await context.step("numbers beyond an older table's columns wait until those are widened", () => {
        return narrowColumns(driver, running);
      });
    }
    await context.step("rows that break a rule of the table are found one by one", () => {
      return brokenRules(driver, running);
    });
  }));
}

async function narrowColumns(driver: "MySQL" | "PgSQL", running: RunningBackend): Promise<void> {
  const options = await running.empty();
  await running.sql(NARROW[driver]);
  let log: string[] = [];
  const app = await start(options);
  const { keys, whitelist } = app.tracker.access;
  try {
    log = await captureLog(async () => {
      change(app, 40_000);
      await app.reloadLists();
      const before = await running.catalog();
      assert.deepEqual(await saved(driver, running), { keys: [10, 10 * NEAR], torrents: [10, 45] });
      assert.equal(app.saving.refused, 3);
      assert.equal(app.saving.failingSince, 0);
      // The reload has left the keys that wait where they are.
      assert.equal(keys.get(hash(100), 0), FAR);

      // A key that waits is removed, another one gets a time that fits; whatever else comes is saved.
      keys.remove(hash(101), 0);
      whitelist.set(hash(7), 0, 0);
      await app.reloadLists();
      assert.equal(app.saving.refused, 2);
      assert.deepEqual(numbers(await running.sql("SELECT count(*) FROM whitelist")), [1]);
      assert.equal(await running.catalog(), before, "nothing is altered");

      await running.sql(WIDEN[driver].keys);
      await running.sql(WIDEN[driver].torrents);
      await app.reloadLists();
      assert.equal(app.saving.refused, 0);
    });
  } finally {
    await app.stop();
  }
  assert.deepEqual(await saved(driver, running), {
    keys: [11, 10 * NEAR + FAR],
    torrents: [11, 45 + 40_000],
  });
  const told = log.filter((line) => line.includes("cannot be saved"));
  assert.equal(told.length, 2, told.join("\n"));
  assert.match(told.find((line) => line.includes("of the keys"))!, /2 changes of the keys cannot be saved/);
  for (const table of ["keys", "torrents"] as const) {
    const line = told.find((line) => line.includes(`of the ${table}`))!;
    assert.ok(line.includes(`to make room: ${WIDEN[driver][table]}`), line);
    assert.equal(log.filter((line) => line.includes(`changes of the ${table} that could not`)).length, 1);
  }
}

async function brokenRules(driver: Driver, running: RunningBackend): Promise<void> {
  const options = await running.empty();
  await running.sql(RULED[driver]);
  const app = await start(options);
  try {
    const log = await captureLog(async () => {
      change(app, 500);
      await app.reloadLists();
      await app.reloadLists();
    });
    assert.deepEqual(await saved(driver, running), { keys: [10, 10 * NEAR], torrents: [10, 45] });
    assert.equal(app.saving.refused, 3);
    const told = log.filter((line) => line.includes("cannot be saved"));
    assert.equal(told.length, 2, told.join("\n"));
    for (const line of told) assert.match(line, /constraint/i);
    app.tracker.access.keys.set(hash(100), 0, NEAR);
    app.tracker.access.keys.set(hash(101), 0, NEAR);
    app.tracker.store.setCompleted(hash(100), 50);
    await app.reloadLists();
    assert.equal(app.saving.refused, 0);
  } finally {
    await app.stop();
  }
  assert.deepEqual(await saved(driver, running), { keys: [12, 12 * NEAR], torrents: [11, 95] });
}

/** Ten keys and torrents that any table takes, two keys and a torrent that these do not. */
function change({ tracker: { access, store } }: RunningTracker, completed: number): void {
  for (let i = 0; i < 10; i++) {
    access.keys.set(hash(i), 0, NEAR);
    store.setCompleted(hash(i), i);
  }
  access.keys.set(hash(100), 0, FAR);
  access.keys.set(hash(101), 0, FAR);
  store.setCompleted(hash(100), completed);
}

/** Rows and the sum of the numbers. */
async function saved(driver: Driver, running: RunningBackend) {
  const keys = driver === "MySQL" ? "`keys`" : "keys";
  return {
    keys: numbers(await running.sql(`SELECT count(*), sum(timeout) FROM ${keys}`)),
    torrents: numbers(await running.sql("SELECT count(*), sum(completed) FROM torrents")),
  };
}

function start(options: DatabaseOptions): Promise<RunningTracker> {
  const settings = [
    "persistence = true",
    "persistence_interval = 3600",
    "keys = true",
    `db_driver = "${options.driver}"`,
    `db_path = ${JSON.stringify(options.path)}`,
  ];
  return startTracker({ settings: settings.join("\n"), http: ["127.0.0.1:0"] });
}

function hash(value: number): Int32Array {
  return new Int32Array(5).fill(value * 0x01010101);
}

function numbers(rows: unknown[][]): number[] {
  return rows[0].map(Number);
}
