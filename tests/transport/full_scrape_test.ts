import assert from "node:assert/strict";
import { AnnounceRequest } from "../../src/protocol/messages.ts";
import type { SwarmStore } from "../../src/swarm/store.ts";
import { fullScrape } from "../../src/transport/full_scrape.ts";
import { latin1 } from "../support/bencode_decoder.ts";
import { createTestTracker } from "../support/test_tracker.ts";
import { createSwarmAnswer } from "../../src/swarm/swarm_table.ts";

const ENTRY = /20:([^]{20})d8:completei(\d+)e10:downloadedi(\d+)e10:incompletei(\d+)ee/y;

/** Counts by hash, read from the text of an answer in the order of the store. */
function parse(text: string): Map<string, string> {
  assert.ok(text.startsWith("d5:filesd"), text.slice(0, 30));
  const found = new Map<string, string>();
  ENTRY.lastIndex = 9;
  for (let match = ENTRY.exec(text); match !== null; match = ENTRY.exec(text)) {
    found.set(match[1], match.slice(2).join());
    if (text.length - ENTRY.lastIndex === 2) break;
  }
  assert.ok(text.endsWith("ee"));
  assert.equal(text.length, 11 + [...found.values()].reduce((sum, counts) => sum + entryLength(counts), 0));
  return found;
}

function entryLength(counts: string): number {
  return "20:d8:completeie10:downloadedie10:incompleteiee".length + 20 + counts.replaceAll(",", "").length;
}

function join(store: SwarmStore, infoHash: Uint8Array, left: number): void {
  const request = new AnnounceRequest();
  request.infoHashBytes.set(infoHash);
  request.port = 1;
  request.amounts[0] = left;
  request.event = 1;
  request.wanted = 0;
  const out = new Uint16Array(2000);
  store.announce(request, createSwarmAnswer(out), 0);
}

Deno.test("a full scrape of nothing", async () => {
  const response = fullScrape(createTestTracker().tracker.store);
  assert.equal(response.headers.get("content-type"), "text/plain");
  assert.match(response.headers.get("cache-control") ?? "", /no-transform/);
  assert.equal(await response.text(), "d5:filesdee");
});

Deno.test("a full scrape holds every torrent once, with its counts", async () => {
  const { store } = createTestTracker({}, { torrents: 20_000, peers: 20_000 }).tracker;
  const expected = new Map<string, string>();
  for (let i = 0; i < 10_000; i++) {
    const infoHash = crypto.getRandomValues(new Uint8Array(20));
    join(store, infoHash, i % 2);
    expected.set(latin1(infoHash), i % 2 === 0 ? "1,1,0" : "0,0,1");
  }
  const found = parse(latin1(new Uint8Array(await fullScrape(store).arrayBuffer())));
  assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()));
});

Deno.test("it is made piece by piece while it is read, and ends when the client goes away", async () => {
  const { store } = createTestTracker({}, { torrents: 20_000, peers: 20_000 }).tracker;
  for (let i = 0; i < 5000; i++) join(store, crypto.getRandomValues(new Uint8Array(20)), 1);
  const reader = fullScrape(store).body!.getReader();
  const first = await reader.read();
  assert.ok(first.value !== undefined && first.value.length < 100_000, "a piece, not all of it");
  await reader.cancel();
  assert.equal((await reader.read()).done, true);
});
