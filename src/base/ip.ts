/**
 * IP addresses as 32-bit words in the order in which they lie on the wire: an IPv4 address is one word whose four
 * bytes in memory are the address (`1.2.3.4` is `0x04030201`, machines being little-endian), an IPv6 address is
 * four such words. So an address is compared, hashed and copied without a text ever being made.
 */

/** 4 or 6, as in IPv4 and IPv6. */
export type IpFamily = 4 | 6;

/** A block of addresses. `words` holds one word for IPv4, four for IPv6; bits after `prefix` mean nothing. */
export interface Cidr {
  family: IpFamily;
  words: Int32Array;
  /** Leading bits that count: 0 to 32, or 0 to 128. */
  prefix: number;
}

const DOT = 0x2e;
const COLON = 0x3a;
const DIGIT_0 = 0x30;
/** The third word of `::ffff:a.b.c.d`: bytes 00 00 ff ff. */
const MAPPED_WORD = 0xffff0000 | 0;

/** An IPv6 address being read. One for the module: reading is synchronous and never nested. */
const ipv6Bytes = new Uint8Array(16);
const ipv6Words = new Int32Array(ipv6Bytes.buffer);
const ipv4Word = new Int32Array(1);

/**
 * Reads dotted IPv4 (`1.2.3.4`; no leading zeros, no short forms) or IPv6 (RFC 4291, with `::`, a dotted tail
 * and a `%zone`, which is dropped). An IPv4-mapped IPv6 address is IPv4.
 *
 * Returns the family with the address in `out` (at least 4 words long; IPv4 uses the first), or 0 for any other
 * text, with `out` left as it was. Never throws.
 */
export function parseIp(text: string, out: Int32Array): 0 | IpFamily {
  if (readIpv4(text, 0, text.length)) {
    out[0] = ipv4Word[0];
    return 4;
  }
  if (!readIpv6(text)) return 0;
  if (ipv6Words[0] === 0 && ipv6Words[1] === 0 && ipv6Words[2] === MAPPED_WORD) {
    out[0] = ipv6Words[3];
    return 4;
  }
  for (let i = 0; i < 4; i++) out[i] = ipv6Words[i];
  return 6;
}

/** The address that starts at `words[offset]`: dotted IPv4, or IPv6 in the canonical form of RFC 5952. */
export function formatIp(family: IpFamily, words: Int32Array, offset = 0): string {
  return family === 4 ? formatIpv4(words[offset]) : formatIpv6(words, offset);
}

/** `1.2.3.4:6881` or `[2001:db8::1]:6881`, from an address that starts at `words[0]`. */
export function formatEndpoint(family: IpFamily, words: Int32Array, port: number): string {
  const ip = formatIp(family, words);
  return family === 4 ? `${ip}:${port}` : `[${ip}]:${port}`;
}

/**
 * Reads `10.0.0.0/8`, `2001:db8::/32`, or one address without a prefix (a block of one). A block of IPv4-mapped
 * IPv6 addresses is the IPv4 block. `undefined` for any other text.
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const words = new Int32Array(4);
  const family = parseIp(address, words);
  if (family === 0) return undefined;
  // A mapped address counts its prefix from the start of the 128 bits that were written.
  const skipped = family === 4 && address.includes(":") ? 96 : 0;
  const bits = family === 4 ? 32 : 128;
  const prefix = slash < 0 ? bits : readPrefix(text.slice(slash + 1)) - skipped;
  if (!(prefix >= 0 && prefix <= bits)) return undefined;
  return { family, words: words.slice(0, family === 4 ? 1 : 4), prefix };
}

/** Whether the address that starts at `words[0]` lies in the block. The other family's addresses never do. */
export function cidrContains(cidr: Cidr, family: IpFamily, words: Int32Array): boolean {
  if (cidr.family !== family) return false;
  let bits = cidr.prefix;
  for (let i = 0; bits > 0; i++, bits -= 32) {
    const difference = cidr.words[i] ^ words[i];
    if (difference === 0) continue;
    if (bits >= 32 || swapBytes(difference) >>> (32 - bits) !== 0) return false;
  }
  return true;
}

/** Reads `text[start..end)` as dotted IPv4 into `ipv4Word`. */
function readIpv4(text: string, start: number, end: number): boolean {
  if (end - start < 7 || end - start > 15) return false;
  let word = 0;
  let octet = 0;
  let digits = 0;
  let shift = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || shift === 24) return false;
      word |= octet << shift;
      shift += 8;
      octet = 0;
      digits = 0;
      continue;
    }
    const digit = code - DIGIT_0;
    if (!(digit >= 0 && digit <= 9)) return false;
    if (digits > 0 && octet === 0) return false;
    octet = octet * 10 + digit;
    if (octet > 255) return false;
    digits++;
  }
  if (digits === 0 || shift !== 24) return false;
  ipv4Word[0] = word | (octet << 24);
  return true;
}

/** Reads the text as IPv6 into `ipv6Bytes`. */
function readIpv6(text: string): boolean {
  const zone = text.indexOf("%");
  const end = zone < 0 ? text.length : zone;
  if (zone === text.length - 1 || end < 2 || end > 45) return false;
  let at = 0;
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    i = 1;
  }
  while (i < end) {
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = at;
      i++;
      continue;
    }
    const groupEnd = endOfGroup(text, i, end);
    if (groupEnd < end && text.charCodeAt(groupEnd) === DOT) {
      if (at > 12 || !readIpv4(text, i, end)) return false;
      ipv6Words[3] = ipv4Word[0];
      ipv6Bytes.copyWithin(at, 12, 16);
      at += 4;
      break;
    }
    if (groupEnd === i || groupEnd - i > 4 || at > 14) return false;
    at = writeGroup(text, i, groupEnd, at);
    i = groupEnd;
    if (i === end) break;
    // A colon must follow, and something after it.
    if (text.charCodeAt(i) !== COLON || ++i === end) return false;
  }
  return fillGap(gap, at);
}

function endOfGroup(text: string, start: number, end: number): number {
  let i = start;
  while (i < end && hexValue(text.charCodeAt(i)) >= 0) i++;
  return i;
}

function writeGroup(text: string, start: number, end: number, at: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value << 4 | hexValue(text.charCodeAt(i));
  ipv6Bytes[at] = value >> 8;
  ipv6Bytes[at + 1] = value;
  return at + 2;
}

/** Moves what was read after `::` to the end of the address; without `::` all 16 bytes must be there. */
function fillGap(gap: number, at: number): boolean {
  if (gap < 0) return at === 16;
  if (at === 16) return false;
  ipv6Bytes.copyWithin(16 - (at - gap), gap, at);
  ipv6Bytes.fill(0, gap, 16 - (at - gap));
  return true;
}

/** The value of a hexadecimal digit, or -1. */
function hexValue(code: number): number {
  if (code >= DIGIT_0 && code <= 0x39) return code - DIGIT_0;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** A decimal number of at most three digits without leading zeros, or NaN. */
function readPrefix(text: string): number {
  if (text.length === 0 || text.length > 3) return NaN;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - DIGIT_0;
    if (digit < 0 || digit > 9 || (i > 0 && value === 0)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

function formatIpv4(word: number): string {
  return `${word & 255}.${word >>> 8 & 255}.${word >>> 16 & 255}.${word >>> 24}`;
}

function formatIpv6(words: Int32Array, offset: number): string {
  if (words[offset] === 0 && words[offset + 1] === 0 && words[offset + 2] === MAPPED_WORD) {
    return `::ffff:${formatIpv4(words[offset + 3])}`;
  }
  const [zerosStart, zerosLength] = longestZeroRun(words, offset);
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i === zerosStart) {
      text += "::";
      i += zerosLength - 1;
      continue;
    }
    if (text !== "" && !text.endsWith(":")) text += ":";
    text += group(words, offset, i).toString(16);
  }
  return text;
}

/** The longest run of zero groups, the first of equals; one zero alone is not shortened (RFC 5952, 4.2). */
function longestZeroRun(words: Int32Array, offset: number): [start: number, length: number] {
  let bestStart = -1;
  let bestLength = 1;
  let length = 0;
  for (let i = 0; i < 8; i++) {
    length = group(words, offset, i) === 0 ? length + 1 : 0;
    if (length > bestLength) {
      bestLength = length;
      bestStart = i - length + 1;
    }
  }
  return [bestStart, bestLength];
}

/** The `index`-th of the eight 16-bit groups of an IPv6 address. */
function group(words: Int32Array, offset: number, index: number): number {
  const half = words[offset + (index >> 1)] >>> ((index & 1) * 16);
  return (half & 0xff) << 8 | half >>> 8 & 0xff;
}

/** A word in wire order as a number whose high bits come first on the wire. */
function swapBytes(word: number): number {
  return word << 24 | (word & 0xff00) << 8 | word >>> 8 & 0xff00 | word >>> 24;
}
