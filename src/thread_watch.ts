/**
 * Whether the threads that answer clients still do. A thread that throws says so by itself; this finds the one that
 * hangs. The database's thread is left out: a slow disk is no reason to call a tracker ill that answers everybody.
 */
import { logger } from "./base/log.ts";
import { HeartbeatReader } from "./tracker/heartbeats.ts";

/** Every thread beats several times between two looks. */
const LOOK_MILLISECONDS = 1000;

/** Looks at the same count after which a thread is called silent. Looks, not time: a machine may sleep. */
const PATIENT_LOOKS = 5;

const log = logger("denotrack");

/** A thread by the number of its heartbeat. */
export interface WatchedThread {
  /** What it does, for messages. */
  readonly name: string;
  readonly thread: number;
}

export class ThreadWatch {
  readonly #threads: () => readonly WatchedThread[];
  readonly #reader: HeartbeatReader;
  readonly #last = new Map<number, { count: number; looks: number }>();
  #silent: readonly string[] = [];

  constructor(memory: SharedArrayBuffer, threads: () => readonly WatchedThread[]) {
    this.#reader = new HeartbeatReader(memory);
    this.#threads = threads;
  }

  /** The names of the threads that hang, as of the last look. */
  get silent(): readonly string[] {
    return this.#silent;
  }

  /** Looks by itself until stopped. */
  start(): { stop(): void } {
    const timer = setInterval(() => this.look(), LOOK_MILLISECONDS);
    return { stop: () => clearInterval(timer) };
  }

  look(): void {
    const before = this.#silent;
    this.#silent = this.#threads().filter(({ thread }) => this.#isSilent(thread)).map(({ name }) => name);
    for (const name of this.#silent) {
      if (!before.includes(name)) log.error(`${name} does not answer any more`);
    }
    for (const name of before) {
      if (!this.#silent.includes(name)) log.info(`${name} answers again`);
    }
  }

  #isSilent(thread: number): boolean {
    const count = this.#reader.count(thread);
    const last = this.#last.get(thread);
    const looks = last?.count === count ? last.looks + 1 : 0;
    this.#last.set(thread, { count, looks });
    return looks >= PATIENT_LOOKS;
  }
}
