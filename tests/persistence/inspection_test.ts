// Looking at a server's database without leaving a trace; for `denotrack doctor`.

import assert from "node:assert/strict";
import { DatabaseError } from "../../src/persistence/database.ts";
import { inspectServer, openDatabase } from "../../src/persistence/open.ts";
import { onBackend, SERVER_BACKENDS } from "./backends.ts";

const LIMITS = { connectSeconds: 5, callSeconds: 5 };

for (const backend of SERVER_BACKENDS) {
  Deno.test(onBackend(backend, "a database is looked at, and nothing is created", async (_, running) => {
    const driver = backend.driver as "MySQL" | "PgSQL";
    const options = await running.empty();
    const before = await running.catalog();
    const { missingTables, description } = await inspectServer(driver, options, LIMITS);
    assert.deepEqual(missingTables, ["torrents", "whitelist", "blacklist", "keys"]);
    assert.match(description, / database \S+ at 127\.0\.0\.1:\d+$/);
    assert.equal(await running.catalog(), before);

    await (await openDatabase(options)).close();
    assert.deepEqual((await inspectServer(driver, options, LIMITS)).missingTables, []);
    await running.sql("DROP TABLE torrents");
    await running.sql("CREATE TABLE torrents (somebody_elses INTEGER)");
    await assert.rejects(
      inspectServer(driver, options, LIMITS),
      (error) => error instanceof DatabaseError && error.fault === "structure",
    );
    const wrong = { ...options, path: running.server!.url({ password: "wrong" }) };
    await assert.rejects(inspectServer(driver, wrong, LIMITS), DatabaseError);
  }));
}
