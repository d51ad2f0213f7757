/**
 * Connection ids of the UDP protocol (BEP 15) that need no memory: the low 48 bits of HalfSipHash-2-4 over the
 * client's address and the second of issue, and that second's low 16 bits. Only who receives packets at an address
 * can learn its id, so nobody announces, or draws answers to, an address that is not theirs. The hash is over all of
 * the second: an id does not become good again when its low 16 bits come round after 18 hours.
 */
import { halfSipHash24 } from "../base/halfsiphash.ts";

/** How long an id may be used. */
export const CONNECTION_ID_SECONDS = 120;

export class ConnectionIds {
  readonly #k0: number;
  readonly #k1: number;
  readonly #input = new Int32Array(5);
  readonly #mac = new Int32Array(2);

  /** `secret` is 64 random bits, the same for all threads of a tracker. */
  constructor(secret: readonly [number, number]) {
    this.#k0 = secret[0];
    this.#k1 = secret[1];
  }

  /** Writes the id for an address to `words[at]` and the word after. */
  issue(address: Int32Array, isIpv4: boolean, seconds: number, words: Int32Array, at: number): void {
    this.#compute(address, isIpv4, seconds);
    words[at] = this.#mac[0];
    words[at + 1] = (this.#mac[1] & 0xffff) | (seconds << 16);
  }

  /** Whether the two words at `words[at]` are an id issued to that address in the last two minutes. */
  verify(address: Int32Array, isIpv4: boolean, seconds: number, words: Int32Array, at: number): boolean {
    const age = (seconds - (words[at + 1] >>> 16)) & 0xffff;
    if (age > CONNECTION_ID_SECONDS) return false;
    this.#compute(address, isIpv4, seconds - age);
    return words[at] === this.#mac[0] && (words[at + 1] & 0xffff) === (this.#mac[1] & 0xffff);
  }

  #compute(address: Int32Array, isIpv4: boolean, seconds: number): void {
    const input = this.#input;
    const count = isIpv4 ? 1 : 4;
    for (let i = 0; i < count; i++) input[i] = address[i];
    input[count] = seconds;
    halfSipHash24(this.#k0, this.#k1, input, 0, count + 1, this.#mac, 0);
  }
}
