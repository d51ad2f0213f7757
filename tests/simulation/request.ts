/** What a datagram says, read the slow and plain way, without a line of the tracker's own code. */
import { keyOf } from "./address.ts";
import { ANNOUNCE, CONNECT, EVENT_NONE, EVENT_PAUSED, SCRAPE } from "./packets.ts";

export interface Announce {
  infoHash: string;
  peerId: string;
  left: number;
  uploaded: number;
  downloaded: number;
  event: number;
  wanted: number;
  port: number;
  /** 20 bytes as a key; null when there is none; "malformed". */
  key: string | null;
}

export type Request =
  | { kind: "junk" }
  | { kind: "connect"; transaction: number }
  | { kind: "bad"; transaction: number; id: string }
  | { kind: "scrape"; transaction: number; id: string; infoHashes: string[] }
  | { kind: "announce"; transaction: number; id: string; announce: Announce };

export const MALFORMED = "malformed";

export function readRequest(bytes: Uint8Array): Request {
  if (bytes.length < 16) return { kind: "junk" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const action = view.getInt32(8);
  const transaction = view.getInt32(12);
  if (view.getBigUint64(0) === 0x41727101980n && action === CONNECT) return { kind: "connect", transaction };

  const id = keyOf(bytes, 0, 8);
  if (action === ANNOUNCE && bytes.length >= 98) {
    return { kind: "announce", transaction, id, announce: readAnnounce(bytes, view) };
  }
  const hashes = (bytes.length - 16) / 20;
  if (action !== SCRAPE || hashes < 1 || hashes > 74 || !Number.isInteger(hashes)) {
    return { kind: "bad", transaction, id };
  }
  const infoHashes = Array.from({ length: hashes }, (_, i) => keyOf(bytes, 16 + i * 20, 20));
  return { kind: "scrape", transaction, id, infoHashes };
}

function readAnnounce(bytes: Uint8Array, view: DataView): Announce {
  const event = view.getUint32(80);
  return {
    infoHash: keyOf(bytes, 16, 20),
    peerId: keyOf(bytes, 36, 20),
    downloaded: readAmount(view, 56),
    left: readAmount(view, 64),
    uploaded: readAmount(view, 72),
    event: event > EVENT_PAUSED ? EVENT_NONE : event,
    wanted: view.getInt32(92),
    port: view.getUint16(96),
    key: readKey(readPath(bytes.subarray(98))),
  };
}

/** Amounts are kept in 48 bits. */
function readAmount(view: DataView, at: number): number {
  return Math.min(view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4), 2 ** 48 - 1);
}

/** The joined URLData of BEP 41 options. */
function readPath(options: Uint8Array): string {
  let path = "";
  for (let at = 0; at < options.length && options[at] !== 0;) {
    if (options[at] === 1) {
      at++;
      continue;
    }
    const size = options[at + 1];
    if (size === undefined || at + 2 + size > options.length) break;
    if (options[at] === 2) path += String.fromCharCode(...options.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return path;
}

function readKey(path: string): string | null {
  const place = path.split("?", 1)[0].replace(/\/$/, "");
  if (place === "" || place === "/announce") return null;
  const match = /^\/announce\/([0-9a-fA-F]{40})$/.exec(place) ??
    /^\/([0-9a-fA-F]{40})\/announce$/.exec(place);
  if (match === null) return MALFORMED;
  const bytes = match[1].match(/../g)!.map((digits) => parseInt(digits, 16));
  return keyOf(Uint8Array.from(bytes), 0, 20);
}
