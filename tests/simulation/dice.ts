/** What the simulation draws from its generator, beside `pick` and `chance`. */
import type { Prng } from "../../src/base/prng.ts";

/** A whole number from `low` up to but not including `high`. */
export function between(random: Prng, low: number, high: number): number {
  return low + random.below(high - low);
}

export function randomBytes(random: Prng, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.below(256));
}
