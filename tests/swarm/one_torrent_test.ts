// What the API asks of one torrent: its counts, setting them, its peers some at a time, emptying it.

import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { DirtyCursor } from "../../src/swarm/dirty_bits.ts";
import { SwarmStore } from "../../src/swarm/store.ts";
import { createStoreMemory } from "../../src/swarm/store_memory.ts";
import { createSwarmAnswer, PeerCursor, SweepCursor } from "../../src/swarm/swarm_table.ts";

const HASH = hashOf(1);

function createStore(keepTorrents: boolean, torrents = 1024): SwarmStore {
  return new SwarmStore(createStoreMemory({ torrents, peers: 150_000 }, keepTorrents, [1, 2]), new Prng(1));
}

function hashOf(torrent: number): Int32Array {
  return Int32Array.of(torrent, 1, 2, 3, 4);
}

/** Peers with even numbers use IPv4, the others IPv6; every third is a seeder. */
function announce(store: SwarmStore, peer: number): void {
  const request = {
    infoHash: HASH,
    isIpv4: peer % 2 === 0,
    address: Int32Array.of(peer, 2, 3, peer),
    port: 7,
    peerId: Int32Array.of(peer, 0, 0, 0, 0),
    amounts: new Int32Array(6).fill(peer % 3),
    event: 2,
    wanted: 0,
  };
  const out = new Uint16Array(0);
  const answer = createSwarmAnswer(out);
  assert.equal(store.announce(request, answer, 1), 0);
}

Deno.test("the counts of a torrent; none of an unknown one", () => {
  const store = createStore(false);
  for (let peer = 0; peer < 9; peer++) announce(store, peer);
  assert.deepEqual(store.counts(HASH), { seeders: 3, leechers: 6, completed: 0 });
  assert.equal(store.counts(hashOf(2)), undefined);
});

Deno.test("how often a torrent was completed can be set, and waits to be saved", () => {
  for (const keepTorrents of [false, true]) {
    const store = createStore(keepTorrents);
    announce(store, 0);
    store.takeDirty(new DirtyCursor(), new Int32Array(5), new Int32Array(1));
    assert.equal(store.setCompleted(HASH, 2 ** 31 - 1), true);
    assert.equal(store.setCompleted(HASH, 41), true);
    assert.equal(store.setCompleted(hashOf(2), 1), true);
    assert.deepEqual(store.counts(HASH), { seeders: 1, leechers: 0, completed: 41 });
    assert.deepEqual(store.counts(hashOf(2)), { seeders: 0, leechers: 0, completed: 1 });
    const { torrents, completed, dirty } = store.totals();
    assert.deepEqual([torrents, completed, dirty], [2, 42, keepTorrents ? 2 : 0]);
  }
});

Deno.test("a torrent for which there is no room has no count to set", () => {
  const store = createStore(true, 64);
  let torrents = 0;
  while (torrents < 10_000 && store.setCompleted(hashOf(torrents), 1)) torrents++;
  assert.ok(torrents >= 64 && torrents < 10_000, `${torrents} torrents`);
  assert.equal(store.totals().completed, store.totals().torrents);
});

Deno.test("peers are visited some at a time, each once, IPv4 first", () => {
  const store = createStore(false);
  for (let peer = 0; peer < 5000; peer++) announce(store, peer);
  const cursor = new PeerCursor();
  const seen: number[] = [];
  const steps: number[] = [];
  let more = true;
  while (more) {
    const before = seen.length;
    more = store.visitSomePeers(HASH, cursor, ({ arena }, index, seeder) => {
      const peer = arena.cold[index * 10];
      assert.equal(seeder, peer % 3 === 0);
      seen.push(peer);
    });
    steps.push(seen.length - before);
  }
  assert.equal(new Set(seen).size, 5000);
  assert.ok(seen.slice(0, 2500).every((peer) => peer % 2 === 0));
  assert.ok(Math.max(...steps) <= 256 && steps.length > 20);
});

Deno.test("an unknown torrent and one without peers have nothing to visit", () => {
  const store = createStore(true);
  store.setCompleted(HASH, 1);
  for (const hash of [HASH, hashOf(2)]) {
    assert.equal(store.visitSomePeers(hash, new PeerCursor(), () => assert.fail()), false);
  }
});

Deno.test("a swarm is emptied some peers at a time", () => {
  for (const keepTorrents of [false, true]) {
    const store = createStore(keepTorrents);
    for (let peer = 0; peer < 200_000; peer++) announce(store, peer);
    const cursor = new SweepCursor();
    let steps = 1;
    while (!store.drain(HASH, cursor)) steps++;
    assert.ok(steps > 40 && steps < 100, `${steps} steps`);
    assert.equal(store.has(HASH, 0), keepTorrents);
    assert.deepEqual([store.totals().seeders, store.totals().leechers, store.totals().swarms], [0, 0, 0]);
    assert.equal(store.drain(hashOf(2), new SweepCursor()), true);
  }
});

Deno.test("peers that join a swarm while it is emptied go with it", () => {
  const store = createStore(true);
  for (let peer = 0; peer < 100_000; peer++) announce(store, peer);
  const cursor = new SweepCursor();
  for (let peer = 100_000; !store.drain(HASH, cursor); peer++) announce(store, peer);
  assert.deepEqual([store.totals().seeders, store.totals().leechers, store.totals().swarms], [0, 0, 0]);
});

Deno.test("a torrent with very many peers is removed", () => {
  const store = createStore(true);
  for (let peer = 0; peer < 200_000; peer++) announce(store, peer);
  assert.equal(store.removeTorrent(HASH), true);
  assert.deepEqual([store.totals().torrents, store.totals().seeders, store.totals().leechers], [0, 0, 0]);
});
