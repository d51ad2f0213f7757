/**
 * One thread of `store_threads_test.ts`: announces peers that nobody else announces, in torrents that all announce
 * in, or sweeps. It says at the end what should be there.
 */
import { Prng } from "../../src/base/prng.ts";
import { EVENT_COMPLETED, EVENT_NONE, EVENT_STOPPED } from "../../src/swarm/layout.ts";
import { SwarmStore } from "../../src/swarm/store.ts";
import type { StoreMemory } from "../../src/swarm/store_memory.ts";
import { SweepCursor } from "../../src/swarm/swarm_table.ts";
import { chance, pick } from "../support/seeded.ts";
import { fill } from "./checked_store.ts";
import type { Said } from "./model.ts";
import { peersIn, TestAnnounce, TestAnswer } from "./numbered_peers.ts";

/** A round of work. Peers of a thread are the numbers `owner`, `owner + owners`, `owner + 2 * owners` … */
export interface Round {
  readonly kind: "announce" | "leave" | "sweep";
  readonly owner: number;
  readonly owners: number;
  readonly seed: number;
  readonly operations: number;
  readonly torrents: number;
  /** Peers of this thread in a torrent and family. */
  readonly peers: number;
  readonly time: number;
  readonly timeout: number;
}

/** One of this thread's peers, as it should be in the store. */
export interface OwnPeer {
  readonly torrent: number;
  readonly peer: number;
  readonly isIpv4: boolean;
  readonly said: Said;
}

export interface Report {
  readonly peers: OwnPeer[];
  /** Completed downloads announced in all rounds. */
  readonly completed: number;
  readonly sweeps: number;
  readonly failure: string | null;
}

const own = new Map<string, OwnPeer>();
let completed = 0;

function announce(store: SwarmStore, round: Round): void {
  const random = new Prng(round.seed);
  const announced = new TestAnnounce();
  const answer = new TestAnswer();
  for (let operation = 0; operation < round.operations; operation++) {
    const torrent = Math.min(random.below(round.torrents), random.below(round.torrents));
    const peer = random.below(round.peers) * round.owners + round.owner;
    const isIpv4 = chance(random, 70);
    const said = {
      event: chance(random, 20) ? EVENT_STOPPED : pick(random, [EVENT_NONE, EVENT_COMPLETED]),
      left: chance(random, 50) ? 0 : random.next() >>> 0,
      uploaded: random.next() >>> 0,
      downloaded: random.below(1000) * 2 ** 32,
      salt: random.next(),
    };
    const name = `${torrent} ${peer} ${isIpv4}`;
    const before = own.get(name);
    fill(announced, torrent, peer, isIpv4, said, random.below(60));
    const result = store.announce(announced, answer, round.time);
    const stops = said.event === EVENT_STOPPED;
    if (result !== (stops && before === undefined ? 1 : 0)) throw new Error(`result ${result} of ${name}`);
    checkAnswer(answer, announced, peer);
    if (stops) {
      own.delete(name);
      continue;
    }
    if (said.event === EVENT_COMPLETED && said.left === 0 && before?.said.left !== 0) completed++;
    own.set(name, { torrent, peer, isIpv4, said });
  }
}

/** Whatever the others do, an answer is whole peers, each once, with its own peer id, and never the asker. */
function checkAnswer(answer: TestAnswer, announced: TestAnnounce, asker: number): void {
  if (answer.peers > announced.wanted) throw new Error("more peers than wanted");
  const seen = new Set<number>();
  for (const [i, number] of peersIn(answer, announced.isIpv4).entries()) {
    if (number < 0) throw new Error("an address that nobody has");
    if (number === asker || seen.has(number)) throw new Error(`peer ${number} should not be in the answer`);
    if (answer.ids?.[i * 5] !== number) throw new Error(`peer ${number} has a peer id that is not its own`);
    seen.add(number);
  }
}

function leave(store: SwarmStore, round: Round): void {
  const announced = new TestAnnounce();
  const answer = new TestAnswer();
  for (const { torrent, peer, isIpv4, said } of own.values()) {
    fill(announced, torrent, peer, isIpv4, { ...said, event: EVENT_STOPPED }, 0);
    const result = store.announce(announced, answer, round.time);
    if (result !== 0) throw new Error(`peer ${peer} of torrent ${torrent} was lost: ${result}`);
  }
  own.clear();
}

/** Sweeps until `stop[0]` is set, and then to the end of one more sweep that is whole. */
function sweep(store: SwarmStore, round: Round, stop: Int32Array): number {
  const cursor = new SweepCursor();
  const random = new Prng(round.seed);
  let sweeps = 0;
  for (let last = false; !last; sweeps++) {
    last = Atomics.load(stop, 0) === 1;
    while (!store.sweep(cursor, 1 + random.below(20), round.time, round.timeout));
  }
  return sweeps;
}

interface Start {
  readonly memory: StoreMemory;
  readonly round: Round;
  readonly stop: Int32Array;
}

function run({ memory, round, stop }: Start): Report {
  let sweeps = 0;
  let failure: string | null = null;
  try {
    const store = new SwarmStore(memory, new Prng(round.seed));
    if (round.kind === "sweep") sweeps = sweep(store, round, stop);
    else if (round.kind === "leave") leave(store, round);
    else announce(store, round);
  } catch (error) {
    failure = error instanceof Error ? error.stack ?? error.message : String(error);
  }
  return { peers: [...own.values()], completed, sweeps, failure };
}

/** The global scope of a Worker, which the types of the main thread do not know. */
interface WorkerScope {
  onmessage: (event: MessageEvent<Start>) => void;
  postMessage(report: Report): void;
}

const scope = globalThis as unknown as WorkerScope;
scope.onmessage = (event) => scope.postMessage(run(event.data));
