import assert from "node:assert/strict";
import { createApi } from "../../src/api/app.ts";
import { Statistics } from "../../src/tracker/statistics.ts";
import { readCounter } from "../../src/tracker/stats.ts";
import { createTestTracker } from "../support/test_tracker.ts";

function createTestApi() {
  const { memory, tracker } = createTestTracker();
  const statistics = new Statistics(memory, tracker, 1_700_000_000);
  const api = createApi({ apiKey: "abc", statistics, counters: tracker.counters });
  const ask = async (path: string, from = "127.0.0.1", init: RequestInit = {}) => {
    const remoteAddr = { transport: "tcp" as const, hostname: from, port: 1 };
    return await api.fetch(new Request(`http://tracker${path}`, init), {
      remoteAddr,
      completed: Promise.resolve(),
    });
  };
  return { ask, memory };
}

Deno.test("statistics are JSON, for whoever knows the token", async () => {
  const { ask } = createTestApi();
  const response = await ask("/api/stats?token=abc");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  const stats = await response.json();
  assert.deepEqual([stats.started, stats.torrents, stats.whitelist_enabled], [1_700_000_000, 0, false]);
});

Deno.test("without the token every path of the API says so, known or not", async () => {
  const { ask } = createTestApi();
  for (const path of ["/api/stats", "/api/stats?token=x", "/api/nothing", "/api/"]) {
    const response = await ask(path);
    assert.equal(response.status, 401, path);
    assert.deepEqual(await response.json(), { status: "invalid token" });
  }
});

Deno.test("what is not there is 404 as JSON", async () => {
  const { ask } = createTestApi();
  for (const path of ["/api/nothing?token=abc", "/other"]) {
    const response = await ask(path);
    assert.equal(response.status, 404, path);
    assert.deepEqual(await response.json(), { status: "not found" });
  }
});

Deno.test("requests are counted by family, refused ones as well", async () => {
  const { ask, memory } = createTestApi();
  await ask("/api/stats?token=abc");
  await ask("/api/stats");
  await ask("/api/stats?token=abc", "2001:db8::1");
  await ask("/api/stats?token=abc", "::ffff:1.2.3.4");
  assert.equal(readCounter(memory.stats, "tcp4_api_handled"), 3);
  assert.equal(readCounter(memory.stats, "tcp6_api_handled"), 1);
  assert.equal(readCounter(memory.stats, "tcp4_connections_handled"), 3);
});
