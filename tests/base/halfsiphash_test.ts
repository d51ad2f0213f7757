import assert from "node:assert/strict";
import { halfSipHash13, halfSipHash24 } from "../../src/base/halfsiphash.ts";

/** The authors' test vectors use the key 00 01 … 07 and the input 00 01 02 …, in little-endian words. */
const K0 = 0x03020100;
const K1 = 0x07060504;
const INPUT = new Int32Array(Uint8Array.from({ length: 64 }, (_, i) => i).buffer);

const PUBLISHED_64: readonly [length: number, output: readonly number[]][] = [
  [0, [0x21, 0x8d, 0x1f, 0x59, 0xb9, 0xb8, 0x3c, 0xc8]],
  [4, [0xd5, 0xe7, 0x8a, 0x17, 0x5b, 0xe5, 0x2e, 0xa1]],
];

Deno.test("HalfSipHash-2-4 gives the published 64-bit outputs, to the place asked for", () => {
  for (const [length, output] of PUBLISHED_64) {
    const out = new Int32Array(5);
    halfSipHash24(K0, K1, INPUT, 0, length / 4, out, 2);
    assert.deepEqual([...new Uint8Array(out.buffer, 8, 8)], output, `length ${length}`);
    assert.deepEqual([out[0], out[1], out[4]], [0, 0, 0]);
  }
});

Deno.test("the input is taken from its offset, and left as it was", () => {
  const shifted = new Int32Array(8);
  shifted.set(INPUT.subarray(0, 5), 3);
  const before = shifted.slice();
  assert.equal(halfSipHash13(K0, K1, shifted, 3, 5), halfSipHash13(K0, K1, INPUT, 0, 5));
  assert.deepEqual(wide(K0, K1, shifted, 3, 5), wide(K0, K1, INPUT, 0, 5));
  assert.deepEqual(shifted, before);
});

/**
 * HalfSipHash as the authors' C program writes it, byte by byte: a second opinion on the variant with fewer rounds,
 * for which no vectors are published.
 */
function reference(
  key: Uint8Array,
  input: Uint8Array,
  cRounds: number,
  dRounds: number,
  wide: boolean,
): number[] {
  const word = (bytes: Uint8Array, at: number) =>
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  const rotate = (x: number, bits: number) => ((x << bits) | (x >>> (32 - bits))) >>> 0;
  const v = [0, 0, 0x6c796765, 0x74656462];
  v[3] ^= word(key, 4);
  v[2] ^= word(key, 0);
  v[1] ^= word(key, 4);
  v[0] ^= word(key, 0);
  if (wide) v[1] ^= 0xee;
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      v[0] = (v[0] + v[1]) >>> 0, v[1] = rotate(v[1], 5), v[1] = (v[1] ^ v[0]) >>> 0, v[0] = rotate(v[0], 16);
      v[2] = (v[2] + v[3]) >>> 0, v[3] = rotate(v[3], 8), v[3] = (v[3] ^ v[2]) >>> 0;
      v[0] = (v[0] + v[3]) >>> 0, v[3] = rotate(v[3], 7), v[3] = (v[3] ^ v[0]) >>> 0;
      v[2] = (v[2] + v[1]) >>> 0,
        v[1] = rotate(v[1], 13),
        v[1] = (v[1] ^ v[2]) >>> 0,
        v[2] = rotate(v[2], 16);
    }
  };
  for (let at = 0; at < input.length; at += 4) {
    v[3] ^= word(input, at);
    rounds(cRounds);
    v[0] ^= word(input, at);
  }
  const last = (input.length << 24) >>> 0;
  v[3] ^= last;
  rounds(cRounds);
  v[0] ^= last;
  v[2] ^= wide ? 0xee : 0xff;
  rounds(dRounds);
  const output = [(v[1] ^ v[3]) | 0];
  if (wide) {
    v[1] ^= 0xdd;
    rounds(dRounds);
    output.push((v[1] ^ v[3]) | 0);
  }
  return output;
}

Deno.test("HalfSipHash-1-3 and -2-4 agree with a transcription of the authors' program", () => {
  for (let run = 0; run < 500; run++) {
    const key = crypto.getRandomValues(new Uint8Array(8));
    const count = run % 16;
    const input = crypto.getRandomValues(new Uint8Array(count * 4));
    const k = new Int32Array(key.buffer);
    const words = new Int32Array(input.buffer);
    const why = `key ${key} input ${input}`;
    assert.deepEqual([halfSipHash13(k[0], k[1], words, 0, count)], reference(key, input, 1, 3, false), why);
    assert.deepEqual(wide(k[0], k[1], words, 0, count), reference(key, input, 2, 4, true), why);
  }
});

Deno.test("one flipped bit of key or input changes about half of the output's bits", () => {
  const words = INPUT.slice(0, 5);
  const plain = halfSipHash13(K0, K1, words, 0, 5);
  let changed = 0;
  for (let bit = 0; bit < 160; bit++) {
    words[bit >> 5] ^= 1 << (bit & 31);
    changed += ones(halfSipHash13(K0, K1, words, 0, 5) ^ plain);
    words[bit >> 5] ^= 1 << (bit & 31);
  }
  for (let bit = 0; bit < 32; bit++) {
    changed += ones(halfSipHash13(K0 ^ (1 << bit), K1, words, 0, 5) ^ plain);
    changed += ones(halfSipHash13(K0, K1 ^ (1 << bit), words, 0, 5) ^ plain);
  }
  const mean = changed / (160 + 64);
  assert.ok(mean > 15 && mean < 17, `${mean} of 32 bits`);
});

function ones(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function wide(k0: number, k1: number, words: Int32Array, offset: number, count: number): number[] {
  const out = new Int32Array(2);
  halfSipHash24(k0, k1, words, offset, count, out, 0);
  return [...out];
}
