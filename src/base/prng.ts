/**
 * A small fast pseudo-random generator (sfc32, from PractRand's author Chris Doty-Humphrey), for choosing peers and
 * for simulations that must repeat from a seed. Not for secrets.
 */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = 0x9e3779b9 | 0;
    this.#c = (seed ^ 0x243f6a88) | 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** The next 32 random bits, as a signed integer. */
  next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }

  /** A random integer from 0 up to but not including `limit` (1 to 2^31). */
  below(limit: number): number {
    return Math.floor(((this.next() >>> 0) * limit) / 0x100000000);
  }
}
