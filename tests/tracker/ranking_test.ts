import assert from "node:assert/strict";
import { type Ranking, RankingWalk } from "../../src/tracker/ranking.ts";
import { announce, hexOf } from "../api/test_api.ts";
import { createTestTracker } from "../support/test_tracker.ts";

function walkThrough(walk: RankingWalk, seconds = 7): { ranking: Ranking; steps: number } {
  for (let steps = 1;; steps++) {
    const ranking = walk.step(seconds);
    if (ranking !== undefined) return { ranking, steps };
  }
}

Deno.test("torrents by each of their figures, and clients, also of large swarms", () => {
  const { tracker } = createTestTracker({}, { keepTorrents: true });
  const peers = (torrent: number, seeders: number, leechers: number, peerId: string) => {
    for (let i = 0; i < seeders + leechers; i++) {
      const left = i < seeders ? 0 : 1;
      announce(tracker, { torrent: hexOf(torrent), ip: `10.${torrent}.${i >> 8}.${i & 255}`, left, peerId });
    }
  };
  peers(1, 100, 1, "-qB4500-xxxxxxxxxxxx");
  peers(2, 2, 700, "-TR4050-xxxxxxxxxxxx");
  peers(3, 3, 2, "-qB4500-xxxxxxxxxxxx");
  tracker.store.setCompleted(Int32Array.of(0, 0, 0, 0, 0x04000000), 9);
  const walk = new RankingWalk(tracker.store, 3);
  const { ranking } = walkThrough(walk);
  const order = (sort: keyof Ranking["torrents"]) =>
    ranking.torrents[sort].map(({ infoHash }) => new Uint8Array(infoHash.buffer)[19]);
  assert.deepEqual(order("peers"), [2, 1, 3]);
  assert.deepEqual(order("seeders"), [1, 3, 2]);
  assert.deepEqual(order("leechers"), [2, 3, 1]);
  assert.equal(order("completed")[0], 4);
  assert.equal(ranking.seconds, 7);
  const { seeders, leechers, completed } = ranking.torrents.peers[0];
  assert.deepEqual([seeders, leechers, completed], [2, 700, 0]);
  const clients = ranking.clients.map(({ software, peers }) => [software, peers]);
  assert.deepEqual(clients, [["Transmission", 702], ["qBittorrent", 106]]);
  const again = walkThrough(walk);
  assert.deepEqual(again.ranking.clients, ranking.clients, "each walk begins anew");
});

Deno.test("a walk through many torrents has many steps", () => {
  const { tracker } = createTestTracker({}, { torrents: 20_000, keepTorrents: true });
  for (let i = 0; i < 15_000; i++) tracker.store.setCompleted(Int32Array.of(i, 0, 0, 0, 0), i);
  const { ranking, steps } = walkThrough(new RankingWalk(tracker.store, 10));
  assert.ok(steps > 100, `${steps} steps`);
  const completed = ranking.torrents.completed.map((torrent) => torrent.completed);
  assert.deepEqual(completed, Array.from({ length: 10 }, (_, i) => 14_999 - i));
});

Deno.test("an empty store has nobody in front", () => {
  const { tracker } = createTestTracker();
  const { ranking } = walkThrough(new RankingWalk(tracker.store));
  assert.deepEqual([ranking.torrents.peers, ranking.clients], [[], []]);
});
