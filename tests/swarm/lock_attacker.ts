/** One thread of `lock_test.ts`: adds to a plain counter under the lock, over and over. */
import { lock, unlock } from "../../src/swarm/lock.ts";

export interface LockRound {
  /** Word 0 is the lock, word 1 the counter, word 2 who is inside. */
  readonly words: Int32Array;
  readonly rounds: number;
  readonly name: number;
  /** Now and then one holds the lock for so long that the others must sleep. */
  readonly dawdle: boolean;
}

function run({ words, rounds, name, dawdle }: LockRound): number {
  let intruders = 0;
  for (let i = 0; i < rounds; i++) {
    lock(words, 0);
    words[2] = name;
    const value = words[1];
    if (dawdle && i % 1000 === 0) { for (const end = performance.now() + 1; performance.now() < end;); }
    words[1] = value + 1;
    if (words[2] !== name) intruders++;
    unlock(words, 0);
  }
  return intruders;
}

/** The global scope of a Worker, which the types of the main thread do not know. */
interface WorkerScope {
  onmessage: (event: MessageEvent<LockRound>) => void;
  postMessage(intruders: number): void;
}

const scope = globalThis as unknown as WorkerScope;
scope.onmessage = (event) => scope.postMessage(run(event.data));
