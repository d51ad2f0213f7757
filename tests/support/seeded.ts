/**
 * Tests that draw from a seed: a failure names the seed, and the same seed gives the same run.
 *
 * DENOTRACK_TEST_SEED sets the seed, DENOTRACK_TEST_LONG=1 asks for much more work.
 */
import { Prng } from "../../src/base/prng.ts";

/** Whether the long runs are wanted. */
export const LONG = Deno.env.get("DENOTRACK_TEST_LONG") === "1";

/** An amount of work: the first for every day, the second for long runs. */
export function amount(normal: number, long: number): number {
  return LONG ? long : normal;
}

/** The seed of this run, different each time unless it is given. */
export function testSeed(): number {
  const given = Deno.env.get("DENOTRACK_TEST_SEED");
  return given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0] : Number(given) >>> 0;
}

/** A `Deno.test` with a generator; when it fails, the error says with which seed. */
export function seededTest(name: string, run: (random: Prng, seed: number) => void | Promise<void>): void {
  Deno.test(name, async () => {
    const seed = testSeed();
    try {
      await run(new Prng(seed), seed);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`with DENOTRACK_TEST_SEED=${seed}: ${reason}`, { cause });
    }
  });
}

/** One of a list. */
export function pick<T>(random: Prng, list: readonly T[]): T {
  return list[random.below(list.length)];
}

/** True `percent` times in a hundred. */
export function chance(random: Prng, percent: number): boolean {
  return random.below(100) < percent;
}

/** Numbers 0 to `count` in random order. */
export function shuffled(random: Prng, count: number): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers;
}
