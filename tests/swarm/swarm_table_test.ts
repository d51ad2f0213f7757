import assert from "node:assert/strict";
import { EVENT_COMPLETED } from "../../src/swarm/layout.ts";
import {
  NOTHING_STORED,
  PEERS_FULL,
  STORED,
  SweepCursor,
  TORRENTS_FULL,
} from "../../src/swarm/swarm_table.ts";
import { amount, chance, seededTest, shuffled } from "../support/seeded.ts";
import { CheckedStore, fill, inUse, ROOM } from "./checked_store.ts";
import { COMPLETED, LEECHER, type Said, SEEDER, STOPPED } from "./model.ts";
import { TestAnnounce, TestAnswer } from "./numbered_peers.ts";

/** Announces without a model: what was the result? */
function announce(checked: CheckedStore, torrent: number, peer: number, isIpv4: boolean, said: Said): number {
  fill(checked.peer, torrent, peer, isIpv4, said, 50);
  return checked.store.announce(checked.peer, checked.answer, 0);
}

Deno.test("completed counts a leecher that becomes a seeder and a seeder that comes with it, each once", () => {
  const checked = new CheckedStore(ROOM, true, 1);
  const completedAfter = (peer: number, said: Said): number => {
    checked.announce(1, peer, true, said, 0, 0);
    return checked.answer.completed;
  };
  assert.equal(completedAfter(1, LEECHER), 0);
  assert.equal(completedAfter(1, COMPLETED), 1);
  assert.equal(completedAfter(1, COMPLETED), 1);
  assert.equal(completedAfter(2, SEEDER), 1);
  assert.equal(completedAfter(2, COMPLETED), 1);
  assert.equal(completedAfter(3, COMPLETED), 2);
  assert.equal(completedAfter(4, LEECHER), 2);
  assert.equal(completedAfter(4, SEEDER), 2);
  assert.equal(completedAfter(5, { ...LEECHER, event: EVENT_COMPLETED }), 2);
  for (const peer of [1, 2, 3, 4, 5]) checked.announce(1, peer, true, STOPPED, 0, 0);
  assert.equal(completedAfter(6, SEEDER), 2);
  checked.compare();
});

for (const keepTorrents of [false, true]) {
  Deno.test(`port 0 stores nothing and removes who had none, torrents ${keepTorrents ? "kept" : "not kept"}`, () => {
    const { store, peer, answer, memory } = new CheckedStore(ROOM, keepTorrents, 1);
    fill(peer, 1, 1, true, SEEDER, 50);
    peer.port = 0;
    assert.equal(store.announce(peer, answer, 0), NOTHING_STORED);
    assert.deepEqual([answer.seeders, answer.leechers, answer.peers], [0, 0, 0]);
    assert.deepEqual({ ...store.totals(), ...inUse(memory, store) }, {
      ...{ torrents: 0, swarms: 0, seeders: 0, leechers: 0, completed: 0, dirty: 0, peers: 0 },
      ...{ pages4: 0, pages6: 0, directories4: 0, directories6: 0 },
    });
    fill(peer, 1, 1, true, SEEDER, 50);
    store.announce(peer, answer, 0);
    peer.port = 0;
    assert.equal(store.announce(peer, answer, 0), NOTHING_STORED);
    assert.equal(answer.seeders, 1);
  });
}

Deno.test("torrents and swarms of the two families are counted together, and answered apart", () => {
  const checked = new CheckedStore(ROOM, false, 1);
  checked.announce(1, 1, true, SEEDER, 50, 0);
  checked.announce(1, 1, false, LEECHER, 50, 0);
  assert.deepEqual([checked.answer.seeders, checked.answer.leechers, checked.answer.peers], [1, 1, 0]);
  checked.compare();
});

// --- limits ---------------------------------------------------------------------------------------------------------

for (const keepTorrents of [false, true]) {
  seededTest(
    `full of torrents${keepTorrents ? " that are kept" : ""}: answered, nothing leaked`,
    (random) => {
      const checked = new CheckedStore({ torrents: 5000, peers: 100_000 }, keepTorrents, random.next());
      const stored: number[] = [];
      for (let torrent = 0; torrent < 20_000; torrent++) {
        const result = announce(checked, torrent, torrent, true, LEECHER);
        if (result === STORED) stored.push(torrent);
        else assert.equal(result, TORRENTS_FULL);
        assert.equal(checked.answer.leechers, result === STORED ? 1 : 0);
        assert.equal(checked.answer.peers, 0);
      }
      assert.ok(stored.length >= 5000 && stored.length < 10_000, `${stored.length} of 5000`);
      assert.equal(checked.store.totals().torrents, stored.length);
      for (const torrent of stored) assert.equal(announce(checked, torrent, 1, false, LEECHER), STORED);
      for (const torrent of stored) {
        assert.equal(announce(checked, torrent, 1, false, STOPPED), STORED);
        assert.equal(announce(checked, torrent, torrent, true, STOPPED), STORED);
      }
      checked.assertEmpty();
      assert.equal(checked.store.totals().torrents, keepTorrents ? stored.length : 0);
      for (const torrent of stored) assert.equal(announce(checked, torrent, 2, true, LEECHER), STORED);
    },
  );
}

/** Gives peer after peer to one swarm, or to swarms of `size`, until one is refused; how many were stored. */
function fillWithPeers(checked: CheckedStore, size: number, isIpv4: boolean): number {
  for (let peer = 0;; peer++) {
    const torrent = Math.floor(peer / size);
    const result = announce(checked, torrent, peer, isIpv4, peer % 2 === 0 ? LEECHER : SEEDER);
    if (result === STORED) continue;
    assert.equal(result, PEERS_FULL);
    return peer;
  }
}

for (const size of [1, 2, 5, 9, 29, 37, 86, 129, 256, 257, 400, 1000, 1_000_000]) {
  seededTest(
    `full of peers in swarms of ${size}: as many as promised, and room again when they leave`,
    (random) => {
      // Large enough for the pages that are spare on purpose not to hide a lack.
      const limit = size === 129 || size > 1000 ? 120_000 : amount(10_000, 120_000);
      const checked = new CheckedStore({ torrents: limit * 4, peers: limit }, false, random.next());
      const isIpv4 = chance(random, 50);
      const stored = fillWithPeers(checked, size, isIpv4);
      assert.ok(stored >= limit, `${stored} of ${limit} in swarms of ${size}`);
      const last = Math.floor(stored / size);
      const { seeders, leechers } = checked.answer;
      assert.equal(seeders + leechers, stored - last * size, "who is not stored is answered");
      const { peers, swarms } = inUse(checked.memory, checked.store);
      assert.deepEqual([peers, swarms], [stored, Math.ceil(stored / size)]);

      for (const peer of shuffled(random, stored)) {
        assert.equal(announce(checked, Math.floor(peer / size), peer, isIpv4, STOPPED), STORED);
      }
      checked.assertEmpty();
      assert.equal(checked.store.totals().torrents, 0);
      assert.ok(fillWithPeers(checked, size, isIpv4) >= limit);
    },
  );
}

Deno.test("a peer for whom there is no room gets peers all the same, of its own family", () => {
  const checked = new CheckedStore({ torrents: 1000, peers: 1000 }, false, 1);
  for (let peer = 0; peer < 20; peer++) announce(checked, 0, peer, true, peer < 10 ? SEEDER : LEECHER);
  // One swarm of another shard takes all the rest. The block of 21 in which the 20 lie has room for one more.
  for (let peer = 0; announce(checked, 1, peer, true, LEECHER) === STORED; peer++);
  assert.equal(announce(checked, 0, 20, true, LEECHER), STORED);
  assert.equal(announce(checked, 0, 21, true, LEECHER), PEERS_FULL);
  assert.deepEqual([checked.answer.seeders, checked.answer.leechers, checked.answer.peers], [10, 11, 21]);
  assert.equal(announce(checked, 0, 21, true, SEEDER), PEERS_FULL);
  assert.equal(checked.answer.peers, 11, "a seeder gets leechers only");
  for (let peer = 0; announce(checked, 1, peer, false, LEECHER) === STORED; peer++);
  assert.equal(announce(checked, 0, 21, false, LEECHER), PEERS_FULL);
  assert.deepEqual([checked.answer.seeders, checked.answer.leechers, checked.answer.peers], [10, 11, 0]);
});

seededTest("at the limit peers come and go without a loss", (random) => {
  const checked = new CheckedStore({ torrents: 1000, peers: 1000 }, false, random.next());
  const peer = new TestAnnounce();
  const answer = new TestAnswer();
  const there = new Set<string>();
  let refused = 0;
  for (let operation = 0; operation < amount(150_000, 1_000_000); operation++) {
    const torrent = random.below(3) * random.below(40);
    const number = random.below(8000);
    const name = `${torrent} ${number}`;
    const said = chance(random, operation % 60_000 > 50_000 ? 90 : 20) ? STOPPED : LEECHER;
    fill(peer, torrent, number, true, said, 10);
    const result = checked.store.announce(peer, answer, 0);
    if (said === STOPPED) {
      assert.equal(result, there.delete(name) ? STORED : NOTHING_STORED);
    } else if (result === STORED) {
      there.add(name);
    } else {
      assert.ok(!there.has(name), "who is there is never refused");
      refused++;
    }
  }
  assert.ok(refused > 0, "the limit was never reached");
  assert.equal(checked.store.totals().leechers, there.size);
  const cursor = new SweepCursor();
  while (!checked.store.sweep(cursor, 100, 1000, 60));
  checked.assertEmpty();
});
