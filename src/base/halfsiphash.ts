/**
 * HalfSipHash (Aumasson, Bernstein: https://github.com/veorq/SipHash), the variant of SipHash made of 32-bit words,
 * for inputs that are whole 32-bit little-endian words. Keyed, so that a stranger can neither forge its output nor
 * choose inputs that collide.
 *
 * `rounds` 1 is HalfSipHash-1-3 (hash tables), 2 is HalfSipHash-2-4 (connection ids). With `out`, the 64-bit
 * output is written to `out[outOffset]` and `out[outOffset + 1]`; the 32-bit output, or the first word of the
 * 64-bit one, is returned as a signed integer.
 */
export function halfSipHash(
  k0: number,
  k1: number,
  words: Int32Array,
  offset: number,
  count: number,
  rounds: 1 | 2,
  out: Int32Array | null = null,
  outOffset = 0,
): number {
  const wide = out !== null;
  let v0 = k0;
  let v1 = wide ? k1 ^ 0xee : k1;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;

  // One step takes in one word (zero while finishing, which changes nothing) and mixes once or twice. After the
  // input comes a word with the length in its top byte, then three or four finishing rounds.
  const finishingSteps = rounds === 1 ? 3 : 2;
  const last = count + finishingSteps;
  let first = 0;
  for (let step = 0; step <= (wide ? last + finishingSteps : last); step++) {
    const word = step < count ? words[offset + step] : step === count ? count << 26 : 0;
    if (step === count + 1) v2 ^= wide ? 0xee : 0xff;
    if (step === last + 1) {
      first = v1 ^ v3;
      v1 ^= 0xdd;
    }
    v3 ^= word;
    for (let round = 0; round < rounds; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  if (out === null) return v1 ^ v3;
  out[outOffset] = first;
  out[outOffset + 1] = v1 ^ v3;
  return first;
}
