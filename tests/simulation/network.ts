/** A network that loses, doubles, delays, reorders and corrupts packets. */
import type { Prng } from "../../src/base/prng.ts";
import { chance } from "../support/seeded.ts";
import type { Address } from "./address.ts";
import type { Agenda } from "./agenda.ts";
import { between, randomBytes } from "./dice.ts";

/** Who takes answers. */
export interface Receiver {
  receive(bytes: Uint8Array): void;
}

/** The tracker at the other end: what it answers, or null for silence. */
export type Tracked = (bytes: Uint8Array, from: Address) => Uint8Array | null;

/** How many of the last requests somebody on the way could have written down. */
const OVERHEARD = 256;

export class Network {
  readonly overheard: { bytes: Uint8Array; from: Address }[] = [];
  readonly #random: Prng;
  readonly #agenda: Agenda;
  readonly #tracker: Tracked;
  #sent = 0;

  constructor(random: Prng, agenda: Agenda, tracker: Tracked) {
    this.#random = random;
    this.#agenda = agenda;
    this.#tracker = tracker;
  }

  /** Sends a request; its answers go to `receiver`, which a forger of `from` does not have. */
  send(bytes: Uint8Array, from: Address, receiver: Receiver | null): void {
    this.overheard[this.#sent++ % OVERHEARD] = { bytes, from };
    this.#carry(bytes, (delivered) => {
      const answer = this.#tracker(delivered, from);
      if (answer !== null && receiver !== null) this.#carry(answer, (back) => receiver.receive(back));
    });
  }

  #carry(bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    const random = this.#random;
    if (chance(random, 3)) return;
    for (let copies = chance(random, 3) ? 2 : 1; copies > 0; copies--) {
      const delivered = chance(random, 2) ? this.#corrupt(bytes) : bytes;
      this.#agenda.after(this.#delay(), () => deliver(delivered));
    }
  }

  /** Milliseconds. Now and then longer than a connection id may be used. */
  #delay(): number {
    const kind = this.#random.below(200);
    return between(this.#random, 5, kind === 0 ? 180_000 : kind < 6 ? 8_000 : 300);
  }

  #corrupt(bytes: Uint8Array): Uint8Array {
    const random = this.#random;
    const kind = random.below(10);
    if (kind === 0) return bytes.slice(0, random.below(bytes.length + 1));
    if (kind === 1) return Uint8Array.from([...bytes, ...randomBytes(random, between(random, 1, 40))]);
    const corrupted = bytes.slice();
    for (let flips = between(random, 1, 4); flips > 0 && bytes.length > 0; flips--) {
      corrupted[random.below(bytes.length)] ^= 1 << random.below(8);
    }
    return corrupted;
  }
}
