/**
 * A mutual exclusion lock in one int32 of shared memory (Drepper, "Futexes Are Tricky": 0 free, 1 held, 2 held with
 * waiters). Held for microseconds and never across an `await`.
 */

const FREE = 0;
const HELD = 1;
const CONTENDED = 2;

/** How often to look again before sleeping: about a microsecond, longer than most holders need. */
const SPINS = 64;

/** A holder that needs longer than this has died with the lock. */
const DEAD_AFTER_MILLISECONDS = 10_000;

export function lock(words: Int32Array, index: number): void {
  if (Atomics.compareExchange(words, index, FREE, HELD) !== FREE) {
    lockContended(words, index, DEAD_AFTER_MILLISECONDS);
  }
}

export function unlock(words: Int32Array, index: number): void {
  if (Atomics.exchange(words, index, FREE) === CONTENDED) Atomics.notify(words, index, 1);
}

/** Waits for a lock that another thread holds; throws an Error when it is held for longer than the limit. */
export function lockContended(words: Int32Array, index: number, limitMilliseconds: number): void {
  for (let i = 0; i < SPINS; i++) {
    if (Atomics.load(words, index) === FREE && Atomics.compareExchange(words, index, FREE, HELD) === FREE) {
      return;
    }
  }
  while (Atomics.exchange(words, index, CONTENDED) !== FREE) {
    if (Atomics.wait(words, index, CONTENDED, limitMilliseconds) === "timed-out") {
      throw new Error(`a lock was held for ${limitMilliseconds} ms: a thread has died with it`);
    }
  }
}
