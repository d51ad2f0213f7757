/** The Workers of the program: started together, watched, stopped together. */
import type { TrackerSetup } from "./tracker/setup.ts";
import type { WatchedThread } from "./thread_watch.ts";
import { STOP, type WorkerMessage, type WorkerStart } from "./worker_messages.ts";

export class Workers {
  readonly #setup: TrackerSetup;
  readonly #random: () => number;
  readonly #onFailure: (reason: string) => void;
  readonly #running: { worker: Worker; stopped: Promise<void>; watched: WatchedThread }[] = [];

  /** `onFailure` is told when a Worker that was ready dies: it may have died with a lock. */
  constructor(setup: TrackerSetup, random: () => number, onFailure: (reason: string) => void) {
    this.#setup = setup;
    this.#random = random;
    this.#onFailure = onFailure;
  }

  /** The threads that run, for those who look after them. */
  get threads(): readonly WatchedThread[] {
    return this.#running.map(({ watched }) => watched);
  }

  /** Starts one more and waits until it serves. Throws an Error with its reason, in one line, when it cannot. */
  async start(work: WorkerStart["work"]): Promise<void> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const ready = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    let isReady = false;
    const fail = (reason: string) => {
      if (isReady) this.#onFailure(reason);
      ready.reject(new Error(reason.split("\n", 1)[0]));
      stopped.resolve();
    };
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (data.is === "failed") return fail(data.reason);
      if (data.is === "stopped") return stopped.resolve();
      isReady = true;
      ready.resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message);
    };
    const thread = this.#running.length + 1;
    const watched = { name: `the ${work.kind.toUpperCase()} thread ${thread}`, thread };
    this.#running.push({ worker, stopped: stopped.promise, watched });
    const start: WorkerStart = {
      setup: this.#setup,
      thread,
      randomSeed: this.#random(),
      work,
    };
    worker.postMessage(start);
    await ready.promise;
  }

  /** Tells all to stop, and waits until they have. */
  async stop(): Promise<void> {
    Atomics.store(new Int32Array(this.#setup.memory.stop), 0, 1);
    const running = this.#running.splice(0);
    for (const { worker } of running) worker.postMessage(STOP);
    await Promise.all(running.map(({ stopped }) => stopped));
    for (const { worker } of running) worker.terminate();
  }
}
