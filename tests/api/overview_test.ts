import assert from "node:assert/strict";
import { COUNTER } from "../../src/tracker/stats.ts";
import { createTestApi, READ_TOKEN } from "./test_api.ts";

Deno.test("the overview tells what the token is good for", async () => {
  const { askJson } = createTestApi();
  const accessOf = async (token?: string) => {
    const [status, body] = await askJson("/api/overview", token === undefined ? {} : { token });
    return [status, (body as { access?: string }).access];
  };
  assert.deepEqual(await accessOf(), [200, "full"]);
  assert.deepEqual(await accessOf(READ_TOKEN), [200, "read"]);
  assert.deepEqual(await accessOf("wrong"), [401, undefined]);
});

Deno.test("the overview tells memory, threads, saving and refusals", async () => {
  const { askJson, statistics, tracker } = createTestApi({
    config: { persistence: true, http_workers: 3 },
    limits: { keepTorrents: true },
  });
  tracker.store.setCompleted(new Int32Array(5), 1);
  tracker.access.keys.set(new Int32Array(5), 0, 0);
  statistics.saving.lastSave = 1_700_000_100;
  statistics.saving.lastSaveMilliseconds = 12;
  statistics.saving.refused = 4;
  tracker.counters[COUNTER.refused_key] += 2;
  const [, body] = await askJson("/api/overview");
  const { memory, ...rest } = body as { memory: number };
  assert.ok(memory > 1_000_000);
  assert.deepEqual(rest, {
    access: "full",
    version: "1.2.3",
    udp_workers: 0,
    http_workers: 3,
    persistence: true,
    last_save: 1_700_000_100,
    last_save_milliseconds: 12,
    failing_since: 0,
    waiting_changes: 2,
    refused_changes: 4,
    refusals: {
      refused_not_whitelisted: 0,
      refused_blacklisted: 0,
      refused_key: 2,
      full_torrents: 0,
      full_peers: 0,
      udp_junk: 0,
      udp_bad_connection_id: 0,
      udp_bad_request: 0,
      http_bad_request: 0,
    },
  });
});
