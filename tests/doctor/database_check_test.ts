import assert from "node:assert/strict";
import { defaultConfig } from "../../src/config/schema.ts";
import { checkDatabase } from "../../src/doctor/database_check.ts";
import { openDatabase } from "../../src/persistence/open.ts";
import { freePort } from "../support/program.ts";
import { onBackend, SERVER_BACKENDS } from "../persistence/backends.ts";

type Driver = "SQLite3" | "MySQL" | "PgSQL";

async function check(db_driver: Driver, db_path: string): Promise<[state: string, text: string]> {
  const { state, text } = await checkDatabase({ ...defaultConfig(), persistence: true, db_driver, db_path });
  return [state, text];
}

Deno.test("without persistence there is no database", async () => {
  assert.equal((await checkDatabase(defaultConfig())).state, "ok");
});

Deno.test("a file of SQLite is looked at, and none is made", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "denotrack-" });
  const path = `${folder}/a.db`;
  const url = `sqlite://${path}`;
  assert.deepEqual(await check("SQLite3", url), ["ok", `the start will create the SQLite file ${path}`]);
  assert.equal((await check("SQLite3", `sqlite://${folder}/none/a.db`))[0], "warning");
  assert.equal((await check("SQLite3", "sqlite://:memory:"))[0], "warning");
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  const structure = defaultConfig().db_structure;
  await (await openDatabase({ driver: "SQLite3", path: url, structure, connectTimeoutSeconds: 1 })).close();
  const before = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.deepEqual(await check("SQLite3", url), ["ok", `SQLite file ${path} can be read and written`]);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), before);
  Deno.writeTextFileSync(path, "something else entirely");
  assert.deepEqual(await check("SQLite3", url), ["warning", `${path} is no SQLite file`]);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("a server that is not there is told without its password", async () => {
  const port = freePort("127.0.0.1");
  const [state, text] = await check("PgSQL", `postgres://me:hunter2@127.0.0.1:${port}/tracker`);
  assert.equal(state, "warning");
  assert.match(text, /^PostgreSQL database tracker at 127\.0\.0\.1:\d+: /);
  assert.ok(!text.includes("hunter2"));
});

for (const backend of SERVER_BACKENDS) {
  Deno.test(onBackend(backend, "the doctor and a server", async (_, running) => {
    const { driver, path } = await running.empty();
    const [state, text] = await check(driver, path);
    assert.equal(state, "ok");
    assert.match(text, /: the start will create torrents, whitelist, blacklist, keys$/);
  }));
}
