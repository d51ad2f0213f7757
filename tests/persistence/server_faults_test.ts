// Faults of a server made for real: what is told, what is kept, and that the next call works again.

import assert from "node:assert/strict";
import { type Database, DatabaseError, type DatabaseFault } from "../../src/persistence/database.ts";
import { type DatabaseOptions, openDatabase } from "../../src/persistence/open.ts";
import { delay, freePort, pollUntil } from "../support/program.ts";
import { type Backend, onBackend, type RunningBackend, SERVER_BACKENDS } from "./backends.ts";
import { HOST, type OwnServer, PASSWORD, type TestServer } from "./server_process.ts";
import { contentOf, hexOf, randomRows, readContent, rowsOf } from "./table_content.ts";

interface Scene {
  readonly driver: Backend["driver"];
  readonly running: RunningBackend;
  readonly server: TestServer;
  readonly options: DatabaseOptions;
}

const STEPS: Record<string, (scene: Scene) => Promise<void>> = {
  "wrong password, user or database: told at once": wrongLogin,
  "nobody at the port: told when the time is over": nobodyThere,
  "a server that takes connections and says nothing": silentServer,
  "TLS wanted of a server that has none: told, never sent in the open": noTls,
  "localhost, whatever address it stands for": localhost,
  "no right to write": noRight,
  "a connection cut between two calls": cutBetween,
  "a connection cut in the middle of a transaction: nothing of it is kept": cutInTransaction,
  "a table locked by another: given up in time": lockedTable,
  "closed while a call is under way": closedMeanwhile,
};

/** These stop the server, which must be our own. */
const STOPPING_STEPS: Record<string, (scene: Scene, own: OwnServer) => Promise<void>> = {
  "stopped and started between two calls": stoppedBetween,
  "killed during a save": killedDuring,
  "a server that stops answering: given up in time": pausedServer,
  "not up yet: waited for": notUpYet,
};

for (const backend of SERVER_BACKENDS) {
  Deno.test(onBackend(backend, "server faults", async (context, running) => {
    const server = running.server!;
    const scene = async () => ({ driver: backend.driver, running, server, options: await running.empty() });
    for (const [name, step] of Object.entries(STEPS)) {
      await context.step(name, async () => await step(await scene()));
    }
    const own = server.own;
    for (const [name, step] of Object.entries(STOPPING_STEPS)) {
      const ignore = own === undefined;
      await context.step({ name, ignore, fn: async () => await step(await scene(), own!) });
    }
  }));
}

async function wrongLogin({ server, options }: Scene) {
  const wrong = { user: "nobody", password: "wrong:p@ss", database: "missing" };
  for (const part of ["user", "password", "database"] as const) {
    const path = server.url({ [part]: wrong[part] });
    const start = performance.now();
    const error = await failure(openDatabase({ ...options, path }), "refused");
    assert.ok(performance.now() - start < 3000, "no waiting for what waiting cannot mend");
    assert.match(error.message, part === "database" ? /missing/ : /nobody|tester/, error.message);
  }
}

async function nobodyThere({ server, options }: Scene) {
  const url = new URL(server.url());
  url.port = String(freePort(HOST));
  let waits = 0;
  const start = performance.now();
  const opening = openDatabase({ ...options, path: url.href, connectTimeoutSeconds: 1 }, () => waits++);
  const error = await failure(opening, "unavailable");
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds > 0.4 && seconds < 3, `${seconds} s`);
  assert.equal(waits, 1);
  assert.match(error.message, /refused/i);
}

async function silentServer({ server, options }: Scene) {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  const url = new URL(server.url());
  url.port = String(listener.addr.port);
  try {
    const start = performance.now();
    const opening = openDatabase({ ...options, path: url.href, connectTimeoutSeconds: 1 });
    await failure(opening, "unavailable");
    assert.ok(performance.now() - start < 4000);
  } finally {
    listener.close();
    await accepting;
    connections.forEach((connection) => connection.close());
  }
}

async function noTls({ server, options }: Scene) {
  const opening = openDatabase({ ...options, path: `${server.url()}?sslmode=require` });
  const error = await failure(opening, "refused");
  assert.match(error.message, /TLS|SSL|secure/);
}

async function localhost({ server, options }: Scene) {
  const url = new URL(server.url());
  url.hostname = "localhost";
  await (await openDatabase({ ...options, path: url.href })).close();
}

async function noRight({ driver, server, running, options }: Scene) {
  await (await openDatabase(options)).close();
  const reader = `reader${Math.floor(performance.now())}`;
  const other = { user: reader, password: PASSWORD };
  if (driver === "MySQL") {
    await running.sql(`CREATE USER '${reader}'@'%' IDENTIFIED BY '${PASSWORD}'`);
    await running.sql(`GRANT SELECT ON *.* TO '${reader}'@'%'`);
  } else {
    await running.sql(`CREATE USER ${reader} PASSWORD '${PASSWORD}'`);
    await running.sql(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${reader}`);
  }
  const database = await openDatabase({ ...options, path: server.url(other) });
  try {
    await failure(database.save("torrents", randomRows("torrents", 1)), "refused");
    assert.equal(await database.count("torrents"), 0);
  } finally {
    await database.close();
  }
}

async function cutBetween({ server, options }: Scene) {
  await withDatabase(options, async (database) => {
    await database.save("torrents", randomRows("torrents", 10));
    await server.cutConnections();
    // The driver may have noticed, or not yet: one error at most, then it works.
    await database.count("torrents").catch((error) => assert.equal(error.fault, "unavailable"));
    assert.equal(await database.count("torrents"), 10);
  });
}

async function cutInTransaction(scene: Scene) {
  const { driver, server, running, options } = scene;
  await withDatabase(options, async (database) => {
    const last = rowsOf([hexOf(1)], [1]);
    await database.save("torrents", last);
    const many = randomRows("torrents", 25_000);
    const rows = {
      hashes: new Uint8Array([...many.hashes, ...last.hashes]),
      numbers: new Float64Array([...many.numbers, 2]),
    };
    const hex = driver === "MySQL" ? `x'${hexOf(1)}'` : `'\\x${hexOf(1)}'`;
    const sleep = driver === "MySQL" ? "SELECT sleep(20)" : "SELECT pg_sleep(20)";
    const holding = running
      .sql(`BEGIN; UPDATE torrents SET completed = 5 WHERE info_hash = ${hex}; ${sleep}; COMMIT`)
      .catch(() => {});
    await waitFor(scene, "sleep");
    // The first statements of the save go through; the last one waits for the row.
    const saving = failure(database.save("torrents", rows), "unavailable");
    saving.catch(() => {});
    await waitFor(scene, "lock");
    // First the one that waits: when the lock is free, it might come to its end.
    await cutWaiting(scene);
    await saving;
    await server.cutConnections();
    await holding;
    assert.equal(await database.count("torrents"), 1);
    assert.deepEqual(await readContent(database, "torrents"), contentOf(last));
    await database.save("torrents", rows);
    assert.equal(await database.count("torrents"), 25_001);
  });
}

async function cutWaiting({ running, driver }: Scene) {
  if (driver === "PgSQL") {
    await running.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    );
    return;
  }
  const waiting =
    "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
  for (const [id] of await running.sql(waiting)) await running.sql(`KILL CONNECTION ${id}`);
}

async function lockedTable(scene: Scene) {
  const { driver, running, options } = scene;
  await withDatabase({ ...options, callTimeoutSeconds: 1 }, async (database) => {
    const statement = driver === "MySQL"
      ? "LOCK TABLES whitelist WRITE; SELECT sleep(4); UNLOCK TABLES"
      : "BEGIN; LOCK TABLE whitelist IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(4); COMMIT";
    const holding = running.sql(statement);
    await waitFor(scene, "sleep");
    const start = performance.now();
    await failure(database.save("whitelist", randomRows("whitelist", 3)), "unavailable");
    assert.ok(performance.now() - start < 2500);
    assert.equal(await database.count("torrents"), 0);
    await holding;
    await database.save("blacklist", randomRows("blacklist", 3));
    assert.equal(await database.count("blacklist"), 3);
  });
}

async function closedMeanwhile(scene: Scene) {
  const { driver, running, options } = scene;
  const database = await openDatabase(options);
  const statement = driver === "MySQL"
    ? "LOCK TABLES keys WRITE; SELECT sleep(2); UNLOCK TABLES".replace("keys", "`keys`")
    : "BEGIN; LOCK TABLE keys IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(2); COMMIT";
  const holding = running.sql(statement);
  await waitFor(scene, "sleep");
  const saving = failure(database.save("keys", randomRows("keys", 3)), "unavailable");
  saving.catch(() => {});
  await delay(200);
  const start = performance.now();
  await database.close();
  assert.match((await saving).message, /closed$/);
  assert.ok(performance.now() - start < 500);
  await holding;
}

async function stoppedBetween({ options }: Scene, own: OwnServer) {
  await withDatabase(options, async (database) => {
    const rows = randomRows("torrents", 1000);
    await database.save("torrents", rows);
    await own.stop();
    try {
      await failure(database.count("torrents"), "unavailable");
      await failure(database.save("torrents", rows), "unavailable");
    } finally {
      await own.start();
    }
    assert.equal(await database.count("torrents"), 1000);
    await database.save("torrents", randomRows("torrents", 10));
    assert.equal(await database.count("torrents"), 1010);
  });
}

async function killedDuring({ options }: Scene, own: OwnServer) {
  await withDatabase(options, async (database) => {
    let isUp = true;
    let saved = 0;
    const saving = (async () => {
      while (isUp) {
        await database.save("torrents", randomRows("torrents", 12_000));
        saved += 12_000;
      }
    })();
    const failed = failure(saving, "unavailable");
    failed.catch(() => {});
    await delay(700);
    await own.stop("SIGKILL");
    await failed;
    isUp = false;
    await own.start();
    // All or nothing; the end of the last one may have been lost with its answer. The servers under test do not wait for
    // the disk, but the system has what a killed program wrote.
    const count = await database.count("torrents");
    assert.equal(count % 12_000, 0);
    assert.ok(count === saved || count === saved + 12_000, `${count} rows, ${saved} confirmed`);
  });
}

async function pausedServer({ options }: Scene, own: OwnServer) {
  await withDatabase({ ...options, callTimeoutSeconds: 1 }, async (database) => {
    assert.equal(await database.count("torrents"), 0);
    own.pause();
    // A signal stops one thread after the other.
    await delay(200);
    try {
      const start = performance.now();
      const error = await failure(database.count("torrents"), "unavailable");
      assert.match(error.message, /no answer in 1 s/);
      assert.ok(performance.now() - start < 2500);
    } finally {
      own.resume();
    }
    assert.equal(await database.count("torrents"), 0);
  });
}

async function notUpYet({ options }: Scene, own: OwnServer) {
  await own.stop();
  const reasons: DatabaseError[] = [];
  const opening = openDatabase({ ...options, connectTimeoutSeconds: 30 }, (error) => reasons.push(error));
  const started = delay(800).then(() => own.start());
  const database = await opening;
  await started;
  try {
    assert.equal(reasons.length, 1);
    assert.equal(await database.count("keys"), 0);
  } finally {
    await database.close();
  }
}

async function withDatabase(options: DatabaseOptions, work: (database: Database) => Promise<void>) {
  const database = await openDatabase(options);
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

/** Rejects unless the promise rejects with this fault, told in one line without the password. */
async function failure(promise: Promise<unknown>, fault: DatabaseFault): Promise<DatabaseError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof DatabaseError, String(error));
    assert.equal(error.fault, fault, error.message);
    assert.match(error.message, /^(MySQL|PostgreSQL) database \S+ at \S+: [^\n]+$/);
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), "wrong:p@ss", "wrong%3Ap%40ss"]) {
      assert.equal(error.message.includes(secret), false, "a password in a message");
    }
    return error;
  }
  throw new assert.AssertionError({ message: "nothing failed" });
}

/** What the servers call a statement that sleeps, and one that waits for a lock. */
const WAITS = {
  MySQL: {
    sleep: "SELECT count(*) FROM information_schema.processlist WHERE state = 'User sleep'",
    lock: "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
  },
  PgSQL: {
    sleep: "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
    lock: "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
  },
};

/** Until somebody sleeps, or waits for a lock. */
async function waitFor({ running, driver }: Scene, what: "sleep" | "lock") {
  if (driver === "SQLite3") throw new Error("not a server");
  const query = WAITS[driver][what];
  const isThere = async () => Number((await running.sql(query))[0]![0]) > 0;
  assert.ok(await pollUntil(isThere, 10_000), `no ${what}`);
}
