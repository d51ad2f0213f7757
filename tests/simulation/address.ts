/** Addresses of simulated clients, and bytes as keys of Maps. */
import type { Prng } from "../../src/base/prng.ts";
import { between } from "./dice.ts";

export interface Address {
  readonly isIpv4: boolean;
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array;
  readonly key: string;
}

/**
 * Most addresses are new. Some are behind one of a few translated ones, which they share with other clients, and many
 * IPv6 addresses differ in their first half or their second half only.
 */
export function randomAddress(random: Prng, isIpv4: boolean): Address {
  const bytes = new Uint8Array(isIpv4 ? 4 : 16);
  if (isIpv4) {
    bytes.set([between(random, 1, 224), random.below(256), random.below(256), random.below(256)]);
    if (random.below(8) === 0) bytes.set([100, 64, 0, random.below(20)]);
  } else {
    bytes.set([0x20, 0x01, 0x0d, 0xb8, 0, random.below(4)]);
    for (let i = 8; i < 16; i++) bytes[i] = random.below(256);
    if (random.below(4) === 0) bytes.copyWithin(4, 8).fill(0, 8).set([random.below(3)], 15);
  }
  return createAddress(isIpv4, bytes);
}

/** An address that differs from another one in a single bit. */
export function neighbourOf(random: Prng, { isIpv4, bytes: from }: Address): Address {
  const bytes = from.slice();
  bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  return createAddress(isIpv4, bytes);
}

function createAddress(isIpv4: boolean, bytes: Uint8Array<ArrayBuffer>): Address {
  return { isIpv4, bytes, words: new Int32Array(bytes.buffer), key: keyOf(bytes, 0, bytes.length) };
}

/** An even number of bytes as a string of half as many characters. */
export function keyOf(bytes: Uint8Array, at: number, length: number): string {
  const units: number[] = [];
  for (let i = at; i < at + length; i += 2) units.push((bytes[i] << 8) | bytes[i + 1]);
  return String.fromCharCode.apply(null, units);
}

/** The bytes that a key was made of. */
export function bytesOf(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length * 2);
  for (let i = 0; i < key.length; i++) {
    bytes[i * 2] = key.charCodeAt(i) >> 8;
    bytes[i * 2 + 1] = key.charCodeAt(i);
  }
  return bytes;
}

/** The same as words in memory, as the tracker takes info hashes and keys. */
export function wordsOf(key: string): Int32Array {
  return new Int32Array(bytesOf(key).buffer);
}
