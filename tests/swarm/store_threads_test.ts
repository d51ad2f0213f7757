import assert from "node:assert/strict";
import type { Prng } from "../../src/base/prng.ts";
import { COLD_WORDS } from "../../src/swarm/layout.ts";
import { SwarmStore } from "../../src/swarm/store.ts";
import { createStoreMemory, type StoreMemory } from "../../src/swarm/store_memory.ts";
import { amount, seededTest } from "../support/seeded.ts";
import { fill, inUse, numberAt } from "./checked_store.ts";
import { TestAnnounce, TestAnswer, writeInfoHash } from "./numbered_peers.ts";
import type { OwnPeer, Report, Round } from "./store_attacker.ts";

const THREADS = 4;
/** The threads' own peers, and those that this file adds for the sweeper to remove. */
const OWNERS = THREADS + 1;
/** Too long for anything to expire. */
const FOR_EVER = 40_000;

class Attackers {
  readonly #workers: Worker[] = [];
  readonly #memory: StoreMemory;

  constructor(memory: StoreMemory) {
    this.#memory = memory;
    for (let i = 0; i <= THREADS; i++) {
      this.#workers.push(new Worker(new URL("./store_attacker.ts", import.meta.url), { type: "module" }));
    }
  }

  /** All threads do the round at once, each with its own peers, and one more sweeps until they are done. */
  async run(round: Omit<Round, "owner" | "owners">, sweepTime: number): Promise<Report[]> {
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const common = { ...round, owners: OWNERS };
    const sweeper = this.#ask(THREADS, { ...common, kind: "sweep", owner: -1, time: sweepTime }, stop);
    const reports = await Promise.all(
      Array.from({ length: THREADS }, (_, owner) => {
        return this.#ask(owner, { ...common, owner, seed: round.seed + owner }, stop);
      }),
    );
    Atomics.store(stop, 0, 1);
    const { sweeps, failure } = await sweeper;
    assert.equal(failure, null);
    assert.ok(sweeps > 0);
    for (const report of reports) assert.equal(report.failure, null);
    return reports;
  }

  stop(): void {
    for (const worker of this.#workers) worker.terminate();
  }

  #ask(index: number, round: Round, stop: Int32Array): Promise<Report> {
    const worker = this.#workers[index];
    return new Promise((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<Report>) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ memory: this.#memory, round, stop });
    });
  }
}

/** The peers that the threads say are there are there, with what they said last, and no others. */
function compare(store: SwarmStore, own: OwnPeer[], torrents: number): void {
  const expected = new Map(own.map((peer) => [`${peer.torrent} ${peer.peer} ${peer.isIpv4}`, peer]));
  const infoHash = new Int32Array(5);
  const counted = { seeders: 0, leechers: 0 };
  for (let torrent = 0; torrent < torrents; torrent++) {
    writeInfoHash(torrent, infoHash);
    store.visitPeers(infoHash, (set, index, seeder) => {
      const { isIpv4, cold } = set.arena;
      const name = `${torrent} ${numberAt(set, index)} ${isIpv4}`;
      const peer = expected.get(name);
      if (peer === undefined) assert.fail(`${name} is there twice, or should not be there`);
      assert.equal(seeder, peer.said.left === 0, name);
      assert.equal(cold[index * COLD_WORDS + 1], peer.said.salt, `${name}: an update was lost`);
      expected.delete(name);
      counted[seeder ? "seeders" : "leechers"]++;
    });
  }
  assert.deepEqual([...expected.keys()], [], "peers lost");
  const { seeders, leechers } = store.totals();
  assert.deepEqual({ seeders, leechers }, counted);
}

/** Torrents of every size: one of tens of thousands of peers, some of hundreds, most of a few. */
const SHAPES = [
  { torrents: 2, peers: 4000 },
  { torrents: 50, peers: 60 },
  { torrents: 3000, peers: 3 },
];

for (const shape of SHAPES) {
  const { torrents } = shape;
  seededTest(
    `four threads and a sweeper in ${torrents} torrents lose nothing, count nothing twice`,
    async (random) => {
      const memory = createStoreMemory({ torrents: 20_000, peers: 200_000 }, true, [
        random.next(),
        random.next(),
      ]);
      const store = new SwarmStore(memory, random);
      const attackers = new Attackers(memory);
      const round = { ...shape, kind: "announce" as const, operations: amount(10_000, 400_000), time: 1000 };
      try {
        // First nobody is silent for too long …
        const first = await attackers.run({ ...round, seed: random.next(), timeout: FOR_EVER }, 1000);
        compare(store, first.flatMap((report) => report.peers), torrents);

        // … then the peers are that were added here …
        addSilentPeers(store, shape, random);
        const second = await attackers.run({ ...round, seed: random.next(), timeout: 500 }, 1040);
        compare(store, second.flatMap((report) => report.peers), torrents);
        const completed = second.reduce((sum, report) => sum + report.completed, 0);
        assert.equal(store.totals().completed, completed);

        // … and at last all leave.
        await attackers.run({ ...round, kind: "leave", seed: 1, timeout: FOR_EVER }, 1000);
        assert.equal(store.totals().completed, completed);
        const left = inUse(memory, store);
        assert.deepEqual(left, Object.fromEntries(Object.keys(left).map((key) => [key, 0])));
      } finally {
        attackers.stop();
      }
    },
  );
}

/** Peers of both families that are silent since second 100. */
function addSilentPeers(
  store: SwarmStore,
  { torrents, peers }: { torrents: number; peers: number },
  random: Prng,
) {
  const announce = new TestAnnounce();
  const answer = new TestAnswer();
  for (let i = 0; i < Math.min(torrents * peers, 20_000); i++) {
    const peer = random.below(peers) * OWNERS + THREADS;
    const said = { event: 0, left: random.below(2), uploaded: 0, downloaded: 0, salt: 0 };
    fill(announce, random.below(torrents), peer, random.below(2) === 0, said, 0);
    assert.equal(store.announce(announce, answer, 100), 0);
  }
}
