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

/**
 * Reads `length` bytes of hexadecimal text that starts at `start` into `out`. Gives false, with `out` in an
 * undefined state, when the text is too short or has another character.
 */
export function parseHex(text: string, start: number, length: number, out: Uint8Array): boolean {
  for (let i = 0; i < length; i++) {
    const high = hexDigit(text.charCodeAt(start + i * 2));
    const low = hexDigit(text.charCodeAt(start + i * 2 + 1));
    if (high < 0 || low < 0) return false;
    out[i] = (high << 4) | low;
  }
  return true;
}

/** The bytes of an ASCII string; for constants of a protocol. */
export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
