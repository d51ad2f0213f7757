/** The whole program with each database: what outlives it, whatever happens to the database meanwhile. */
import assert from "node:assert/strict";
import { StartError } from "../../src/app.ts";
import { BACKENDS, onBackend, type RunningBackend } from "../persistence/backends.ts";
import type { DatabaseOptions } from "../../src/persistence/open.ts";
import { pollUntil, withTimeLimit } from "../support/program.ts";
import { type RunningTracker, startTracker } from "../support/running_tracker.ts";

const STOP_MILLISECONDS = 35_000;

const STEPS: Record<string, (options: DatabaseOptions, running: RunningBackend) => Promise<void>> = {
  "torrents, lists and keys outlive a stop": outliveStop,
  "lists changed in the database are there after a reload, and those of ours too": reload,
  "a key whose time has come is unknown at once, and its row goes with a sweep": keyEnds,
  "a key that ends after the year 2106 does not become one that ends before": farKey,
  "without persistence nothing in the database is touched": untouched,
};

for (const backend of BACKENDS) {
  Deno.test(onBackend(backend, "the program and its database", async (context, running) => {
    for (const [name, step] of Object.entries(STEPS)) {
      await context.step(name, async () => await step(await running.empty(), running));
    }
    const own = running.server?.own;
    if (own === undefined) return;
    await context.step("a database that is away for a while: nothing is lost", async () => {
      await databaseAway(await running.empty(), running);
    });
    await context.step(
      "a database that is down at the start: one clear line, nothing left running",
      async () => {
        const options = await running.empty();
        await own.stop();
        const began = performance.now();
        await assert.rejects(start(options, "db_connect_timeout = 1"), StartError);
        assert.ok(performance.now() - began < 15_000);
        await own.start();
      },
    );
    await context.step("a database that comes up late is waited for", async () => {
      const options = await running.empty();
      await own.stop();
      const starting = start(options, "db_connect_timeout = 60");
      await own.start();
      await stop(await starting);
    });
  }));
}

async function outliveStop(options: DatabaseOptions): Promise<void> {
  const first = await start(options);
  for (let torrent = 0; torrent < 300; torrent++) await announce(first, torrent, "completed");
  for (let torrent = 0; torrent < 50; torrent++) await announce(first, torrent, "completed", 7000);
  first.tracker.access.whitelist.set(hash(1), 0, 0);
  first.tracker.access.whitelist.set(hash(2), 0, 0);
  first.tracker.access.blacklist.set(hash(3), 0, 0);
  first.tracker.access.keys.set(hash(4), 0, 0);
  first.tracker.access.keys.set(hash(5), 0, 4_000_000_000);
  await stop(first);

  const second = await start(options);
  const { torrents, completed, seeders, dirty } = second.tracker.store.totals();
  assert.deepEqual({ torrents, completed, seeders, dirty }, {
    torrents: 300,
    completed: 350,
    seeders: 0,
    dirty: 0,
  });
  const { whitelist, blacklist, keys } = second.tracker.access;
  assert.deepEqual([whitelist.size(), blacklist.size(), keys.size()], [2, 1, 2]);
  assert.equal(keys.get(hash(5), 0), 4_000_000_000);
  whitelist.remove(hash(1), 0);
  keys.remove(hash(4), 0);
  assert.equal(second.tracker.store.removeTorrent(infoHash(299)), true);
  await stop(second);

  const third = await start(options);
  assert.equal(third.tracker.store.totals().torrents, 299);
  assert.deepEqual([third.tracker.access.whitelist.size(), third.tracker.access.keys.size()], [1, 1]);
  assert.equal(third.tracker.access.whitelist.has(hash(2), 0), true);
  await stop(third);
}

async function reload(options: DatabaseOptions, running: RunningBackend): Promise<void> {
  const app = await start(options);
  const { whitelist } = app.tracker.access;
  whitelist.set(hash(1), 0, 0);
  whitelist.set(hash(2), 0, 0);
  await app.reloadLists();
  await running.sql(insertIntoWhitelist(options.driver, hash(9)));
  await running.sql(deleteFromWhitelist(options.driver, hash(1)));
  whitelist.set(hash(3), 0, 0);
  await app.reloadLists();
  const there = [1, 2, 3, 9].map((value) => whitelist.has(hash(value), 0));
  assert.deepEqual(there, [false, true, true, true]);
  assert.equal(whitelist.size(), 3);
  await stop(app);
  assert.deepEqual(await running.sql(countOf(options.driver, "whitelist")).then(numbers), [3]);
}

async function keyEnds(options: DatabaseOptions, running: RunningBackend): Promise<void> {
  const app = await start(options, "keys = true\nkeys_cleanup_interval = 1");
  const { keys } = app.tracker.access;
  const soon = Math.trunc(Date.now() / 1000) + 2;
  keys.set(hash(1), 0, soon);
  keys.set(hash(2), 0, 0);
  await app.reloadLists();
  const path = `/announce/${toHex(hash(1))}`;
  assert.doesNotMatch(await announce(app, 1, "started", 6881, path), /failure/);
  assert.match(await announce(app, 1, "started", 6881, "/announce"), /missing key/);
  await pollUntil(() => Promise.resolve(Date.now() / 1000 >= soon), 5000);
  assert.match(await announce(app, 1, "started", 6881, path), /unknown key/);
  assert.equal(await pollUntil(() => Promise.resolve(keys.size() === 1), 5000), true);
  await stop(app);
  assert.deepEqual(await running.sql(countOf(options.driver, "keys")).then(numbers), [1]);
}

async function farKey(options: DatabaseOptions, running: RunningBackend): Promise<void> {
  await stop(await start(options));
  const table = quotedName(options.driver, "keys");
  await running.sql(
    `INSERT INTO ${table} (hash, timeout) VALUES (${literal(options.driver, hash(1))}, 4294967296)`,
  );
  const app = await start(options, "keys = true");
  assert.equal(app.tracker.access.keys.get(hash(1), 0), 0xffffffff);
  await stop(app);
  assert.deepEqual(await running.sql(`SELECT timeout FROM ${table}`).then(numbers), [4294967296]);
}

async function untouched(options: DatabaseOptions, running: RunningBackend): Promise<void> {
  await stop(await start(options));
  const before = await running.catalog();
  const app = await start(options, "persistence = false");
  await announce(app, 1, "completed");
  app.tracker.access.whitelist.set(hash(1), 0, 0);
  await app.reloadLists();
  assert.equal(app.tracker.access.whitelist.size(), 1);
  await stop(app);
  assert.equal(await running.catalog(), before);
  for (const table of ["torrents", "whitelist"]) {
    assert.deepEqual(await running.sql(countOf(options.driver, table)).then(numbers), [0]);
  }
}

async function databaseAway(options: DatabaseOptions, running: RunningBackend): Promise<void> {
  const own = running.server!.own!;
  const app = await start(options, "persistence_interval = 1\ndb_chunk_size = 10");
  const state = app.saving;
  await announce(app, 0, "completed");
  assert.equal(await pollUntil(() => Promise.resolve(app.tracker.store.totals().dirty === 0), 10_000), true);
  await own.stop("SIGKILL");
  for (let torrent = 1; torrent < 60; torrent++) await announce(app, torrent, "completed");
  assert.equal(await pollUntil(() => Promise.resolve(state.failingSince > 0), 30_000), true);
  // The batch in hand is kept, and what it holds can change again meanwhile.
  assert.ok(state.shadow > 0);
  for (let torrent = 0; torrent < 60; torrent++) await announce(app, torrent, "completed", 7000);
  await own.start();
  assert.equal(
    await pollUntil(
      () =>
        Promise.resolve(
          state.failingSince === 0 && state.shadow === 0 && app.tracker.store.totals().dirty === 0,
        ),
      60_000,
    ),
    true,
  );
  await stop(app);
  const sum = `SELECT count(*), sum(completed) FROM torrents`;
  assert.deepEqual(numbers(await running.sql(sum)), [60, 120]);
}

async function start(options: DatabaseOptions, settings = ""): Promise<RunningTracker> {
  const lines = [
    settings.includes("persistence = ") ? "" : "persistence = true",
    settings.includes("persistence_interval") ? "" : "persistence_interval = 3600",
    `db_driver = "${options.driver}"`,
    `db_path = ${JSON.stringify(options.path)}`,
    settings,
  ];
  return await startTracker({ settings: lines.join("\n"), http: ["127.0.0.1:0"] });
}

async function stop(app: RunningTracker): Promise<void> {
  assert.ok(await withTimeLimit(app.stop().then(() => true), STOP_MILLISECONDS), "the program did not stop");
}

async function announce(
  app: RunningTracker,
  torrent: number,
  event: string,
  port = 6881,
  path = "/announce",
): Promise<string> {
  const { hostname, port: serverPort } = app.listening.http[0];
  const name = String(torrent).padStart(20, "t");
  const query = `info_hash=${name}&peer_id=${name}&port=${port}&left=0&event=${event}`;
  const response = await fetch(`http://${hostname}:${serverPort}${path}?${query}`);
  return await response.text();
}

function infoHash(torrent: number): Int32Array {
  return new Int32Array(new TextEncoder().encode(String(torrent).padStart(20, "t")).buffer);
}

function hash(value: number): Int32Array {
  return new Int32Array(5).fill(value * 0x01010101);
}

function toHex(words: Int32Array): string {
  return new Uint8Array(words.buffer as ArrayBuffer).toHex();
}

function quotedName(driver: DatabaseOptions["driver"], name: string): string {
  return driver === "MySQL" ? `\`${name}\`` : `"${name}"`;
}

function countOf(driver: DatabaseOptions["driver"], table: string): string {
  return `SELECT count(*) FROM ${quotedName(driver, table)}`;
}

/** A hash as SQL has it: hex text in SQLite's tables, bytes in the others'. */
function literal(driver: DatabaseOptions["driver"], words: Int32Array): string {
  const hex = toHex(words);
  return driver === "SQLite3" ? `'${hex}'` : driver === "MySQL" ? `x'${hex}'` : `'\\x${hex}'`;
}

function insertIntoWhitelist(driver: DatabaseOptions["driver"], words: Int32Array): string {
  return `INSERT INTO whitelist (info_hash) VALUES (${literal(driver, words)})`;
}

function deleteFromWhitelist(driver: DatabaseOptions["driver"], words: Int32Array): string {
  return `DELETE FROM whitelist WHERE info_hash = ${literal(driver, words)}`;
}

function numbers(rows: unknown[][]): number[] {
  return rows[0].map(Number);
}
