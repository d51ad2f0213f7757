/** Bytes and their text forms. */

const HEX_DIGITS = "0123456789abcdef";

/** Lower-case hexadecimal of `length` bytes from `offset`. */
export function toHex(bytes: Uint8Array, offset = 0, length = bytes.length - offset): string {
  let text = "";
  for (let i = offset; i < offset + length; i++) {
    text += HEX_DIGITS[bytes[i] >> 4] + HEX_DIGITS[bytes[i] & 15];
  }
  return text;
}

/** The value 0–15 of a character code that is a hexadecimal digit, or −1. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** The value of each hexadecimal digit by its character code; −1 for other characters. */
const DIGIT_VALUES = Int8Array.from({ length: 256 }, (_, code) => hexDigit(code));

/** The byte that two hexadecimal digits write, given by their character codes; negative when one is none. */
export function hexByte(high: number, low: number): number {
  return (high | low) > 0xff ? -1 : (DIGIT_VALUES[high] << 4) | DIGIT_VALUES[low];
}

/**
 * Reads `length` bytes of hexadecimal text that starts at `start` into `out`. Gives false, with `out` in an
 * undefined state, when the text is too short or has another character.
 */
export function parseHex(text: string, start: number, length: number, out: Uint8Array): boolean {
  if (start + length * 2 > text.length) return false;
  for (let i = 0; i < length; i++) {
    const byte = hexByte(text.charCodeAt(start + i * 2), text.charCodeAt(start + i * 2 + 1));
    if (byte < 0) return false;
    out[i] = byte;
  }
  return true;
}

/** The bytes of an ASCII string; for constants of a protocol. */
export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
