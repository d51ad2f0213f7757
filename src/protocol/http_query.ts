/**
 * The query of HTTP announces and scrapes (BEP 3, 7, 21, 23, 48), read from the raw text of the URL: values are
 * percent-encoded bytes, not characters, so no text decoder may touch them, and `+` is a plus sign.
 */
import { hexByte } from "../base/bytes.ts";
import { type AnnounceRequest, COMPLETED, NONE, PAUSED, STARTED, STOPPED } from "./messages.ts";

export const INFO_HASH_BYTES = 20;
/** The most info hashes of one scrape. */
export const MAX_SCRAPE_HASHES = 100;

const PERCENT = 0x25;
const EQUALS = 0x3d;

/** The answer of {@link parseBytes} when an escape is broken or a character is none of a URL. */
const BROKEN = -1;

/** What `left` is taken for when a client does not say, or says more than fits: anything but a seeder's zero. */
const UNKNOWN_AMOUNT = Infinity;

/**
 * Reads the query that starts at `url[at]` into `request`, all but address and key. Gives the failure reason, or
 * null when all is well. Any text is safe.
 */
export function parseAnnounceQuery(url: string, at: number, request: AnnounceRequest): string | null {
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

  while (at < url.length) {
    const end = endOfParameter(url, at);
    const equals = endOfName(url, at, end);
    const value = Math.min(equals + 1, end);
    switch (url.slice(at, equals)) {
      case "info_hash":
        if (infoHash === -2) infoHash = parseBytes(url, value, end, request.infoHashBytes);
        break;
      case "peer_id":
        if (peerId === -2) peerId = parseBytes(url, value, end, request.peerIdBytes);
        break;
      case "port":
        port = parseNumber(url, value, end);
        break;
      case "left":
        failure ??= parseAmount(url, value, end, request.amounts, 0, "left");
        break;
      case "uploaded":
        failure ??= parseAmount(url, value, end, request.amounts, 2, "uploaded");
        break;
      case "downloaded":
        failure ??= parseAmount(url, value, end, request.amounts, 4, "downloaded");
        break;
      case "event":
        request.event = parseEvent(url.slice(value, end));
        break;
      case "numwant":
        request.wanted = parseWanted(url, value, end);
        break;
      case "compact":
        request.compact = url.slice(value, end) !== "0";
        break;
      case "no_peer_id":
        request.noPeerId = url.slice(value, end) === "1";
        break;
    }
    at = end + 1;
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
export function parseScrapeQuery(url: string, at: number, infoHashes: Uint8Array): number | string {
  let count = 0;
  while (at < url.length) {
    const end = endOfParameter(url, at);
    const equals = endOfName(url, at, end);
    if (url.slice(at, equals) === "info_hash") {
      if (count === MAX_SCRAPE_HASHES) return `too many info_hash, at most ${MAX_SCRAPE_HASHES}`;
      const from = count * INFO_HASH_BYTES;
      const into = infoHashes.subarray(from, from + INFO_HASH_BYTES);
      const failure = checkBytes(parseBytes(url, Math.min(equals + 1, end), end, into), "info_hash");
      if (failure !== null) return failure;
      count++;
    }
    at = end + 1;
  }
  return count;
}

function endOfParameter(url: string, at: number): number {
  const end = url.indexOf("&", at);
  return end < 0 ? url.length : end;
}

function endOfName(url: string, at: number, end: number): number {
  while (at < end && url.charCodeAt(at) !== EQUALS) at++;
  return at;
}

/** Decodes a value into `out`. Gives its length in bytes (one more than `out` holds for any longer), or −1. */
function parseBytes(url: string, at: number, end: number, out: Uint8Array): number {
  let length = 0;
  while (at < end) {
    let byte = url.charCodeAt(at);
    if (byte === PERCENT) {
      if (at + 2 >= end) return BROKEN;
      byte = hexByte(url.charCodeAt(at + 1), url.charCodeAt(at + 2));
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
function parseNumber(url: string, at: number, end: number): number {
  if (at === end) return -1;
  let value = 0;
  for (; at < end; at++) {
    const digit = url.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function parseAmount(
  url: string,
  at: number,
  end: number,
  amounts: Int32Array,
  index: number,
  name: string,
): string | null {
  // An empty value says as little as none.
  if (at === end) return null;
  const value = parseNumber(url, at, end);
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

function parseEvent(value: string): number {
  switch (value) {
    case "started":
      return STARTED;
    case "completed":
      return COMPLETED;
    case "stopped":
      return STOPPED;
    case "paused":
      return PAUSED;
    default:
      return NONE;
  }
}

/** −1, the tracker's default, for anything but a whole number that is not negative. */
function parseWanted(url: string, at: number, end: number): number {
  return Math.min(parseNumber(url, at, end), 0x7fffffff);
}
