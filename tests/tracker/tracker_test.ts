import assert from "node:assert/strict";
import { AnnounceRequest, COMPLETED, NONE, PAUSED, STARTED, STOPPED } from "../../src/protocol/messages.ts";
import { createSwarmAnswer, type SwarmAnswer, SweepCursor } from "../../src/swarm/swarm_table.ts";
import { ALLOWED, KEY_MISSING, NOT_WHITELISTED } from "../../src/tracker/access.ts";
import { COUNTER } from "../../src/tracker/stats.ts";
import type { Tracker } from "../../src/tracker/tracker.ts";
import { createTestTracker } from "../support/test_tracker.ts";

const NOW = 1_700_000_000;

function createAnswer(): SwarmAnswer {
  return createSwarmAnswer(new Uint16Array(5000));
}

function request(fields: Partial<Pick<AnnounceRequest, "port" | "event" | "wanted">> & { left?: number }) {
  const announce = new AnnounceRequest();
  announce.infoHash.fill(7);
  announce.port = fields.port ?? 1;
  announce.event = fields.event ?? NONE;
  announce.wanted = fields.wanted ?? -1;
  announce.amounts[0] = fields.left ?? 1;
  return announce;
}

function announce(
  tracker: Tracker,
  fields: Parameters<typeof request>[0],
  most = 1000,
  seconds = 0,
): SwarmAnswer {
  const answer = createAnswer();
  assert.equal(tracker.announce(request(fields), answer, most, seconds, NOW), ALLOWED);
  return answer;
}

Deno.test("the most peers: the transport's limit, the configuration's, or what is asked for", () => {
  const { tracker } = createTestTracker({ peersReturned: 20 });
  for (let port = 1; port <= 50; port++) announce(tracker, { port });
  const peers = (wanted: number, most: number) => announce(tracker, { port: 99, wanted }, most).peers;
  assert.equal(peers(-1, 1000), 20);
  assert.equal(peers(-7, 10), 10);
  assert.equal(peers(0, 1000), 0);
  assert.equal(peers(5, 1000), 5);
  assert.equal(peers(15, 10), 10);
  assert.equal(peers(1000, 1000), 20);
});

Deno.test("stopped and paused want no peers; paused is no event for the store", () => {
  const { tracker } = createTestTracker();
  announce(tracker, { port: 1, left: 0 });
  const paused = request({ port: 2, event: PAUSED, wanted: 50 });
  const answer = createAnswer();
  assert.equal(tracker.announce(paused, answer, 100, 0, NOW), ALLOWED);
  assert.deepEqual([answer.peers, answer.leechers, paused.event, paused.wanted], [0, 1, NONE, 0]);
  assert.equal(announce(tracker, { port: 2, event: STOPPED, wanted: 50 }).peers, 0);
  assert.equal(announce(tracker, { port: 3, event: STARTED }).peers, 1);
  assert.equal(announce(tracker, { port: 3, left: 0, event: COMPLETED }).completed, 1);
});

Deno.test("what is refused is counted by its reason, and not stored", () => {
  const { tracker } = createTestTracker({ keys: true, whitelist: true }, { keepTorrents: true });
  assert.equal(tracker.announce(request({}), createAnswer(), 50, 0, NOW), KEY_MISSING);
  assert.equal(tracker.checkScrape(0, new Int32Array(5), NOW), KEY_MISSING);
  assert.equal(tracker.counters[COUNTER.refused_key], 2);
  assert.equal(tracker.store.totals().torrents, 0);
});

Deno.test("a torrent that is not on the whitelist is refused and counted", () => {
  const { tracker } = createTestTracker({ whitelist: true });
  assert.equal(tracker.announce(request({}), createAnswer(), 50, 0, NOW), NOT_WHITELISTED);
  assert.equal(tracker.counters[COUNTER.refused_not_whitelisted], 1);
  assert.equal(tracker.checkScrape(0, new Int32Array(5), NOW), ALLOWED, "a scrape is no matter of lists");
});

Deno.test("a peer not heard of for longer than its time is swept out", () => {
  const { tracker } = createTestTracker({ peerTimeout: 100 });
  announce(tracker, { port: 1 }, 50, 0);
  announce(tracker, { port: 2 }, 50, 60);
  const sweep = (seconds: number) => {
    const cursor = new SweepCursor();
    while (!tracker.sweep(cursor, 100, seconds)) { /* to its end */ }
    return tracker.store.totals().leechers;
  };
  assert.equal(sweep(100), 2);
  // Times are kept in steps of some seconds, so that a peer may stay a little longer.
  assert.equal(sweep(150), 1);
  assert.equal(sweep(300), 0);
  assert.equal(tracker.store.totals().torrents, 0, "nor is the torrent kept");
});
