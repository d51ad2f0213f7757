import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { SwarmStore } from "../../src/swarm/store.ts";
import { createStoreMemory } from "../../src/swarm/store_memory.ts";
import { createSwarmAnswer } from "../../src/swarm/swarm_table.ts";

function createStore(keepTorrents: boolean): SwarmStore {
  return new SwarmStore(
    createStoreMemory({ torrents: 1024, peers: 50_000 }, keepTorrents, [1, 2]),
    new Prng(1),
  );
}

function hashOf(torrent: number): Int32Array {
  return Int32Array.of(torrent, 1, 2, 3, 4);
}

function announce(store: SwarmStore, torrent: number, peer: number): void {
  const request = {
    infoHash: hashOf(torrent),
    isIpv4: peer % 2 === 0,
    address: Int32Array.of(peer, 2, 3, 4),
    port: 7,
    peerId: new Int32Array(5),
    amounts: new Int32Array(6).fill(peer % 3),
    event: 1,
    wanted: 0,
  };
  const answer = createSwarmAnswer(new Uint16Array(0));
  assert.equal(store.announce(request, answer, 1), 0);
}

for (const keepTorrents of [false, true]) {
  Deno.test(`a removed torrent leaves nothing, ${keepTorrents ? "kept ones too" : "none kept"}`, () => {
    const store = createStore(keepTorrents);
    for (let peer = 1; peer <= 20_000; peer++) announce(store, 1, peer);
    announce(store, 2, 1);
    announce(store, 2, 3);
    assert.equal(store.removeTorrent(hashOf(1)), true);
    assert.equal(store.has(hashOf(1), 0), false);
    assert.equal(store.has(hashOf(2), 0), true);
    const { torrents, swarms, seeders, leechers, completed, dirty } = store.totals();
    assert.deepEqual(
      { torrents, swarms, seeders, leechers, completed, dirty },
      { torrents: 1, swarms: 1, seeders: 1, leechers: 1, completed: 1, dirty: keepTorrents ? 1 : 0 },
    );
    assert.equal(store.removeTorrent(hashOf(2)), true);
    assert.equal(store.ipv4.arena.pagesInUse() + store.ipv6.arena.pagesInUse(), 0);
    assert.equal(store.totals().swarms, 0);
    assert.equal(store.removed.changes(), keepTorrents ? 2 : 0);
  });

  Deno.test(`an unknown torrent cannot be removed, ${keepTorrents ? "torrents kept" : "none kept"}`, () => {
    const store = createStore(keepTorrents);
    announce(store, 1, 1);
    assert.equal(store.removeTorrent(hashOf(9)), false);
    assert.equal(store.totals().torrents, 1);
  });
}

Deno.test("a torrent whose peers have left can be removed", () => {
  const store = createStore(true);
  assert.ok(store.restoreTorrent(hashOf(5), 0, 77));
  assert.equal(store.totals().completed, 77);
  assert.equal(store.removeTorrent(hashOf(5)), true);
  assert.deepEqual([store.totals().torrents, store.totals().completed], [0, 0]);
});
