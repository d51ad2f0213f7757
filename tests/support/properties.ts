/**
 * Properties checked with fast-check: the seed is that of the run, and a failure names it together with the smallest
 * counterexample found.
 */
import fc from "fast-check";
import { amount, testSeed } from "./seeded.ts";

/**
 * A test of a property, with so many cases every day and so many in long runs, to be registered where it is written:
 * `Deno.test(propertyTest("a name", …))`.
 */
export function propertyTest<Ts>(
  name: string,
  property: fc.IProperty<Ts>,
  normalRuns: number,
  longRuns: number,
): Deno.TestDefinition {
  const fn = () => {
    const seed = testSeed();
    const result = fc.check(property, { seed: seed | 0, numRuns: amount(normalRuns, longRuns) });
    if (!result.failed) return;
    const report = fc.defaultReportMessage(result) ?? "the property does not hold";
    throw new Error(`with DENOTRACK_TEST_SEED=${seed}: ${report}`, { cause: result.errorInstance });
  };
  return { name, fn };
}

/** So many bytes of any value. */
export function bytesOf(length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return anyBytes(length, length);
}

export function anyBytes(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ minLength, maxLength, size: "max" }).map((bytes) => new Uint8Array(bytes));
}
