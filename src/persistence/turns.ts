/** One after the other: calls on a connection that can do only one thing at a time. */
import { DatabaseError } from "./database.ts";

const MAX_WAITING_CALLS = 64;

/** Runs calls in turns; what waits is limited in number and in time. */
export class Turns {
  readonly #description: string;
  readonly #waitSeconds: number;
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  constructor(description: string, waitSeconds: number) {
    this.#description = description;
    this.#waitSeconds = waitSeconds;
  }

  /** Runs `work` when its turn has come; rejects with a {@link DatabaseError} when it does not come. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isTaken) await this.#wait();
    this.#isTaken = true;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The turn is handed on without a moment in which a newcomer could take it.
      if (next === undefined) this.#isTaken = false;
      else next();
    }
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING_CALLS) {
        return reject(this.#error(`${MAX_WAITING_CALLS} calls already wait for an earlier one`));
      }
      const enter = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(this.#error(`an earlier call did not end in ${this.#waitSeconds} s`));
      }, this.#waitSeconds * 1000);
      this.#waiting.push(enter);
    });
  }

  #error(problem: string): DatabaseError {
    return new DatabaseError("unavailable", this.#description, problem);
  }
}
