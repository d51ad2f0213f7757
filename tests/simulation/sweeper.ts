/** Sweeps now and then, in slices between which other things happen, and sometimes much too late. */
import assert from "node:assert/strict";
import type { Prng } from "../../src/base/prng.ts";
import { SweepCursor } from "../../src/swarm/swarm_table.ts";
import { chance, pick } from "../support/seeded.ts";
import type { Agenda } from "./agenda.ts";
import { between } from "./dice.ts";
import { forgetSwept } from "./inspection.ts";
import type { Model } from "./model.ts";
import type { TrackerThread } from "./threads.ts";

export class Sweeper {
  readonly #random: Prng;
  readonly #agenda: Agenda;
  readonly #threads: readonly TrackerThread[];
  readonly #model: Model;
  readonly #timeout: number;
  readonly #cursor = new SweepCursor();
  /** When the sweep that is under way began. */
  #since = 0;
  /** The time of the last slice, and the peers swept out that the model does not know of yet. */
  #seconds = 0;
  #gone = 0;
  /** Seconds by which it sees an older time than the threads that answer announces: read just before they read it. */
  #behind = 0;

  constructor(
    random: Prng,
    agenda: Agenda,
    threads: readonly TrackerThread[],
    model: Model,
    timeout: number,
  ) {
    this.#random = random;
    this.#agenda = agenda;
    this.#threads = threads;
    this.#model = model;
    this.#timeout = timeout;
  }

  start(): void {
    const random = this.#random;
    const due = chance(random, 50) ? this.#nextDue() : null;
    if (due !== null) {
      const start = due * 1000 + random.below(1000);
      return this.#agenda.after(start - this.#agenda.milliseconds, () => this.#begin(500, 0, 0));
    }
    const pause = chance(random, 1) ? between(random, 20_000, 40_000) : between(random, 60, 900);
    this.#agenda.after(pause * 1000, () => {
      this.#begin(pick(random, [1, 8, 500]), pick(random, [0, 5, 50, 700]), chance(random, 30) ? 1 : 0);
    });
  }

  /** A whole sweep at once, after one that may be half through. */
  sweepAll(): void {
    while (!this.#slice(500));
    this.#behind = 0;
    this.#since = this.#agenda.seconds;
    while (!this.#slice(500));
  }

  /** Brings the model up to date with the slices that were done: before anything else looks at it. */
  settle(): void {
    if (this.#gone === 0) return;
    const { store } = this.#threads[0].tracker;
    assert.equal(
      forgetSwept(store, this.#model, this.#seconds, this.#timeout),
      this.#gone,
      "peers swept out",
    );
    this.#gone = 0;
  }

  /** The last second in which the oldest peer of some torrent may stay, or the first in which it must go. */
  #nextDue(): number | null {
    const torrents = [...this.#model.swarms.torrents.values()];
    if (torrents.length === 0) return null;
    const { ipv4, ipv6 } = pick(this.#random, torrents);
    let heard = Infinity;
    for (const { peers } of [ipv4, ipv6]) {
      for (const peer of peers.values()) heard = Math.min(heard, peer.heard);
    }
    const due = heard + this.#timeout + this.#random.below(2);
    const wait = due - this.#agenda.seconds;
    return wait > 0 && wait < 900 ? due : null;
  }

  #begin(budget: number, pause: number, behind: number): void {
    this.#behind = behind;
    this.#since = this.#agenda.seconds - behind;
    this.#slices(budget, pause);
  }

  #slices(budget: number, pause: number): void {
    if (this.#slice(budget)) this.start();
    else this.#agenda.after(pause, () => this.#slices(budget, pause));
  }

  /** True at the end of the sweep. */
  #slice(budget: number): boolean {
    const { tracker } = pick(this.#random, this.#threads);
    const seconds = this.#agenda.seconds - this.#behind;
    if (seconds !== this.#seconds) this.settle();
    this.#seconds = seconds;
    const before = tracker.store.totals();
    const done = tracker.sweep(this.#cursor, budget, seconds);
    const after = tracker.store.totals();
    this.#gone += before.seeders + before.leechers - after.seeders - after.leechers;
    if (done) this.#checkDone();
    return done;
  }

  /** Whoever was too old when the sweep began is gone. */
  #checkDone(): void {
    this.settle();
    for (const torrent of this.#model.swarms.torrents.values()) {
      for (const swarm of [torrent.ipv4, torrent.ipv6]) {
        for (const { heard } of swarm.peers.values()) {
          const silent = this.#since - heard;
          assert(silent <= this.#timeout, `a peer is still there ${silent} seconds after it was heard`);
        }
      }
    }
  }
}
