import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter, MAX_LINE_BYTES } from "../../src/transfer/line_splitter.ts";
import { anyBytes, propertyTest } from "../support/properties.ts";

/** Lines and rest of text that comes in pieces, one character a byte. */
function split(...pieces: string[]): string[] {
  const splitter = new LineSplitter();
  const lines = pieces.flatMap((piece) => splitter.push(Uint8Array.from(piece, (c) => c.charCodeAt(0))));
  return [...lines, splitter.end()];
}

Deno.test("line ends of both kinds, and none at the end", () => {
  assert.deepEqual(split("a\nb\r\n\nc"), ["a", "b", "", "c"]);
  assert.deepEqual(split("a", "", "b\r", "\nc", "\n"), ["ab", "c", ""]);
  assert.deepEqual(split("\xef\xbb\xbf\0\xff\n"), ["\xef\xbb\xbf\0\xff", ""]);
});

Deno.test(propertyTest(
  "however the bytes are cut, the lines are the same",
  fc.property(fc.array(anyBytes(0, 40)), fc.nat(20), (parts, newlines) => {
    const bytes = parts.map((part) => part.map((byte) => byte < newlines ? 10 : byte));
    const text = bytes.map((part) => String.fromCharCode(...part)).join("");
    const expected = text.split("\n");
    const rest = expected.pop() ?? "";
    const found = split(...bytes.map((part) => String.fromCharCode(...part)));
    assert.deepEqual(found, [...expected.map((line) => line.replace(/\r$/, "")), rest]);
  }),
  1000,
  20_000,
));

Deno.test("a line of the longest length is whole, a longer one is known by its length, an endless one is not kept", () => {
  const longest = "x".repeat(MAX_LINE_BYTES);
  assert.deepEqual(split(`${longest}\r\n`, longest.slice(9), `${longest.slice(0, 9)}\n`), [
    longest,
    longest,
    "",
  ]);
  for (const end of ["x\n", "x\r\n", "x".repeat(100_000) + "\n"]) {
    const [line] = split(longest, end);
    assert.ok(line.length > MAX_LINE_BYTES && line.length <= MAX_LINE_BYTES + 2);
  }
  const splitter = new LineSplitter();
  const piece = new Uint8Array(1 << 20).fill(120);
  for (let i = 0; i < 100; i++) assert.deepEqual(splitter.push(piece), []);
  assert.equal(splitter.end().length, MAX_LINE_BYTES + 2);
});
