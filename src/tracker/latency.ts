/**
 * How long announces take, as a histogram in the counters of each thread. Sampled: the clock is read for one in
 * sixteen, so that the others pay for an addition and a comparison.
 */
import { assert } from "../base/assert.ts";
import { COUNTER, STRIPE_COUNTERS } from "./stats.ts";

export type LatencyProtocol = "udp" | "tcp";

/** Upper bounds of the buckets, in seconds; above the last there is one more. */
export const LATENCY_BOUNDS: readonly number[] = [
  ...[50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1],
];

/** In a stripe: the buckets, then the sum in seconds. */
const BUCKETS = LATENCY_BOUNDS.length + 1;
const PLACES: Readonly<Record<LatencyProtocol, number>> = {
  udp: STRIPE_COUNTERS - 2 * (BUCKETS + 1),
  tcp: STRIPE_COUNTERS - (BUCKETS + 1),
};
assert(Math.max(...Object.values(COUNTER)) < PLACES.udp, "the counters leave room for the histograms");

/** One in so many is measured. */
const SAMPLE_EVERY = 16;

/** One thread's samples of one protocol. */
export class LatencySampler {
  readonly #counters: Float64Array;
  readonly #place: number;
  #turn = 0;

  constructor(counters: Float64Array, protocol: LatencyProtocol) {
    this.#counters = counters;
    this.#place = PLACES[protocol];
  }

  /** Whether this time is to be measured. */
  isDue(): boolean {
    this.#turn = (this.#turn + 1) & (SAMPLE_EVERY - 1);
    return this.#turn === 1;
  }

  /** Notes what was measured. */
  note(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    let bucket = 0;
    while (bucket < LATENCY_BOUNDS.length && seconds > LATENCY_BOUNDS[bucket]) bucket++;
    this.#counters[this.#place + bucket]++;
    this.#counters[this.#place + BUCKETS] += seconds;
  }
}

/** A histogram over all threads. */
export interface LatencyHistogram {
  /** Samples of each bucket, not summed up; one more than there are bounds. */
  readonly buckets: number[];
  readonly sumSeconds: number;
}

/** Adds up the samples of all threads. */
export function readLatency(memory: SharedArrayBuffer, protocol: LatencyProtocol): LatencyHistogram {
  const all = new Float64Array(memory);
  const sums = new Array<number>(BUCKETS + 1).fill(0);
  for (let stripe = PLACES[protocol]; stripe < all.length; stripe += STRIPE_COUNTERS) {
    for (let i = 0; i <= BUCKETS; i++) sums[i] += all[stripe + i];
  }
  return { buckets: sums.slice(0, BUCKETS), sumSeconds: sums[BUCKETS] };
}
