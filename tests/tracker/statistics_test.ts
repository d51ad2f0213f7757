import assert from "node:assert/strict";
import { AnnounceRequest } from "../../src/protocol/messages.ts";
import { Statistics } from "../../src/tracker/statistics.ts";
import { COUNTER } from "../../src/tracker/stats.ts";
import { createTestTracker } from "../support/test_tracker.ts";
import { createSwarmAnswer } from "../../src/swarm/swarm_table.ts";

/** The names and their order, as operators' scripts know them. */
const NAMES = [
  ..."started timestamp_run_save timestamp_run_timeout timestamp_run_console timestamp_run_keys_timeout"
    .split(" "),
  ..."torrents torrents_updates torrents_shadow seeds peers completed".split(" "),
  ..."whitelist_enabled whitelist blacklist_enabled blacklist keys_enabled keys".split(" "),
  ..."tcp4_connections_handled tcp4_api_handled tcp4_announces_handled tcp4_scrapes_handled".split(" "),
  ..."tcp6_connections_handled tcp6_api_handled tcp6_announces_handled tcp6_scrapes_handled".split(" "),
  ..."udp4_connections_handled udp4_announces_handled udp4_scrapes_handled".split(" "),
  ..."udp6_connections_handled udp6_announces_handled udp6_scrapes_handled".split(" "),
];

Deno.test("names and order are those of the documented answer", () => {
  const { memory, tracker } = createTestTracker();
  assert.deepEqual(Object.keys(new Statistics(memory, tracker, 5).read()), NAMES);
});

Deno.test("at first all is zero but the start", () => {
  const { memory, tracker } = createTestTracker();
  const { started, ...rest } = new Statistics(memory, tracker, 5).read();
  assert.equal(started, 5);
  for (const [name, value] of Object.entries(rest)) assert.equal(Number(value), 0, name);
});

Deno.test("seeds are seeders, peers are leechers; lists and counters are what they are", () => {
  const { memory, tracker } = createTestTracker({ whitelist: true, keys: true }, { keepTorrents: true });
  const answer = createSwarmAnswer(new Uint16Array(2000));
  const request = new AnnounceRequest();
  request.event = 1;
  for (const [port, left] of [[1, 0], [2, 7], [3, 7]]) {
    request.port = port;
    request.amounts[0] = left;
    tracker.store.announce(request, answer, 0);
  }
  const key = Int32Array.of(1, 2, 3, 4, 5);
  tracker.access.whitelist.set(key, 0, 0);
  tracker.access.keys.set(key, 0, 0);
  tracker.access.keys.set(key.map((word) => word + 1), 0, 0);
  tracker.counters[COUNTER.udp6_scrapes_handled] += 9;

  const statistics = new Statistics(memory, tracker, 1);
  statistics.timestamps.timeout = 2;
  statistics.timestamps.console = 3;
  statistics.timestamps.keysTimeout = 4;
  const view = statistics.read();
  assert.deepEqual([view.torrents, view.torrents_updates, view.seeds, view.peers, view.completed], [
    1,
    1,
    1,
    2,
    1,
  ]);
  assert.deepEqual([view.whitelist_enabled, view.blacklist_enabled, view.keys_enabled], [true, false, true]);
  assert.deepEqual([view.whitelist, view.blacklist, view.keys], [1, 0, 2]);
  assert.equal(view.udp6_scrapes_handled, 9);
  assert.deepEqual(
    [view.timestamp_run_timeout, view.timestamp_run_console, view.timestamp_run_keys_timeout],
    [2, 3, 4],
  );
});

Deno.test("what the saving thread tells is shown", () => {
  const { memory, tracker } = createTestTracker();
  const statistics = new Statistics(memory, tracker, 1);
  statistics.saving.shadow = 12;
  statistics.saving.nextSave = 1_700_000_060;
  const view = new Statistics(memory, tracker, 1).read();
  assert.deepEqual([view.torrents_shadow, view.timestamp_run_save], [12, 1_700_000_060]);
});
