import assert from "node:assert/strict";
import fc from "fast-check";
import { BencodeWriter } from "../../src/protocol/bencode.ts";
import { type Bencoded, decodeBencode, latin1 } from "../support/bencode_decoder.ts";
import { anyBytes, propertyTest } from "../support/properties.ts";

function written(write: (out: BencodeWriter) => void, capacity = 4096): string {
  const out = new BencodeWriter(capacity);
  write(out);
  return latin1(out.take());
}

Deno.test("the examples of BEP 3", () => {
  assert.equal(written((out) => out.text("spam")), "4:spam");
  assert.equal(written((out) => out.text("")), "0:");
  assert.equal(written((out) => out.integer(3)), "i3e");
  assert.equal(written((out) => out.integer(-3)), "i-3e");
  assert.equal(written((out) => out.integer(0)), "i0e");
  const list = (out: BencodeWriter) => {
    out.openList();
    out.text("spam");
    out.text("eggs");
    out.close();
  };
  assert.equal(written(list), "l4:spam4:eggse");
  const dictionary = (out: BencodeWriter) => {
    out.openDictionary();
    out.text("spam");
    list(out);
    out.close();
  };
  assert.equal(written(dictionary), "d4:spaml4:spam4:eggsee");
});

Deno.test("integers have all their digits, up to 2^53", () => {
  for (const value of [9, 10, 99, 100, 4294967295, 4294967296, 1e15, Number.MAX_SAFE_INTEGER]) {
    assert.equal(written((out) => out.integer(value)), `i${value}e`);
    assert.equal(written((out) => out.integer(-value)), `i-${value}e`);
  }
});

Deno.test("-0 is 0", () => {
  assert.equal(written((out) => out.integer(-0)), "i0e");
});

Deno.test("a part of an array is written as bytes of that length", () => {
  const source = Uint8Array.of(0, 1, 0xff, 3);
  assert.equal(written((out) => out.bytes(source, 1, 2)), "2:\x01\xff");
  assert.equal(written((out) => out.bytes(source, 2)), "2:\xff\x03");
  assert.equal(written((out) => out.bytes(source)), "4:\x00\x01\xff\x03");
});

Deno.test("what was taken stays as it is when the writer goes on", () => {
  const out = new BencodeWriter(8);
  out.text("one");
  const first = out.take();
  out.clear();
  assert.equal(out.length, 0);
  out.text("two");
  assert.equal(latin1(first), "3:one");
  assert.equal(latin1(out.take()), "3:two");
});

Deno.test("what is bencoded already goes through as it is", () => {
  assert.equal(written((out) => out.raw(new TextEncoder().encode("d1:ai1ee")), 1), "d1:ai1ee");
});

/** Writes any value, its keys sorted by the caller's rule: by bytes. */
function writeValue(out: BencodeWriter, value: Bencoded): void {
  if (typeof value === "number") return out.integer(value);
  if (value instanceof Uint8Array) return out.bytes(value);
  if (Array.isArray(value)) {
    out.openList();
    value.forEach((entry) => writeValue(out, entry));
    return out.close();
  }
  out.openDictionary();
  for (const [key, entry] of value) {
    out.bytes(Uint8Array.from(key, (character) => character.charCodeAt(0)));
    writeValue(out, entry);
  }
  out.close();
}

const key = anyBytes(0, 8).map(latin1);
const { value: anyValue } = fc.letrec<{ value: Bencoded }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.maxSafeInteger().map((value) => value + 0),
    anyBytes(0, 40),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.uniqueArray(fc.tuple(key, tie("value")), { maxLength: 5, selector: ([name]) => name })
      .map((entries) => new Map(entries.sort(([a], [b]) => a < b ? -1 : 1))),
  ),
}));

Deno.test(propertyTest(
  "any value comes back from an independent decoder, however small the buffer was",
  fc.property(anyValue, fc.integer({ min: 0, max: 64 }), (value, capacity) => {
    const out = new BencodeWriter(capacity);
    writeValue(out, value);
    assert.deepEqual(decodeBencode(out.take()), value);
  }),
  5_000,
  1_000_000,
));
