import assert from "node:assert/strict";
import { createTestApi, READ_TOKEN, START_UNIX, TOKEN } from "./test_api.ts";

Deno.test("health wants no token and tells nothing more", async () => {
  const { askJson } = createTestApi();
  assert.deepEqual(await askJson("/health", { token: "" }), [200, { status: "ok" }]);
});

Deno.test("a tracker that stops is not healthy", async () => {
  const { askJson, stopping } = createTestApi();
  stopping.abort();
  assert.deepEqual(await askJson("/health", { token: "" }), [503, { status: "stopping" }]);
});

Deno.test("a tracker with a thread that hangs is not healthy", async () => {
  const { askJson } = createTestApi({ silentThreads: () => ["the UDP thread 2", "the UDP thread 3"] });
  assert.deepEqual(await askJson("/health", { token: "" }), [503, {
    status: "the UDP thread 2 does not answer",
  }]);
});

Deno.test("a database that fails for more than three intervals is not healthy", async () => {
  const { askJson, clock, statistics } = createTestApi({
    config: { persistence: true, persistence_interval: 10 },
  });
  statistics.saving.failingSince = START_UNIX + clock.now;
  clock.now += 30;
  assert.equal((await askJson("/health"))[0], 200);
  clock.now += 1;
  assert.deepEqual(await askJson("/health"), [503, {
    status: "the database has been failing for 31 seconds",
  }]);
  statistics.saving.failingSince = 0;
  assert.equal((await askJson("/health"))[0], 200);
});

Deno.test("the configuration has every key but the secret ones", async () => {
  const db_path = "mysql://user:hunter2@host/db";
  const { ask } = createTestApi({ config: { db_path } });
  const text = await (await ask("/api/config")).text();
  for (const secret of ["hunter2", TOKEN, READ_TOKEN, "api_key"]) assert.ok(!text.includes(secret), secret);
  const config = JSON.parse(text);
  assert.deepEqual([config.db_path, config.interval], ["mysql://user:***@host/db", 1800]);
  assert.equal(config.udp_server[0].bind_address, "127.0.0.1:6969");
});
