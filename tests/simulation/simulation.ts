/**
 * A whole life of the tracker, drawn from a seed: clients and attackers, a bad network, a moving clock, sweeps and an
 * operator, with a model that is asked about every answer.
 */
import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import type { SharedMemory } from "../../src/tracker/shared.ts";
import { COUNTER, type CounterName, readCounters } from "../../src/tracker/stats.ts";
import type { AccessRules } from "../../src/tracker/access.ts";
import type { TrackerSettings } from "../../src/tracker/tracker.ts";
import { chance, pick } from "../support/seeded.ts";
import { type Address, keyOf, randomAddress } from "./address.ts";
import { Agenda } from "./agenda.ts";
import { checkAnswer } from "./answer.ts";
import { Attacker } from "./attacker.ts";
import { Client, type Surroundings } from "./client.ts";
import { ClientSocket } from "./client_socket.ts";
import { between, randomBytes } from "./dice.ts";
import { checkEmpty, compare } from "./inspection.ts";
import { Model, type ModelLimits, type Moment } from "./model.ts";
import { Network } from "./network.ts";
import { Operator } from "./operator.ts";
import { Sweeper } from "./sweeper.ts";
import { createThreads, type TrackerThread } from "./threads.ts";
import { Trace } from "./trace.ts";

export interface World extends AccessRules {
  /** How many datagrams the tracker handles until all are gone. */
  readonly datagrams: number;
  /** Clients at any time; each is replaced by another when its time is over. */
  readonly clients: number;
  readonly attackers: number;
  readonly torrents: number;
  /** Whether torrents stay, to be saved. */
  readonly keepTorrents: boolean;
  readonly limits: ModelLimits;
  /** How many torrents an attacker makes up at once. */
  readonly flood: number;
  /** Minutes between two crowds, two exoduses, two blackouts. */
  readonly upheaval: number;
}

export interface Summary {
  /** Of all events. */
  readonly hash: string;
  readonly datagrams: number;
  readonly days: number;
  /** Clients that there ever were. */
  readonly clients: number;
  /** The most peers that a torrent ever had at a time when all was compared. */
  readonly largestSwarm: number;
  readonly counters: Readonly<Record<CounterName, number>>;
}

/** Datagrams between two comparisons of everything. */
const COMPARED_EVERY = 2000;
const MINUTE = 60_000;

/** A failure names the seed and shows the last events. */
export function simulate(world: World, seed: number): Summary {
  const simulation = new Simulation(world, seed);
  try {
    return simulation.run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`seed ${seed}: ${reason}\n\nThe last events:\n${simulation.trace.last()}`, { cause });
  }
}

class Simulation implements Surroundings {
  readonly trace = new Trace();
  readonly interval: number;
  readonly #world: World;
  readonly #random: Prng;
  readonly #agenda: Agenda;
  readonly #settings: TrackerSettings;
  readonly #memory: SharedMemory;
  readonly #threads: TrackerThread[];
  readonly #model: Model;
  readonly #network: Network;
  readonly #operator: Operator;
  readonly #sweeper: Sweeper;
  readonly #torrents: readonly Uint8Array[];
  readonly #clients: Client[] = [];
  #born = 0;
  #datagrams = 0;
  #largestSwarm = 0;
  /** UNIX time when the clock of the simulation is at 0. An operator may set it. */
  #unixOrigin: number;

  constructor(world: World, seed: number) {
    const random = new Prng(seed);
    this.#world = world;
    this.#random = random;
    this.interval = between(random, 3600, 7201);
    this.#settings = {
      whitelist: world.whitelist,
      blacklist: world.blacklist,
      keys: world.keys,
      interval: this.interval,
      intervalMinimum: this.interval,
      peerTimeout: this.interval + between(random, 300, 3600),
      peersReturned: pick(random, [30, 74, 200, 500]),
    };
    // The time of peers and ids wraps every 18 hours: some runs begin just before.
    this.#agenda = new Agenda(pick(random, [0, 65_000_000, random.below(1_000_000_000)]));
    this.#unixOrigin = pick(random, [1_800_000_000, 2 ** 31 - 100_000, 4_000_000_000]);
    const limits = { ...world.limits, listEntries: 1000 };
    const { memory, threads } = createThreads(limits, this.#settings, world.keepTorrents, random);
    this.#memory = memory;
    this.#threads = threads;
    this.#model = new Model(this.#settings, world.limits, world.keepTorrents);
    this.#torrents = Array.from({ length: world.torrents }, () => randomBytes(random, 20));
    const infoHashes = this.#torrents.map((torrent) => keyOf(torrent, 0, 20));
    this.#operator = new Operator(random, threads, this.#model, infoHashes, this.#moment());
    this.#network = new Network(random, this.#agenda, (bytes, from) => this.#handle(bytes, from));
    const { peerTimeout } = this.#settings;
    this.#sweeper = new Sweeper(random, this.#agenda, threads, this.#model, peerTimeout);
  }

  run(): Summary {
    const start = this.#agenda.milliseconds;
    this.#populate();
    let compared = 0;
    while (this.#datagrams < this.#world.datagrams && this.#agenda.next()) {
      if (this.#datagrams < compared + COMPARED_EVERY) continue;
      compared = this.#datagrams;
      this.#compare();
    }
    this.#compare();
    const days = (this.#agenda.milliseconds - start) / (24 * 60 * MINUTE);
    this.#end();
    return {
      hash: this.trace.hash(),
      datagrams: this.#datagrams,
      days,
      clients: this.#born,
      largestSwarm: this.#largestSwarm,
      counters: readCounters(this.#memory.stats),
    };
  }

  /** Half of all ask for the same torrent. */
  torrent(): Uint8Array {
    return chance(this.#random, 50) ? this.#torrents[0] : pick(this.#random, this.#torrents);
  }

  key(): string {
    return this.#operator.key();
  }

  endingKey(): string {
    return this.#operator.endKey(this.#moment());
  }

  replace(client: Client): void {
    const at = this.#clients.indexOf(client);
    this.#clients[at] = this.#createClient();
    this.#agenda.after(between(this.#random, 1000, 60 * MINUTE), () => this.#clients[at].start());
  }

  #populate(): void {
    const random = this.#random;
    for (let i = 0; i < this.#world.clients; i++) {
      const client = this.#createClient();
      this.#clients.push(client);
      this.#agenda.after(random.below(this.interval * 1000), () => client.start());
    }
    for (let i = 0; i < this.#world.attackers; i++) {
      const socket = this.#createSocket(chance(random, 50));
      const { flood } = this.#world;
      const attacker = new Attacker(random, this.#agenda, this.#network, socket, this, flood);
      this.#repeat(15, () => attacker.attack());
    }
    this.#repeat(20, () => this.#operator.changeLists());
    this.#repeat(5, () => this.#operator.changeKeys(this.#moment()));
    this.#repeat(300, () => this.#setClock());
    const { upheaval } = this.#world;
    this.#repeat(upheaval, () => this.#blackout());
    this.#repeat(upheaval, () => this.#exodus());
    this.#repeat(upheaval, () => this.#crowd());
    this.#sweeper.start();
  }

  /** Does something again and again, every so many minutes more or less. */
  #repeat(minutes: number, action: () => void): void {
    this.#agenda.after(this.#random.below(2 * minutes * MINUTE), () => {
      action();
      this.#repeat(minutes, action);
    });
  }

  #createClient(): Client {
    const random = this.#random;
    this.#born++;
    const families = pick(random, [[true], [true], [false], [true, false]]);
    const sockets = families.map((isIpv4) => this.#createSocket(isIpv4));
    return new Client(random, this.#agenda, sockets, this);
  }

  #createSocket(isIpv4: boolean): ClientSocket {
    const address = randomAddress(this.#random, isIpv4);
    // BEP 15 lets a client use an id for a minute; some go on for as long as the tracker takes it.
    const patience = chance(this.#random, 80) ? MINUTE : 2 * MINUTE;
    return new ClientSocket(this.#random, this.#agenda, this.#network, address, patience);
  }

  /** Somebody sets the clock of the machine: no peer may notice. */
  #setClock(): void {
    this.#unixOrigin += between(this.#random, -20_000, 20_000);
    this.trace.did("the operator set the clock");
  }

  /** Many clients are gone at once, without a word. */
  #blackout(): void {
    const percent = between(this.#random, 30, 100);
    for (const client of this.#clients) if (chance(this.#random, percent)) client.crash();
    this.trace.did(`${percent}% of the clients crashed`);
  }

  /** Many clients stop within minutes. */
  #exodus(): void {
    const percent = between(this.#random, 30, 100);
    for (const client of this.#clients) {
      if (chance(this.#random, percent)) {
        this.#agenda.after(this.#random.below(10 * MINUTE), () => client.leave());
      }
    }
    this.trace.did(`${percent}% of the clients will stop`);
  }

  /** Many clients come for one torrent within minutes. */
  #crowd(): void {
    const torrent = pick(this.#random, this.#torrents);
    for (let i = 0; i < this.#world.clients / 2; i++) {
      const client = this.#createClient();
      this.#agenda.after(this.#random.below(10 * MINUTE), () => client.start(torrent));
      this.#agenda.after(between(this.#random, 1, 120) * MINUTE, () => client.retire());
    }
    this.trace.did("a crowd comes");
  }

  #moment(): Moment {
    const { seconds } = this.#agenda;
    return { seconds, unixSeconds: this.#unixOrigin + seconds };
  }

  /** A datagram reaches the tracker: one of the threads handles it, and the model says whether it did well. */
  #handle(bytes: Uint8Array, from: Address): Uint8Array | null {
    if (bytes.length > 2044) return null;
    this.#sweeper.settle();
    const moment = this.#moment();
    const number = this.#random.below(this.#threads.length);
    const thread = this.#threads[number];
    const { counters } = thread.tracker;
    const before = [counters[COUNTER.full_torrents], counters[COUNTER.full_peers]];
    const answer = thread.handle(bytes, from, moment, this.#random);
    this.#datagrams++;
    this.trace.delivered({ seconds: moment.seconds, thread: number, from, request: bytes, answer });

    const proven = this.#model.isProven(bytes, from, moment);
    assert(proven || answer.length <= bytes.length, "an unproven address got more than it sent");
    const full = {
      torrents: counters[COUNTER.full_torrents] > before[0],
      peers: counters[COUNTER.full_peers] > before[1],
    };
    const expected = this.#model.take(bytes, from, moment, full);
    checkAnswer(answer, expected, from, this.interval);
    if (expected.kind === "connect") this.#model.noteId(from, keyOf(answer, 8, 8), moment);
    return answer.length === 0 ? null : answer;
  }

  #compare(): void {
    this.#sweeper.settle();
    compare(this.#memory, pick(this.#random, this.#threads).tracker, this.#model);
    for (const { size } of this.#model.swarms.torrents.values()) {
      this.#largestSwarm = Math.max(this.#largestSwarm, size);
    }
  }

  /** Everybody is gone; once their time is over and a sweep came by, nothing is left. */
  #end(): void {
    this.#agenda.clear();
    this.#agenda.milliseconds += (this.#settings.peerTimeout + 2) * 1000;
    this.#sweeper.sweepAll();
    this.#compare();
    checkEmpty(this.#memory, this.#threads[0].tracker.store);
  }
}
