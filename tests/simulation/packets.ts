/** Requests as clients write them (BEP 15, BEP 41), without a line of the tracker's own code. */

export const CONNECT = 0;
export const ANNOUNCE = 1;
export const SCRAPE = 2;
export const ERROR = 3;

export const EVENT_NONE = 0;
export const EVENT_COMPLETED = 1;
export const EVENT_STARTED = 2;
export const EVENT_STOPPED = 3;
export const EVENT_PAUSED = 4;

export interface AnnounceFields {
  infoHash: Uint8Array;
  peerId: Uint8Array;
  downloaded: bigint;
  left: bigint;
  uploaded: bigint;
  event: number;
  wanted: number;
  port: number;
  /** BEP 41. */
  options: Uint8Array;
}

export function connectRequest(transaction: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, 0x41727101980n);
  view.setInt32(8, CONNECT);
  view.setInt32(12, transaction);
  return new Uint8Array(view.buffer);
}

/** The beginning of every other request, with room for `length` bytes. */
export function header(id: Uint8Array, action: number, transaction: number, length = 16): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(id, 0);
  const view = new DataView(bytes.buffer);
  view.setInt32(8, action);
  view.setInt32(12, transaction);
  return bytes;
}

export function announceRequest(id: Uint8Array, transaction: number, fields: AnnounceFields): Uint8Array {
  const bytes = header(id, ANNOUNCE, transaction, 98 + fields.options.length);
  const view = new DataView(bytes.buffer);
  bytes.set(fields.infoHash, 16);
  bytes.set(fields.peerId, 36);
  view.setBigUint64(56, fields.downloaded);
  view.setBigUint64(64, fields.left);
  view.setBigUint64(72, fields.uploaded);
  view.setInt32(80, fields.event);
  view.setInt32(84, 0x7f000001);
  view.setInt32(88, transaction ^ 0x55555555);
  view.setInt32(92, fields.wanted);
  view.setUint16(96, fields.port);
  bytes.set(fields.options, 98);
  return bytes;
}

export function scrapeRequest(
  id: Uint8Array,
  transaction: number,
  infoHashes: readonly Uint8Array[],
): Uint8Array {
  const bytes = header(id, SCRAPE, transaction, 16 + infoHashes.length * 20);
  infoHashes.forEach((infoHash, i) => bytes.set(infoHash, 16 + i * 20));
  return bytes;
}

/** What may follow the options that count: EndOfOptions and one too many, or an option that is cut off. */
export const OPTION_TAILS = [[], [], [0, 2, 1, 0x78], [2, 3, 0x78, 0x78]];

/** URLData options that hold `path`, cut into chunks of `chunk` bytes with a NOP between them, and then `tail`. */
export function pathOptions(path: string, chunk: number, tail: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < path.length; at += chunk) {
    const part = path.slice(at, at + chunk);
    bytes.push(2, part.length, ...Array.from(part, (character) => character.charCodeAt(0)), 1);
  }
  return Uint8Array.from([...bytes, ...tail]);
}
