/**
 * Throws when `condition` is false. For mistakes of this program only: what a client or an operator got wrong is
 * a value or a clear message, never an assertion.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
