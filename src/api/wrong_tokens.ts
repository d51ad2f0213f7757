/**
 * Slows down whoever guesses tokens: counts wrong ones by address (IPv6: by the /64 that a customer has) for a minute
 * from the first on.
 *
 * After ten in a minute each wrong one is told to wait. After ten different ones the right one is as well, or a guesser
 * would see from the answer when he has it; a program that repeats an old token locks nobody out of its address.
 */
const WINDOW_SECONDS = 60;
const MOST_WRONG = 10;

/** Addresses that are remembered; beyond that the oldest is forgotten. */
const MAX_ADDRESSES = 10_000;

interface Attempts {
  readonly since: number;
  wrong: number;
  different: number;
  /** The beginning of the last wrong token's digest. */
  last: number;
}

export class WrongTokens {
  readonly #attempts = new Map<string, Attempts>();

  /** Notes a wrong token, by 32 bits of its digest. Gives the seconds to wait, 0 for none. */
  note(address: string, digestWord: number, seconds: number): number {
    const attempts = this.#find(address, seconds) ?? this.#remember(address, seconds);
    if (attempts.wrong === 0 || attempts.last !== digestWord) attempts.different++;
    attempts.last = digestWord;
    attempts.wrong++;
    return attempts.wrong > MOST_WRONG ? attempts.since + WINDOW_SECONDS - seconds : 0;
  }

  /** Seconds for which an address that guesses must wait even with the right token, 0 for none. */
  wait(address: string, seconds: number): number {
    const attempts = this.#find(address, seconds);
    return attempts !== undefined && attempts.different > MOST_WRONG
      ? attempts.since + WINDOW_SECONDS - seconds
      : 0;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#attempts.size;
  }

  #find(address: string, seconds: number): Attempts | undefined {
    const attempts = this.#attempts.get(address);
    if (attempts === undefined || seconds - attempts.since < WINDOW_SECONDS) return attempts;
    this.#attempts.delete(address);
    return undefined;
  }

  #remember(address: string, seconds: number): Attempts {
    if (this.#attempts.size >= MAX_ADDRESSES) {
      for (const oldest of this.#attempts.keys()) {
        this.#attempts.delete(oldest);
        break;
      }
    }
    const attempts = { since: seconds, wrong: 0, different: 0, last: 0 };
    this.#attempts.set(address, attempts);
    return attempts;
  }
}
