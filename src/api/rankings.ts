/** Keeps the rankings: walks through the store in the background, and at once where that takes a moment only. */
import type { Clock } from "../base/clock.ts";
import type { SwarmStore } from "../swarm/store.ts";
import { RANKED_TORRENTS, type Ranking, RankingWalk } from "../tracker/ranking.ts";
import { pause } from "./pause.ts";
import { nextTurn } from "./turns.ts";

/** In the background: work of this long, and then a pause, so that a walk takes a tenth of this thread's time. */
const SLICE_MILLISECONDS = 0.5;
const PAUSE_MILLISECONDS = 5;

/** The pause between two walks. */
const REST_MILLISECONDS = 30_000;

export class Rankings {
  readonly #walk: RankingWalk;
  readonly #store: SwarmStore;
  readonly #clock: Clock;
  #last: Ranking | undefined;
  #fresh: Promise<Ranking> | undefined;

  constructor(store: SwarmStore, clock: Clock) {
    this.#walk = new RankingWalk(store);
    this.#store = store;
    this.#clock = clock;
  }

  /** What the last whole walk found; `undefined` before the end of the first. */
  get last(): Ranking | undefined {
    return this.#last;
  }

  /**
   * The rankings: of this moment as long as they hold every torrent there is, else of the last walk, `undefined` before
   * the end of the first.
   */
  async read(): Promise<Ranking | undefined> {
    if (this.#store.totals().torrents > RANKED_TORRENTS) return this.#last;
    // Whoever asks while a walk is on the way gets the next one: that one may have been past what is new.
    const before = this.#fresh;
    await before;
    if (this.#fresh === before) this.#fresh = this.#walkNow();
    return await this.#fresh;
  }

  /** Walks again and again until the signal. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const ranking = this.#step(performance.now() + SLICE_MILLISECONDS);
      await pause(ranking === undefined ? PAUSE_MILLISECONDS : REST_MILLISECONDS, signal);
    }
  }

  async #walkNow(): Promise<Ranking> {
    const walk = new RankingWalk(this.#store);
    for (;;) {
      const end = performance.now() + SLICE_MILLISECONDS;
      do {
        const ranking = walk.step(this.#clock.seconds());
        if (ranking !== undefined) return this.#last = ranking;
      } while (performance.now() < end);
      await nextTurn();
    }
  }

  /** Goes on with the walk in the background; gives what it found at its end. */
  #step(end: number): Ranking | undefined {
    do {
      const ranking = this.#walk.step(this.#clock.seconds());
      if (ranking !== undefined) return this.#last = ranking;
    } while (performance.now() < end);
    return undefined;
  }
}
