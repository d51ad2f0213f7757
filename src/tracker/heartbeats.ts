/**
 * Signs of life. Each thread counts its turns at a place of its own; whoever looks from time to time sees which counts
 * stand still. A count instead of a time: adding one costs next to nothing, also between two batches of datagrams.
 */

/** Int32s from one thread's count to the next: two cache lines, so that threads do not disturb each other. */
const STRIDE = 32;

/** Reserves the counts of that many threads. */
export function createHeartbeatMemory(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * STRIDE * 4);
}

/** One thread's side. */
export class Heartbeat {
  readonly #counts: Int32Array;
  readonly #at: number;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#counts = new Int32Array(memory);
    this.#at = thread * STRIDE;
  }

  /** This thread is alive and about to take its next turn. */
  beat(): void {
    this.#counts[this.#at]++;
  }
}

/** The side of the thread that looks. */
export class HeartbeatReader {
  readonly #counts: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#counts = new Int32Array(memory);
  }

  /** The count of a thread; it wraps around, so only whether it has changed means something. */
  count(thread: number): number {
    return Atomics.load(this.#counts, thread * STRIDE);
  }
}
