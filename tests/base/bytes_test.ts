import assert from "node:assert/strict";
import fc from "fast-check";
import { ascii, hexDigit, parseHex, toHex } from "../../src/base/bytes.ts";

Deno.test("bytes to hexadecimal and back", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const text = toHex(bytes);
    assert.equal(text, [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    for (const form of [text, text.toUpperCase()]) {
      const out = new Uint8Array(bytes.length);
      assert.equal(parseHex(form, 0, bytes.length, out), true);
      assert.deepEqual(out, bytes);
    }
  }));
});

Deno.test("a part of bytes, a part of a text", () => {
  const bytes = Uint8Array.of(0, 1, 0xab, 0xff);
  assert.equal(toHex(bytes, 2), "abff");
  assert.equal(toHex(bytes, 1, 2), "01ab");
  const out = new Uint8Array(3);
  assert.equal(parseHex("hash=01abFFf", 5, 3, out), true);
  assert.deepEqual(out, Uint8Array.of(1, 0xab, 0xff));
});

Deno.test("hexDigit knows the digits and nothing else", () => {
  for (let code = 0; code < 0x300; code++) {
    const expected = "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase());
    assert.equal(hexDigit(code), expected, `code ${code}`);
  }
  assert.equal(hexDigit(NaN), -1);
});

Deno.test("parseHex refuses a short text and foreign characters", () => {
  const out = new Uint8Array(2);
  for (const text of ["", "00", "000", "00g0", "000 ", "0x00", "00\u01300", "-100"]) {
    assert.equal(parseHex(text, 0, 2, out), false, JSON.stringify(text));
  }
});

Deno.test("ascii gives one byte a character", () => {
  assert.deepEqual(ascii("d8:"), Uint8Array.of(0x64, 0x38, 0x3a));
});
