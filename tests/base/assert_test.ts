import nodeAssert from "node:assert/strict";
import { assert } from "../../src/base/assert.ts";

Deno.test("assert lets the true pass and throws its message for the false", () => {
  assert(true, "never seen");
  nodeAssert.throws(() => assert(false, "the sky is up"), /^Error: assertion failed: the sky is up$/);
});

Deno.test("assert narrows types", () => {
  const value: string | null = ["text"][0] ?? null;
  assert(value !== null, "a text");
  nodeAssert.equal(value.length, 4);
});
