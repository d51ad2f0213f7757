/**
 * The query of HTTP announces and scrapes (BEP 3, 7, 21, 23, 48), read from the raw text of the URL: values are
 * percent-encoded bytes, not characters, so no text decoder may touch them, and `+` is a plus sign.
 */
import { ascii, hexByte } from "../base/bytes.ts";
import { type AnnounceRequest, COMPLETED, NONE, PAUSED, STARTED, STOPPED } from "./messages.ts";

export const INFO_HASH_BYTES = 20;
/** The most info hashes of one scrape. */
export const MAX_SCRAPE_HASHES = 100;

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;

const INFO_HASH = ascii("info_hash");
const PEER_ID = ascii("peer_id");
const PORT = ascii("port");
const LEFT = ascii("left");
const UPLOADED = ascii("uploaded");
const DOWNLOADED = ascii("downloaded");
const EVENT = ascii("event");
const NUMWANT = ascii("numwant");
const COMPACT = ascii("compact");
const NO_PEER_ID = ascii("no_peer_id");

const EVENTS = [
  { name: ascii("started"), event: STARTED },
  { name: ascii("completed"), event: COMPLETED },
  { name: ascii("stopped"), event: STOPPED },
  { name: ascii("paused"), event: PAUSED },
];

const DIGIT_0 = 0x30;
const DIGIT_1 = 0x31;

/** The longest URL that a server takes for one (65,534 bytes), each byte of it sent bare and replaced by three. */
const MAX_QUERY_BYTES = 3 * 65534;

/**
 * The query in hand, one at a time since parsing is synchronous. The text of a URL is put together by the server, and to
 * read it letter by letter takes longer than to encode it and read the bytes.
 */
const query = new Uint8Array(MAX_QUERY_BYTES);
const encoder = new TextEncoder();

/** The answer of {@link parseBytes} when an escape is broken or a character is none of a URL. */
const BROKEN = -1;

/** What `left` is taken for when a client does not say, or says more than fits: anything but a seeder's zero. */
const UNKNOWN_AMOUNT = Infinity;

/**
 * Reads the query that starts at `url[from]` into `request`, all but address and key. Gives the failure reason, or
 * null when all is well. Any text is safe.
 */
export function parseAnnounceQuery(url: string, from: number, request: AnnounceRequest): string | null {
  let infoHash = -2;
  let peerId = -2;
  let port: number | null = null;
  let failure: string | null = null;
  request.event = NONE;
  request.wanted = -1;
  request.compact = true;
  request.noPeerId = false;
  setAmount(request.amounts, 0, UNKNOWN_AMOUNT);
  setAmount(request.amounts, 2, 0);
  setAmount(request.amounts, 4, 0);

  const length = takeIn(url, from);
  for (let at = 0, end = 0; at < length; at = end + 1) {
    end = endOfParameter(at, length);
    const equals = endOfName(at, end);
    const value = Math.min(equals + 1, end);
    if (holds(INFO_HASH, at, equals)) {
      if (infoHash === -2) infoHash = parseBytes(value, end, request.infoHashBytes);
    } else if (holds(PEER_ID, at, equals)) {
      if (peerId === -2) peerId = parseBytes(value, end, request.peerIdBytes);
    } else if (holds(PORT, at, equals)) port = parseNumber(value, end);
    else if (holds(LEFT, at, equals)) failure ??= parseAmount(value, end, request.amounts, 0, "left");
    else if (holds(UPLOADED, at, equals)) failure ??= parseAmount(value, end, request.amounts, 2, "uploaded");
    else if (holds(DOWNLOADED, at, equals)) {
      failure ??= parseAmount(value, end, request.amounts, 4, "downloaded");
    } else if (holds(EVENT, at, equals)) request.event = parseEvent(value, end);
    else if (holds(NUMWANT, at, equals)) request.wanted = parseWanted(value, end);
    else if (holds(COMPACT, at, equals)) request.compact = !isDigit(value, end, DIGIT_0);
    else if (holds(NO_PEER_ID, at, equals)) request.noPeerId = isDigit(value, end, DIGIT_1);
  }
  const required = checkBytes(infoHash, "info_hash") ?? checkBytes(peerId, "peer_id") ?? checkPort(port);
  if (required !== null) return required;
  request.port = networkPort(port!);
  return failure;
}

/**
 * Reads the info hashes of a scrape into `infoHashes` (20 bytes each, room for {@link MAX_SCRAPE_HASHES}). Gives
 * their number, or the failure reason.
 */
export function parseScrapeQuery(url: string, from: number, infoHashes: Uint8Array): number | string {
  let count = 0;
  const length = takeIn(url, from);
  for (let at = 0, end = 0; at < length; at = end + 1) {
    end = endOfParameter(at, length);
    const equals = endOfName(at, end);
    if (holds(INFO_HASH, at, equals)) {
      if (count === MAX_SCRAPE_HASHES) return `too many info_hash, at most ${MAX_SCRAPE_HASHES}`;
      const into = infoHashes.subarray(count * INFO_HASH_BYTES, (count + 1) * INFO_HASH_BYTES);
      const failure = checkBytes(parseBytes(Math.min(equals + 1, end), end, into), "info_hash");
      if (failure !== null) return failure;
      count++;
    }
  }
  return count;
}

/** Makes what follows `url[from]` the query in hand; gives its length in bytes. Nothing is read beyond the limit. */
function takeIn(url: string, from: number): number {
  return encoder.encodeInto(url.slice(from), query).written;
}

function endOfParameter(at: number, length: number): number {
  while (at < length && query[at] !== AMPERSAND) at++;
  return at;
}

function endOfName(at: number, end: number): number {
  while (at < end && query[at] !== EQUALS) at++;
  return at;
}

/** Whether the query has these bytes, and no others, from `at` to `end`. */
function holds(name: Uint8Array, at: number, end: number): boolean {
  if (end - at !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (query[at + i] !== name[i]) return false;
  return true;
}

function isDigit(at: number, end: number, digit: number): boolean {
  return end - at === 1 && query[at] === digit;
}

/** Decodes a value into `out`. Gives its length in bytes (one more than `out` holds for any longer), or −1. */
function parseBytes(at: number, end: number, out: Uint8Array): number {
  let length = 0;
  while (at < end) {
    let byte = query[at];
    if (byte === PERCENT) {
      if (at + 2 >= end) return BROKEN;
      byte = hexByte(query[at + 1], query[at + 2]);
      if (byte < 0) return BROKEN;
      at += 2;
    } else if (byte > 0x7f) {
      // Sent bare, against the rules: the server has taken the bytes for UTF-8, so what they were is not known.
      return BROKEN;
    }
    if (length === out.length) return length + 1;
    out[length++] = byte;
    at++;
  }
  return length;
}

function checkBytes(length: number, name: string): string | null {
  if (length === INFO_HASH_BYTES) return null;
  if (length === -2) return `missing ${name}`;
  if (length === BROKEN) return `invalid ${name}`;
  return length === 0 ? `missing or invalid ${name}` : `invalid ${name} size`;
}

function checkPort(port: number | null): string | null {
  if (port === null) return "missing port";
  return port >= 0 && port <= 0xffff ? null : "invalid port";
}

/** The port as its two bytes lie on the wire, the first one low. */
function networkPort(port: number): number {
  return ((port & 0xff) << 8) | (port >> 8);
}

/** A whole number of decimal digits, or −1. Beyond 2^53 it is only about right. */
function parseNumber(at: number, end: number): number {
  if (at === end) return -1;
  let value = 0;
  for (; at < end; at++) {
    const digit = query[at] - DIGIT_0;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function parseAmount(
  at: number,
  end: number,
  amounts: Int32Array,
  index: number,
  name: string,
): string | null {
  // An empty value says as little as none.
  if (at === end) return null;
  const value = parseNumber(at, end);
  if (value < 0) return `invalid ${name}`;
  setAmount(amounts, index, value);
  return null;
}

/** Splits an amount into two words; the store caps what is larger than it keeps. */
function setAmount(amounts: Int32Array, index: number, value: number): void {
  if (value >= 0x7fffffff * 0x100000000) {
    amounts[index] = -1;
    amounts[index + 1] = 0x7fffffff;
  } else {
    // A remainder by `%` would take five times as long.
    const high = Math.floor(value / 0x100000000);
    amounts[index] = value - high * 0x100000000;
    amounts[index + 1] = high;
  }
}

function parseEvent(at: number, end: number): number {
  for (const { name, event } of EVENTS) if (holds(name, at, end)) return event;
  return NONE;
}

/** −1, the tracker's default, for anything but a whole number that is not negative. */
function parseWanted(at: number, end: number): number {
  return Math.min(parseNumber(at, end), 0x7fffffff);
}
