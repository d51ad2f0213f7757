/** A swarm store with a model beside it: each call goes to both, and what the store says must fit. */
import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import {
  COLD_DOWNLOADED,
  COLD_HIGH,
  COLD_HIGH_EVENT,
  COLD_LEFT,
  COLD_UPLOADED,
  COLD_WORDS,
  DIRECTORY_WORDS,
  EVENT_STOPPED,
  MERGE_PEERS,
  POOL_DIRECTORY_FREE,
  POOL_DIRECTORY_TOP,
} from "../../src/swarm/layout.ts";
import type { ArenaMemory } from "../../src/swarm/peer_arena.ts";
import type { PeerSet } from "../../src/swarm/peer_set.ts";
import { SwarmStore } from "../../src/swarm/store.ts";
import { createStoreMemory, type StoreLimits, type StoreMemory } from "../../src/swarm/store_memory.ts";
import { NOTHING_STORED, STORED, SweepCursor } from "../../src/swarm/swarm_table.ts";
import { isSeeder, kept, type ModelPeer, type ModelTorrent, type Said, SwarmModel } from "./model.ts";
import {
  peerNumber,
  peersIn,
  TestAnnounce,
  TestAnswer,
  writeInfoHash,
  writePeer,
  writePeerId,
} from "./numbered_peers.ts";

/** Peers of a swarm among which an answer looks at all blocks, so that it must find every one that is wanted. */
const SEEN_WHOLE = 31 * MERGE_PEERS;
/** Never a value of the memory past an answer. */
const UNTOUCHED = 0xa5a5;

/** Limits that are not reached. */
export const ROOM = { torrents: 20_000, peers: 200_000 };

export class CheckedStore {
  readonly memory: StoreMemory;
  readonly store: SwarmStore;
  readonly model: SwarmModel;
  readonly peer = new TestAnnounce();
  readonly answer = new TestAnswer();
  readonly #cursor = new SweepCursor();
  #sweeping = false;

  constructor(limits: StoreLimits, keepTorrents: boolean, seed: number) {
    this.memory = createStoreMemory(limits, keepTorrents, [seed, ~seed]);
    this.store = new SwarmStore(this.memory, new Prng(seed));
    this.model = new SwarmModel(keepTorrents);
  }

  get sweeping(): boolean {
    return this.#sweeping;
  }

  /** Announces to both, and checks the answer. The model must have room for it. */
  announce(torrent: number, peer: number, isIpv4: boolean, said: Said, wanted: number, time: number): void {
    const { answer } = this;
    const before = this.model.torrents.get(torrent);
    const known = before?.family(isIpv4).get(peer);
    const unsure = this.#sweeping && before !== undefined && hasDoomed(before);
    const unsurePeer = known?.doomed === true;
    answer.offset = (time + peer) % 7;
    answer.ids = (time + peer) % 3 === 0 ? null : answer.ids ?? new Int32Array(5 * 1100);
    fill(this.peer, torrent, peer, isIpv4, said, wanted);
    answer.out.fill(UNTOUCHED, 0, answer.offset + wanted * 9 + 9);
    answer.ids?.fill(UNTOUCHED, 0, wanted * 5 + 5);

    const result = this.store.announce(this.peer, answer, time);

    this.model.announce(torrent, peer, isIpv4, false, said, time);
    const stops = said.event === EVENT_STOPPED;
    if (!unsurePeer) assert.equal(result, stops && known === undefined ? NOTHING_STORED : STORED);
    this.#checkFigures(torrent, before, unsure);
    if (stops) assert.equal(answer.peers, 0);
    else this.#checkPeers(torrent, peer, isIpv4, isSeeder(said), wanted);
  }

  /** Goes on with a sweep, or begins one, and checks that every peer it should remove is gone at its end. */
  sweepSlice(budget: number, time: number, timeout: number): void {
    this.#sweeping = true;
    this.model.doom(time, timeout);
    if (!this.store.sweep(this.#cursor, budget, time, timeout)) return;
    // Peers that moved to another block between two slices may have been passed over; a sweep at one go leaves none.
    while (!this.store.sweep(this.#cursor, 1000, time, timeout));
    this.#sweeping = false;
    this.model.bury();
  }

  /** A whole sweep. */
  sweep(time: number, timeout: number): void {
    do this.sweepSlice(1000, time, timeout); while (this.#sweeping);
  }

  /** Compares everything that can be seen. Not while a sweep is under way. */
  compare(torrents: Iterable<number> = this.model.torrents.keys()): void {
    assert.equal(this.#sweeping, false);
    for (const torrent of torrents) this.#compareTorrent(torrent);
    const expected = { torrents: 0, swarms: 0, seeders: 0, leechers: 0, completed: 0 };
    for (const [number, torrent] of this.model.torrents) {
      const { seeders, leechers } = this.model.counts(number);
      expected.torrents++;
      expected.swarms += torrent.size > 0 ? 1 : 0;
      expected.seeders += seeders;
      expected.leechers += leechers;
      expected.completed += torrent.completed;
    }
    const { dirty: _, ...totals } = this.store.totals();
    assert.deepEqual(totals, expected);
    this.#comparePages(expected.seeders + expected.leechers);
  }

  /** Nothing may be left of peers once all have gone. */
  assertEmpty(): void {
    assert.deepEqual(inUse(this.memory, this.store), {
      swarms: 0,
      peers: 0,
      pages4: 0,
      pages6: 0,
      directories4: 0,
      directories6: 0,
    });
  }

  #comparePages(peers: number): void {
    const pages = this.store.ipv4.arena.pagesInUse() + this.store.ipv6.arena.pagesInUse();
    assert.ok(pages * 256 >= peers, `${pages} pages cannot hold ${peers} peers`);
    if (peers === 0) this.assertEmpty();
  }

  /** A torrent that goes with its last peer is still counted in the answer to that peer. */
  #checkFigures(torrent: number, before: ModelTorrent | undefined, unsure: boolean): void {
    const { answer } = this;
    const known = this.model.torrents.get(torrent) ?? before;
    if (unsure && known !== undefined) {
      const { completed } = known;
      assert.ok([0, 1, completed - 1, completed, completed + 1].includes(answer.completed));
      known.completed = answer.completed;
    } else {
      assert.equal(answer.completed, known?.completed ?? 0);
    }
    // Counting a large swarm each time would take most of the time.
    const size = known?.size ?? 0;
    if (size > 300 && size % 100 !== 0) return;
    const counts = this.model.counts(torrent);
    assertBetween(answer.seeders, counts.seeders, counts.seeders + counts.doomedSeeders);
    assertBetween(answer.leechers, counts.leechers, counts.leechers + counts.doomedLeechers);
  }

  #checkPeers(torrent: number, asker: number, isIpv4: boolean, seeder: boolean, wanted: number): void {
    const { answer } = this;
    const peers = this.model.torrents.get(torrent)?.family(isIpv4);
    assert.ok(peers !== undefined && answer.peers <= wanted);
    const seen = new Set<number>();
    for (const [i, number] of peersIn(answer, isIpv4).entries()) {
      const found = peers.get(number);
      if (found === undefined) assert.fail(`answer has peer ${number}, which is not there`);
      if (seen.has(number)) assert.fail(`answer has peer ${number} twice`);
      if (number === asker) assert.fail("answer has the asker");
      if (seeder && isSeeder(found)) assert.fail("a seeder got a seeder");
      if (answer.ids !== null) assertPeerId(number, found.salt, answer.ids, i * 5);
      seen.add(number);
    }
    const end = answer.offset + answer.peers * (isIpv4 ? 3 : 9);
    assert.ok(answer.out.subarray(end, end + 9).every((half) => half === UNTOUCHED), "bytes past the answer");
    if (peers.size <= SEEN_WHOLE) {
      let eligible = 0;
      for (const [number, other] of peers) {
        if (number !== asker && !other.doomed && !(seeder && isSeeder(other))) eligible++;
      }
      assert.ok(
        answer.peers >= Math.min(wanted, eligible),
        `${answer.peers} of ${eligible}, ${wanted} wanted`,
      );
    } else if (!seeder && wanted <= 200) {
      assert.equal(answer.peers, wanted);
    }
  }

  #compareTorrent(torrent: number): void {
    const known = this.model.torrents.get(torrent);
    const counts = this.model.counts(torrent);
    writeInfoHash(torrent, this.peer.infoHash);
    const scrape = Int32Array.of(-7, 0, 0, 0, -7);
    this.store.scrape(this.peer.infoHash, 0, scrape, 1);
    assert.deepEqual([...scrape], [-7, counts.seeders, known?.completed ?? 0, counts.leechers, -7]);

    const seen = { ipv4: new Set<number>(), ipv6: new Set<number>() };
    const completed = this.store.visitPeers(this.peer.infoHash, (set, index, seeder) => {
      const isIpv4 = set.arena.isIpv4;
      const number = numberAt(set, index);
      const expected = known?.family(isIpv4).get(number);
      if (expected === undefined) assert.fail(`peer ${number} should not be there`);
      if (seeder !== isSeeder(expected)) assert.fail(`peer ${number}: seeder ${seeder}`);
      assertRecord(set, index, number, expected);
      const family = isIpv4 ? seen.ipv4 : seen.ipv6;
      if (family.has(number)) assert.fail(`peer ${number} is there twice`);
      family.add(number);
    });
    assert.equal(completed, known?.completed ?? -1);
    assert.equal(seen.ipv4.size, known?.ipv4.size ?? 0);
    assert.equal(seen.ipv6.size, known?.ipv6.size ?? 0);
  }
}

/** The peers and memory of a store that are in use. */
export function inUse(memory: StoreMemory, store: SwarmStore): Record<string, number> {
  const totals = store.totals();
  return {
    swarms: totals.swarms,
    peers: totals.seeders + totals.leechers,
    pages4: store.ipv4.arena.pagesInUse(),
    pages6: store.ipv6.arena.pagesInUse(),
    directories4: directoriesInUse(memory.ipv4),
    directories6: directoriesInUse(memory.ipv6),
  };
}

/** Directory pages handed out and not given back. */
export function directoriesInUse(memory: ArenaMemory): number {
  const pool = new Int32Array(memory.pool);
  const words = new Int32Array(memory.directories);
  let used = pool[POOL_DIRECTORY_TOP];
  for (let page = pool[POOL_DIRECTORY_FREE]; page !== 0; page = words[page * DIRECTORY_WORDS]) used--;
  return used;
}

/** Fills in an announce by number. */
export function fill(
  announce: TestAnnounce,
  torrent: number,
  peer: number,
  isIpv4: boolean,
  said: Said,
  wanted: number,
): void {
  writeInfoHash(torrent, announce.infoHash);
  writePeer(announce, peer, isIpv4);
  writePeerId(peer, said.salt, announce.peerId);
  for (const [i, bytes] of [said.left, said.uploaded, said.downloaded].entries()) {
    announce.amounts[i * 2] = bytes % 2 ** 32;
    announce.amounts[i * 2 + 1] = Math.floor(bytes / 2 ** 32);
  }
  announce.event = said.event;
  announce.wanted = wanted;
}

/** The number of the peer at an index of a set. */
export function numberAt(set: PeerSet, index: number): number {
  const { hot, hotWords, isIpv4 } = set.arena;
  const at = index * hotWords;
  return peerNumber(hot, at, hot[at + hotWords - 1] & 0xffff, isIpv4);
}

function assertRecord(set: PeerSet, index: number, number: number, expected: ModelPeer): void {
  const { cold, hot, hotWords } = set.arena;
  const at = index * COLD_WORDS;
  const high = cold[at + COLD_HIGH];
  const last = cold[at + COLD_HIGH_EVENT];
  assertPeerId(number, expected.salt, cold, at);
  assertSame(bytesOf(cold[at + COLD_LEFT], high & 0xffff), kept(expected.left), "left", number);
  assertSame(bytesOf(cold[at + COLD_UPLOADED], high >>> 16), kept(expected.uploaded), "uploaded", number);
  assertSame(
    bytesOf(cold[at + COLD_DOWNLOADED], last & 0xffff),
    kept(expected.downloaded),
    "downloaded",
    number,
  );
  assertSame(last >>> 16, expected.event, "event", number);
  assertSame(hot[index * hotWords + hotWords - 1] >>> 16, expected.time & 0xffff, "time", number);
}

/** Like `assert.equal`, which is too slow for every field of every peer. */
function assertSame(actual: number, expected: number, what: string, peer: number): void {
  if (actual !== expected) assert.fail(`${what} of peer ${peer} is ${actual}, should be ${expected}`);
}

function bytesOf(low: number, high: number): number {
  return (low >>> 0) + high * 2 ** 32;
}

const expectedId = new Int32Array(5);

function assertPeerId(number: number, salt: number, ids: Int32Array, at: number): void {
  writePeerId(number, salt, expectedId);
  for (let i = 0; i < 5; i++) assertSame(ids[at + i], expectedId[i], "a word of the peer id", number);
}

function assertBetween(value: number, low: number, high: number): void {
  assert.ok(value >= low && value <= high, `${value} should be ${low} to ${high}`);
}

function hasDoomed(torrent: ModelTorrent): boolean {
  for (const peers of [torrent.ipv4, torrent.ipv6]) {
    for (const peer of peers.values()) if (peer.doomed) return true;
  }
  return false;
}
