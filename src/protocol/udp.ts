/**
 * The UDP tracker protocol (BEP 15) with its options (BEP 41), on the bytes of datagrams: fields are read and
 * written where they lie, a word at a time. Offsets of datagrams are multiples of four.
 */
import { ANNOUNCE_PATH, MAX_PATH_BYTES, parseKeyPath } from "./key_path.ts";
import { type AnnounceRequest, NONE, PAUSED } from "./messages.ts";

/** Memory for datagrams, in the three widths in which it is read and written. */
export class DatagramBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
  readonly halves: Uint16Array<ArrayBuffer>;

  /** `bytes` is a multiple of four. */
  constructor(bytes: number) {
    const memory = new ArrayBuffer(bytes);
    this.bytes = new Uint8Array(memory);
    this.words = new Int32Array(memory);
    this.halves = new Uint16Array(memory);
  }
}

/** Actions, as words in memory. */
export const ACTION_CONNECT = 0;
export const ACTION_ANNOUNCE = 0x01000000;
export const ACTION_SCRAPE = 0x02000000;
export const ACTION_ERROR = 0x03000000;

/** The constant that opens a connect request, 0x41727101980, as words in memory. */
const PROTOCOL_ID_FIRST = 0x17040000;
const PROTOCOL_ID_SECOND = 0x80191027 | 0;

export const HEADER_BYTES = 16;
export const ANNOUNCE_BYTES = 98;
export const MAX_SCRAPE_HASHES = 74;
export const INFO_HASH_BYTES = 20;
/** The longest datagram that is read in full: a scrape of 74 hashes, or an announce with long options. */
export const MAX_REQUEST_BYTES = 2044;
/** The longest answer: what fits one packet that no router need cut. */
export const MAX_ANSWER_BYTES_IPV4 = 1472;
export const MAX_ANSWER_BYTES_IPV6 = 1200;
export const ANNOUNCE_ANSWER_BYTES = 20;
export const MAX_PEERS_IPV4 = Math.floor((MAX_ANSWER_BYTES_IPV4 - ANNOUNCE_ANSWER_BYTES) / 6);
export const MAX_PEERS_IPV6 = Math.floor((MAX_ANSWER_BYTES_IPV6 - ANNOUNCE_ANSWER_BYTES) / 18);

const ANNOUNCE_INFO_HASH = 16 >> 2;
const ANNOUNCE_PEER_ID = 36 >> 2;
const ANNOUNCE_DOWNLOADED = 56 >> 2;
const ANNOUNCE_LEFT = 64 >> 2;
const ANNOUNCE_UPLOADED = 72 >> 2;
const ANNOUNCE_EVENT = 80 >> 2;
const ANNOUNCE_WANTED = 92 >> 2;
const ANNOUNCE_PORT = 96 >> 1;

const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_URL_DATA = 2;

/** A 32-bit number between the order of the network and that of this machine. */
export function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The action of a datagram of at least 16 bytes, one of `ACTION_…` or another word. */
export function actionOf(words: Int32Array, at: number): number {
  return words[(at >> 2) + 2];
}

/** Whether a datagram of at least 16 bytes is a connect request. */
export function isConnect(words: Int32Array, at: number): boolean {
  const word = at >> 2;
  return words[word] === PROTOCOL_ID_FIRST && words[word + 1] === PROTOCOL_ID_SECOND &&
    words[word + 2] === ACTION_CONNECT;
}

/** Reads an announce of `length` bytes (at least 98) into `request`, all but the address. Reads any bytes. */
export function parseAnnounce(
  input: DatagramBuffer,
  at: number,
  length: number,
  request: AnnounceRequest,
): void {
  const words = input.words;
  const word = at >> 2;
  for (let i = 0; i < 5; i++) {
    request.infoHash[i] = words[word + ANNOUNCE_INFO_HASH + i];
    request.peerId[i] = words[word + ANNOUNCE_PEER_ID + i];
  }
  parseAmount(words, word + ANNOUNCE_LEFT, request.amounts, 0);
  parseAmount(words, word + ANNOUNCE_UPLOADED, request.amounts, 2);
  parseAmount(words, word + ANNOUNCE_DOWNLOADED, request.amounts, 4);
  const event = swapBytes(words[word + ANNOUNCE_EVENT]);
  request.event = event >= NONE && event <= PAUSED ? event : NONE;
  request.wanted = swapBytes(words[word + ANNOUNCE_WANTED]);
  request.port = input.halves[(at >> 1) + ANNOUNCE_PORT];
  request.keyState = parseOptions(input.bytes, at + ANNOUNCE_BYTES, at + length, request.keyBytes);
}

/** Writes a connect answer but for its connection id; gives its length. */
export function writeConnect(words: Int32Array, at: number, transaction: number): number {
  const word = at >> 2;
  words[word] = ACTION_CONNECT;
  words[word + 1] = transaction;
  return HEADER_BYTES;
}

/** Writes an announce answer up to its peers, which begin 20 bytes in. */
export function writeAnnounce(
  words: Int32Array,
  at: number,
  transaction: number,
  interval: number,
  leechers: number,
  seeders: number,
): void {
  const word = at >> 2;
  words[word] = ACTION_ANNOUNCE;
  words[word + 1] = transaction;
  words[word + 2] = swapBytes(interval);
  words[word + 3] = swapBytes(leechers);
  words[word + 4] = swapBytes(seeders);
}

/** Writes the beginning of a scrape answer; its entries follow from 8 bytes on, 12 bytes each. */
export function writeScrape(words: Int32Array, at: number, transaction: number): void {
  words[at >> 2] = ACTION_SCRAPE;
  words[(at >> 2) + 1] = transaction;
}

/** Brings the counts of entry `index` (complete, completed, incomplete), written as numbers, into network order. */
export function finishScrapeEntry(words: Int32Array, at: number, index: number): void {
  const word = (at >> 2) + 2 + index * 3;
  for (let i = 0; i < 3; i++) words[word + i] = swapBytes(words[word + i]);
}

/** Writes an error with an ASCII text; gives its length. */
export function writeError(
  output: DatagramBuffer,
  at: number,
  transaction: number,
  text: Uint8Array,
): number {
  output.words[at >> 2] = ACTION_ERROR;
  output.words[(at >> 2) + 1] = transaction;
  for (let i = 0; i < text.length; i++) output.bytes[at + 8 + i] = text[i];
  return errorBytes(text);
}

/** The length of an error with that text. */
export function errorBytes(text: Uint8Array): number {
  return 8 + text.length;
}

function parseAmount(words: Int32Array, from: number, amounts: Int32Array, to: number): void {
  amounts[to + 1] = swapBytes(words[from]);
  amounts[to] = swapBytes(words[from + 1]);
}

/** One path at a time: parsing is synchronous. */
const path = new Uint8Array(MAX_PATH_BYTES);

/**
 * Joins the URLData of the options from `at` to `end` and reads the key out of it (BEP 41). An option that is cut
 * off ends the list, as EndOfOptions does.
 */
function parseOptions(bytes: Uint8Array, at: number, end: number, key: Uint8Array): number {
  let length = 0;
  while (at < end) {
    const type = bytes[at++];
    if (type === OPTION_END) break;
    if (type === OPTION_NOP) continue;
    if (at === end) break;
    const size = bytes[at++];
    if (at + size > end) break;
    if (type === OPTION_URL_DATA) {
      for (let i = 0; i < size && length < MAX_PATH_BYTES; i++) path[length++] = bytes[at + i];
    }
    at += size;
  }
  return parseKeyPath(path, length, ANNOUNCE_PATH, key);
}
