/** Looks into the tracker's memory and holds it against the model. */
import assert from "node:assert/strict";
import {
  COLD_DOWNLOADED,
  COLD_HIGH,
  COLD_HIGH_EVENT,
  COLD_LEFT,
  COLD_UPLOADED,
  COLD_WORDS,
  DIRECTORY_WORDS,
  POOL_DIRECTORY_FREE,
  POOL_DIRECTORY_TOP,
} from "../../src/swarm/layout.ts";
import type { ArenaMemory } from "../../src/swarm/peer_arena.ts";
import type { PeerSet } from "../../src/swarm/peer_set.ts";
import type { SwarmStore } from "../../src/swarm/store.ts";
import type { SharedMemory } from "../../src/tracker/shared.ts";
import { Statistics } from "../../src/tracker/statistics.ts";
import { COUNTER, type CounterName, readCounters } from "../../src/tracker/stats.ts";
import type { Tracker } from "../../src/tracker/tracker.ts";
import { keyOf, wordsOf } from "./address.ts";
import type { Model } from "./model.ts";
import { type ModelPeer, ModelSwarm, ModelTorrent } from "./swarms.ts";

/** All that the tracker knows must be what the model knows. */
export function compare(memory: SharedMemory, tracker: Tracker, model: Model): void {
  for (const [infoHash, expected] of model.swarms.torrents) {
    const found = readTorrent(tracker.store, infoHash);
    assert(found !== null, "a torrent is missing");
    assert.equal(found.completed, expected.completed, "completed of a torrent");
    compareSwarms(found.ipv4, expected.ipv4);
    compareSwarms(found.ipv6, expected.ipv6);
  }
  // No torrent is missing, so with the right number of them there is none that should not be there.
  const totals = model.swarms.totals();
  assert.deepEqual({ ...tracker.store.totals() }, totals);
  compareLists(tracker, model);
  compareCounters(memory, model);

  const view = new Statistics(memory, tracker, 0).read();
  assert.equal(view.torrents, totals.torrents);
  assert.equal(view.torrents_updates, totals.dirty);
  assert.equal(view.seeds, totals.seeders);
  assert.equal(view.peers, totals.leechers);
  assert.equal(view.completed, totals.completed);
  assert.deepEqual(
    [view.whitelist, view.blacklist, view.keys],
    [model.whitelist.size, model.blacklist.size, model.keys.size],
  );
}

/** Removes from the model the peers that the tracker has let go, if they are old enough. Gives their number. */
export function forgetSwept(store: SwarmStore, model: Model, seconds: number, timeout: number): number {
  let gone = 0;
  const counts = new Int32Array(3);
  for (const [infoHash, torrent] of model.swarms.torrents) {
    store.scrape(torrent.words, 0, counts, 0);
    if (counts[0] === torrent.seeders && counts[2] === torrent.leechers) continue;
    const found = readTorrent(store, infoHash) ?? new ModelTorrent(infoHash);
    for (const isIpv4 of [true, false]) {
      for (const [endpoint, { heard }] of torrent.swarm(isIpv4).peers) {
        if (found.swarm(isIpv4).peers.has(endpoint)) continue;
        assert(seconds - heard > timeout, `a peer swept out ${seconds - heard} seconds after it was heard`);
        model.swarms.remove(infoHash, isIpv4, endpoint);
        gone++;
      }
    }
  }
  return gone;
}

/** Checks that nothing is in use where no peers are left. */
export function checkEmpty(memory: SharedMemory, store: SwarmStore): void {
  const totals = store.totals();
  assert.deepEqual([totals.swarms, totals.seeders, totals.leechers], [0, 0, 0]);
  if (!memory.store.keepTorrents) assert.deepEqual([totals.torrents, totals.completed], [0, 0]);
  for (const [set, arena] of [[store.ipv4, memory.store.ipv4], [store.ipv6, memory.store.ipv6]] as const) {
    assert.equal(set.arena.pagesInUse(), 0, "pages in use though there are no peers");
    assert.equal(directoriesInUse(arena), 0, "directories in use though there are no peers");
  }
}

function readTorrent(store: SwarmStore, infoHash: string): ModelTorrent | null {
  const torrent = new ModelTorrent(infoHash);
  torrent.completed = store.visitPeers(torrent.words, (set, index, seeder) => {
    const swarm = torrent.swarm(set === store.ipv4);
    const { endpoint, peer } = readPeer(set, index, seeder);
    assert(!swarm.peers.has(endpoint), "a peer is there twice");
    swarm.set(endpoint, peer);
  });
  return torrent.completed < 0 ? null : torrent;
}

function readPeer(set: PeerSet, index: number, seeder: boolean): { endpoint: string; peer: ModelPeer } {
  const { hot, cold, hotWords } = set.arena;
  const hotBytes = new Uint8Array(hot.buffer, index * hotWords * 4, hotWords * 4);
  const at = index * COLD_WORDS;
  const coldBytes = new Uint8Array(cold.buffer, at * 4, 20);
  const amount = (low: number, high: number) => (cold[at + low] >>> 0) + high * 2 ** 32;
  const high = cold[at + COLD_HIGH];
  const highest = cold[at + COLD_HIGH_EVENT];
  return {
    endpoint: keyOf(hotBytes, 0, hotWords * 4 - 2),
    peer: {
      peerId: keyOf(coldBytes, 0, 20),
      left: amount(COLD_LEFT, high & 0xffff),
      uploaded: amount(COLD_UPLOADED, high >>> 16),
      downloaded: amount(COLD_DOWNLOADED, highest & 0xffff),
      event: highest >>> 16,
      seeder,
      heard: hot[(index + 1) * hotWords - 1] >>> 16,
    },
  };
}

function compareSwarms(found: ModelSwarm, expected: ModelSwarm): void {
  assert.equal(found.peers.size, expected.peers.size, "peers of a swarm");
  assert.equal(found.seeders, expected.seeders, "seeders of a swarm");
  for (const [endpoint, peer] of expected.peers) {
    const other = found.peers.get(endpoint);
    assert(other !== undefined, "a peer is missing");
    // The tracker keeps the low 16 bits of the time.
    const same = other.peerId === peer.peerId && other.left === peer.left &&
      other.uploaded === peer.uploaded &&
      other.downloaded === peer.downloaded && other.event === peer.event && other.seeder === peer.seeder &&
      other.heard === (peer.heard & 0xffff);
    if (!same) assert.deepEqual(other, { ...peer, heard: peer.heard & 0xffff });
  }
}

function compareLists({ access }: Tracker, model: Model): void {
  for (const infoHash of model.whitelist) assert(access.whitelist.has(wordsOf(infoHash), 0));
  for (const infoHash of model.blacklist) assert(access.blacklist.has(wordsOf(infoHash), 0));
  for (const [key, ends] of model.keys) assert.equal(access.keys.get(wordsOf(key), 0), ends);
}

function compareCounters(memory: SharedMemory, model: Model): void {
  const counters = readCounters(memory.stats);
  for (const name of Object.keys(COUNTER) as CounterName[]) {
    assert.equal(counters[name], model.counters.get(name) ?? 0, name);
  }
}

function directoriesInUse(memory: ArenaMemory): number {
  const pool = new Int32Array(memory.pool);
  const directories = new Int32Array(memory.directories);
  let used = pool[POOL_DIRECTORY_TOP];
  for (let page = pool[POOL_DIRECTORY_FREE]; page !== 0; page = directories[page * DIRECTORY_WORDS]) used--;
  return used;
}
