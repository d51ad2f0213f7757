/** Timers that run when a test says so; everything else goes its way. */
interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export class FakeTime {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  readonly #timers = new Map<number, Timer>();
  #now = 0;
  #lastId = 0;

  constructor() {
    globalThis.setTimeout = ((callback: () => void, milliseconds = 0) => {
      this.#timers.set(++this.#lastId, { at: this.#now + milliseconds, callback });
      return this.#lastId;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = (id) => {
      this.#timers.delete(Number(id));
    };
  }

  /** Lets time pass, once what is under way has set its timers. */
  async pass(milliseconds: number): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    this.#now += milliseconds;
    for (const [id, { at, callback }] of this.#timers) {
      if (at > this.#now) continue;
      this.#timers.delete(id);
      callback();
    }
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
  }
}
