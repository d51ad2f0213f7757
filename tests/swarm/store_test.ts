import assert from "node:assert/strict";
import type { Prng } from "../../src/base/prng.ts";
import { EVENT_COMPLETED, EVENT_NONE, EVENT_STARTED, EVENT_STOPPED, SHARDS } from "../../src/swarm/layout.ts";
import { SweepCursor } from "../../src/swarm/swarm_table.ts";
import { DirtyCursor } from "../../src/swarm/dirty_bits.ts";
import { amount, chance, pick, seededTest, shuffled } from "../support/seeded.ts";
import { CheckedStore, fill, inUse, ROOM } from "./checked_store.ts";
import { COMPLETED, LEECHER, type Said, SEEDER, STOPPED } from "./model.ts";
import { peersIn, writeInfoHash } from "./numbered_peers.ts";

const AMOUNTS = [
  0,
  1,
  0xffff,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 47 + 5,
  2 ** 48 - 1,
  2 ** 48,
  2 ** 52 + 1,
  2 ** 63,
];
const WANTED = [0, 1, 1, 2, 3, 7, 30, 49, 50, 51, 74, 200, 499, 500];

/** One kind of traffic. */
interface Traffic {
  readonly torrents: number;
  /** Peers that may be in one torrent, in each family. */
  readonly peers: number;
  readonly operations: number;
  readonly compareEvery: number;
  readonly seederPercent: number;
  readonly timeout: number;
  /** Seconds between two announces are random up to this. */
  readonly pauseSeconds: number;
  readonly startTime: number;
  readonly keepTorrents: boolean;
  /** Operations from one high tide to the next: announces, then stops, are the more frequent. */
  readonly tide: number;
}

function runTraffic(traffic: Traffic, random: Prng): void {
  const checked = new CheckedStore(ROOM, traffic.keepTorrents, random.next());
  let time = traffic.startTime;
  for (let operation = 1; operation <= traffic.operations; operation++) {
    if (chance(random, 30)) time += random.below(traffic.pauseSeconds + 1);
    const ebb = operation % traffic.tide > traffic.tide / 2;
    const torrent = Math.min(random.below(traffic.torrents), random.below(traffic.torrents));
    const said = randomSaid(random, traffic.seederPercent, ebb ? 60 : 5);
    const wanted = pick(random, WANTED);
    checked.announce(torrent, random.below(traffic.peers), chance(random, 60), said, wanted, time);
    if (checked.sweeping || chance(random, 1)) {
      checked.sweepSlice(1 + random.below(1000), time, traffic.timeout);
    }
    if (operation % traffic.compareEvery === 0) {
      while (checked.sweeping) checked.sweepSlice(1 + random.below(50), time, traffic.timeout);
      checked.compare();
    }
  }
  checked.sweep(time + traffic.timeout + 1, traffic.timeout);
  checked.compare();
  checked.assertEmpty();
}

function randomSaid(random: Prng, seederPercent: number, stopPercent: number): Said {
  return {
    event: chance(random, stopPercent)
      ? EVENT_STOPPED
      : pick(random, [EVENT_NONE, EVENT_NONE, EVENT_STARTED, EVENT_COMPLETED]),
    left: chance(random, seederPercent) ? 0 : pick(random, AMOUNTS.slice(1)),
    uploaded: pick(random, AMOUNTS),
    downloaded: pick(random, AMOUNTS),
    salt: random.next(),
  };
}

const SMALL: Traffic = {
  torrents: 2000,
  peers: 20,
  operations: amount(10_000, 500_000),
  compareEvery: 3000,
  seederPercent: 40,
  timeout: 100,
  pauseSeconds: 1,
  startTime: 0,
  keepTorrents: false,
  tide: 8000,
};

seededTest("many torrents of few peers behave as the model", (random) => {
  runTraffic(SMALL, random);
});

seededTest("torrents that are kept behave as the model, over wraps of the 16-bit clock", (random) => {
  runTraffic({ ...SMALL, keepTorrents: true, pauseSeconds: 60, startTime: 65_000, timeout: 4000 }, random);
});

seededTest("a few torrents of a few hundred peers behave as the model", (random) => {
  const operations = amount(10_000, 400_000);
  runTraffic({ ...SMALL, torrents: 6, peers: 900, operations, timeout: 2000, tide: 9000 }, random);
});

seededTest("a torrent of thousands of peers behaves as the model", (random) => {
  const operations = amount(10_000, 400_000);
  const traffic = { ...SMALL, torrents: 1, peers: 5000, operations, timeout: 1500, tide: 10_000 };
  runTraffic({ ...traffic, seederPercent: 90, startTime: 2 ** 32 - 1000 }, random);
});

for (const isIpv4 of [true, false]) {
  seededTest(`one swarm grows past 60,000 and shrinks again, ${isIpv4 ? "IPv4" : "IPv6"}`, (random) => {
    const checked = new CheckedStore(ROOM, false, random.next());
    const peers = shuffled(random, 62_000);
    let count = 0;
    for (const peer of peers) {
      checked.announce(1, peer, isIpv4, chance(random, 30) ? SEEDER : LEECHER, count % 60, 0);
      count++;
      if ([256, 257, 258, 600, 10_000, 62_000].includes(count)) checked.compare();
    }
    for (const peer of shuffled(random, 62_000)) {
      if (peer % 3 === 0) continue;
      checked.announce(1, peer, isIpv4, STOPPED, 0, 10);
      count--;
      if ([40_000, 30_000, 21_000].includes(count)) checked.compare();
    }
    for (const peer of peers) if (peer % 300 === 0) checked.announce(1, peer, isIpv4, LEECHER, 50, 100);
    checked.sweep(100, 50);
    checked.compare();
    for (const peer of shuffled(random, 62_000)) {
      if (peer % 300 === 0) checked.announce(1, peer, isIpv4, STOPPED, 0, 100);
    }
    checked.compare();
    checked.assertEmpty();
  });
}

seededTest("a swarm of which a sweep leaves few is no sparser than one that never had more", (random) => {
  const checked = new CheckedStore(ROOM, false, random.next());
  for (let peer = 0; peer < 30_000; peer++) checked.announce(1, peer, true, LEECHER, 0, 0);
  for (let peer = 0; peer < 40; peer++) checked.announce(1, peer * 700, true, LEECHER, 0, 100);
  checked.sweep(100, 50);
  checked.announce(1, 30_001, true, LEECHER, 100, 100);
  assert.equal(checked.answer.peers, 40);
  assert.equal(inUse(checked.memory, checked.store).directories4, 2);
});

seededTest("a small swarm gives every eligible peer that is wanted, whoever asks", (random) => {
  for (let size = 1; size <= 12; size++) {
    const checked = new CheckedStore({ torrents: 10, peers: 100 }, false, random.next());
    for (let peer = 0; peer < size; peer++) {
      checked.announce(1, peer, true, chance(random, 40) ? SEEDER : LEECHER, 0, 0);
    }
    // The checks of announce() are the test.
    for (let round = 0; round < 20; round++) {
      for (let wanted = 0; wanted <= size + 1; wanted++) {
        checked.announce(1, random.below(size), true, chance(random, 40) ? SEEDER : LEECHER, wanted, 0);
      }
    }
  }
});

/** How often each peer is returned to newcomers who want `wanted`, the mean being 1. */
function shares(random: Prng, size: number, seeders: number, wanted: number, isIpv4: boolean): number[] {
  const checked = new CheckedStore({ torrents: 10, peers: 10_000 }, false, random.next());
  const { store, peer, answer } = checked;
  for (let number = 0; number < size; number++) {
    checked.announce(1, number, isIpv4, number < seeders ? SEEDER : LEECHER, 0, 0);
  }
  const returned = new Array<number>(size).fill(0);
  const rounds = Math.ceil(400 * size / wanted);
  for (let round = 0; round < rounds; round++) {
    fill(peer, 1, size, isIpv4, LEECHER, wanted);
    store.announce(peer, answer, 0);
    for (const number of peersIn(answer, isIpv4)) returned[number]++;
    fill(peer, 1, size, isIpv4, STOPPED, 0);
    store.announce(peer, answer, 0);
  }
  return returned.map((times) => times * size / (rounds * wanted));
}

for (
  const [size, seeders, wanted] of [[3, 1, 1], [10, 5, 1], [20, 3, 7], [200, 100, 50], [255, 20, 3]] as const
) {
  seededTest(`of ${size} peers each is as likely as the others among ${wanted}`, (random) => {
    for (const share of shares(random, size, seeders, wanted, chance(random, 50))) {
      assert.ok(share > 0.65 && share < 1.4, `a peer is returned ${share.toFixed(2)} times its share`);
    }
  });
}

seededTest("of 3,000 peers each has a chance that is not far from the others'", (random) => {
  const all = shares(random, 3000, 1000, 50, true);
  const spread = Math.sqrt(all.reduce((sum, share) => sum + (share - 1) ** 2, 0) / all.length);
  assert.ok(Math.min(...all) > 0.2 && Math.max(...all) < 3 && spread < 0.5, `spread ${spread}`);
});

Deno.test("the only thing that a scrape of an unknown torrent gives is zeros", () => {
  const { store } = new CheckedStore(ROOM, false, 1);
  const out = new Int32Array(3).fill(9);
  store.scrape(new Int32Array(7).fill(5), 2, out, 0);
  assert.deepEqual([...out], [0, 0, 0]);
  assert.equal(store.visitPeers(new Int32Array(5), () => assert.fail("no peers")), -1);
});

Deno.test("a peer that is heard a moment after the sweeper has read its clock stays", () => {
  const checked = new CheckedStore(ROOM, false, 1);
  for (const sweepTime of [99, 98, 70]) {
    checked.announce(1, 1, true, LEECHER, 0, 100);
    checked.announce(1, 2, false, LEECHER, 0, 100);
    const cursor = new SweepCursor();
    while (!checked.store.sweep(cursor, 1000, sweepTime, 60));
    assert.equal(checked.store.totals().leechers, 2, `swept at ${sweepTime}, heard at 100`);
  }
});

Deno.test("a peer goes when it was silent for longer than the timeout, not at the timeout", () => {
  for (const timeout of [60, 2700, 43_200]) {
    for (const start of [0, 30_000, 65_535, 65_536 * 5 - 1]) {
      const checked = new CheckedStore(ROOM, false, 1);
      checked.announce(1, 1, true, LEECHER, 0, start);
      checked.sweep(start + timeout, timeout);
      assert.equal(checked.store.totals().leechers, 1);
      checked.sweep(start + timeout + 1, timeout);
      checked.assertEmpty();
    }
  }
});

Deno.test("a sweep in slices of one block ends, whatever leaves between its slices", () => {
  const checked = new CheckedStore(ROOM, false, 1);
  for (let peer = 0; peer < 5000; peer++) {
    checked.announce(1, peer, true, LEECHER, 0, 0);
    checked.announce(1, peer, false, LEECHER, 0, 0);
  }
  const cursor = new SweepCursor();
  let gone = 0;
  let slices = 1;
  for (; !checked.store.sweep(cursor, 1, 0, 60); slices++) {
    for (let i = 0; i < 200 && gone < 5000; i++, gone++) {
      checked.announce(1, gone, true, STOPPED, 0, 0);
      checked.announce(1, gone, false, STOPPED, 0, 0);
    }
  }
  assert.ok(slices < 400, `${slices} slices`);
  checked.compare();
});

// --- saving and loading ---------------------------------------------------------------------------------------------

/** All changed torrents, by number, with their completed count; taken in portions of `room`. */
function takeDirty(checked: CheckedStore, room: number): Map<number, number> {
  const infoHashes = new Int32Array(room * 5);
  const completed = new Int32Array(room);
  const cursor = new DirtyCursor();
  const taken = new Map<number, number>();
  for (let count = room; count === room;) {
    count = checked.store.takeDirty(cursor, infoHashes, completed);
    for (let i = 0; i < count; i++) {
      const words = infoHashes.subarray(i * 5, i * 5 + 5);
      taken.set(words.find((word) => word !== 0x41414141) ?? -1, completed[i]);
    }
  }
  return taken;
}

seededTest("a database that takes the changed torrents now and then has them all", (random) => {
  const checked = new CheckedStore(ROOM, true, random.next());
  const saved = new Map<number, number>();
  for (let operation = 1; operation <= amount(20_000, 200_000); operation++) {
    const said = randomSaid(random, 50, 20);
    checked.announce(random.below(3000), random.below(5), true, said, 0, 0);
    if (operation % 1000 !== 0) continue;
    const { dirty } = checked.store.totals();
    const taken = takeDirty(checked, pick(random, [1, 10, 5000]));
    assert.equal(taken.size, dirty);
    assert.equal(checked.store.totals().dirty, 0);
    for (const [torrent, completed] of taken) saved.set(torrent, completed);
    const expected = [...checked.model.torrents].map(([torrent, { completed }]) =>
      [torrent, completed] as const
    );
    assert.deepEqual(new Map([...saved].sort()), new Map(expected.sort()));
  }
});

/** An announce of torrent 1 that goes past the model, which knows no database. */
function named(checked: CheckedStore, peer: number, said: Said) {
  fill(checked.peer, 1, peer, true, said, 50);
  return checked.peer;
}

Deno.test("a torrent from the database keeps its peers, and a count that is not saved yet", () => {
  const checked = new CheckedStore(ROOM, true, 1);
  const restore = (torrent: number, completed: number) => {
    writeInfoHash(torrent, checked.peer.infoHash);
    assert.ok(checked.store.restoreTorrent(checked.peer.infoHash, 0, completed));
  };
  restore(1, 100);
  assert.deepEqual(takeDirty(checked, 10), new Map());
  checked.store.announce(named(checked, 1, COMPLETED), checked.answer, 0);
  assert.equal(checked.answer.completed, 101);
  restore(1, 7);
  assert.deepEqual(takeDirty(checked, 10), new Map([[1, 101]]));
  restore(1, 500);
  restore(2, 3);
  checked.store.announce(named(checked, 2, LEECHER), checked.answer, 0);
  assert.deepEqual([checked.answer.completed, checked.answer.seeders, checked.answer.peers], [500, 1, 1]);
  assert.equal(checked.store.totals().completed, 503);
});

seededTest("a walk over all torrents sees each with its counts", (random) => {
  const checked = new CheckedStore(ROOM, true, random.next());
  for (let i = 0; i < 5000; i++) {
    checked.announce(
      random.below(3000),
      random.below(5),
      chance(random, 50),
      randomSaid(random, 50, 30),
      0,
      0,
    );
  }
  const expected = new Map<number, number[]>();
  for (const [torrent, { completed }] of checked.model.torrents) {
    const { seeders, leechers } = checked.model.counts(torrent);
    expected.set(torrent, [seeders, completed, leechers]);
  }
  const seen = new Map<number, number[]>();
  for (let shard = 0; shard < SHARDS; shard++) {
    for (let bucket = 0; bucket >= 0;) {
      bucket = checked.store.visitTorrents(shard, bucket, 7, (torrent) => {
        const { words, at } = torrent;
        const counts = [torrent.seeders, torrent.completed, torrent.leechers];
        seen.set(words.subarray(at, at + 5).find((word) => word !== 0x41414141) ?? -1, counts);
      });
    }
  }
  assert.deepEqual(new Map([...seen].sort()), new Map([...expected].sort()));
});
