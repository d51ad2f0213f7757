import assert from "node:assert/strict";
import type { Clock } from "../src/base/clock.ts";
import { type Config, parseConfig } from "../src/config/config.ts";
import { consoleBlock, startHousekeeping } from "../src/housekeeping.ts";
import { AnnounceRequest } from "../src/protocol/messages.ts";
import { Statistics } from "../src/tracker/statistics.ts";
import { COUNTER } from "../src/tracker/stats.ts";
import { pollUntil } from "./support/program.ts";
import { createTestTracker, type TestTracker } from "./support/test_tracker.ts";
import { createSwarmAnswer } from "../src/swarm/swarm_table.ts";

const NOW = 1_700_000_000;

/** A clock that stands at a second. */
function clockAt(seconds: number): Clock {
  return { seconds: () => seconds, milliseconds: () => seconds * 1000, unixSeconds: () => NOW + seconds };
}

function configOf(text: string): Config {
  const result = parseConfig({ text, file: "test.toml", env: {} });
  assert.ok("config" in result, JSON.stringify(result));
  return result.config;
}

function addPeers({ tracker }: TestTracker, count: number): void {
  const out = new Uint16Array(5000);
  const answer = createSwarmAnswer(out);
  const request = new AnnounceRequest();
  request.amounts[0] = 1;
  for (request.port = 1; request.port <= count; request.port++) {
    request.infoHash[0] = request.port % 50;
    tracker.store.announce(request, answer, 0);
  }
}

async function whileRunning(
  text: string,
  parts: TestTracker,
  seconds: number,
  check: (statistics: Statistics) => Promise<void> | void,
): Promise<void> {
  const statistics = new Statistics(parts.memory, parts.tracker, NOW);
  const housekeeping = startHousekeeping(configOf(text), parts.tracker, statistics, clockAt(seconds));
  try {
    await check(statistics);
  } finally {
    const start = performance.now();
    await housekeeping.stop();
    assert.ok(performance.now() - start < 1000, "it stops at once");
  }
}

Deno.test("peers that are gone are swept out, others stay", async () => {
  const parts = createTestTracker({ peerTimeout: 100 });
  addPeers(parts, 1000);
  await whileRunning("interval_cleanup = 1\nlog_console_interval = 0", parts, 50, async () => {
    assert.equal(
      await pollUntil(() => Promise.resolve(parts.tracker.store.totals().leechers < 1000), 1500),
      false,
    );
  });
  await whileRunning("interval_cleanup = 1\nlog_console_interval = 0", parts, 1000, async () => {
    const isEmpty = () => Promise.resolve(parts.tracker.store.totals().leechers === 0);
    assert.ok(await pollUntil(isEmpty, 10_000));
    assert.equal(parts.tracker.store.totals().torrents, 0);
  });
});

Deno.test("keys whose time has come are removed, with keys on", async () => {
  const parts = createTestTracker({ keys: true });
  const { keys } = parts.tracker.access;
  for (let i = 0; i < 100; i++) {
    keys.set(Int32Array.of(i, 0, 0, 0, 0), 0, i < 60 ? NOW - i : i < 80 ? 0 : NOW + 9 + i);
  }
  await whileRunning(
    "keys = true\nkeys_cleanup_interval = 1\nlog_console_interval = 0",
    parts,
    5,
    async () => {
      assert.ok(await pollUntil(() => Promise.resolve(keys.size() === 40), 10_000), `${keys.size()} keys`);
    },
  );
});

Deno.test("the times of what runs next are told, 0 for what never runs", async () => {
  const parts = createTestTracker();
  const text = "interval_cleanup = 700\nlog_console_interval = 50\nkeys_cleanup_interval = 30";
  await whileRunning(`${text}\nkeys = true`, parts, 10, ({ timestamps }) => {
    const { timeout, console, keysTimeout } = timestamps;
    assert.deepEqual([timeout, console, keysTimeout], [NOW + 710, NOW + 60, NOW + 40]);
  });
  await whileRunning("log_console_interval = 0", parts, 10, ({ timestamps }) => {
    assert.deepEqual([timestamps.console, timestamps.keysTimeout], [0, 0]);
  });
  await whileRunning("statistics_enabled = false", parts, 10, ({ timestamps }) => {
    assert.equal(timestamps.console, 0);
  });
});

Deno.test("the console block, line by line", () => {
  const parts = createTestTracker();
  addPeers(parts, 3);
  parts.tracker.counters[COUNTER.tcp6_api_handled] = 4;
  parts.tracker.counters[COUNTER.udp4_connections_handled] = 5;
  parts.tracker.access.blacklist.set(new Int32Array(5), 0, 0);
  assert.deepEqual(consoleBlock(new Statistics(parts.memory, parts.tracker, NOW)), [
    "torrents 3, updates 0, shadow 0, seeds 0, peers 3, completed 0",
    "whitelist 0, blacklist 1, keys 0",
    "TCP IPv4: connections 0, API 0, announces 0, scrapes 0",
    "TCP IPv6: connections 0, API 4, announces 0, scrapes 0",
    "UDP IPv4: connections 5, announces 0, scrapes 0",
    "UDP IPv6: connections 0, announces 0, scrapes 0",
  ]);
});
