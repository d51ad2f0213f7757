// Writes .torrent files (BEP 3). The bencode writer is the tests' own, so that a mistake in the program's writer
// cannot hide behind the same mistake here.

import { createHash } from "node:crypto";

export type Bencodable = number | string | Uint8Array | readonly Bencodable[] | {
  readonly [key: string]: Bencodable;
};

/** What a torrent describes: one file, and the hash by which trackers and clients know it. */
export interface TorrentInfo {
  /** The bencoded info dictionary. */
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-1 of `bytes`, 20 bytes. */
  infoHash: Uint8Array;
  infoHashHex: string;
}

const pieceBytes = 64 * 1024;

/**
 * Describes `data` as a file called `name`. The private flag (BEP 27) is set: clients then take peers from the tracker
 * only, never from DHT, peer exchange or the local network, whatever else they are told.
 */
export function describeFile(name: string, data: Uint8Array): TorrentInfo {
  const hashes: Uint8Array[] = [];
  for (let start = 0; start < data.length; start += pieceBytes) {
    hashes.push(sha1(data.subarray(start, start + pieceBytes)));
  }
  const bytes = encodeBencode({
    length: data.length,
    name,
    "piece length": pieceBytes,
    pieces: joinBytes(hashes),
    private: 1,
  });
  const infoHash = sha1(bytes);
  return { bytes, infoHash, infoHashHex: infoHash.toHex() };
}

/** A whole .torrent file. Several of them with different announce URLs describe the same torrent. */
export function torrentFile(info: TorrentInfo, announceUrl: string): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`d8:announce${bencodedText(announceUrl)}4:info`);
  return joinBytes([head, info.bytes, new TextEncoder().encode("e")]);
}

/** Keys of dictionaries are sorted by their bytes, as BEP 3 wants; texts are UTF-8. */
export function encodeBencode(value: Bencodable): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return joinBytes(parts);
}

export function sha1(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(bytes).digest());
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

function write(value: Bencodable, parts: Uint8Array[]): void {
  if (typeof value === "number") parts.push(ascii(`i${value}e`));
  else if (typeof value === "string") write(new TextEncoder().encode(value), parts);
  else if (value instanceof Uint8Array) parts.push(ascii(`${value.length}:`), value);
  else if (isList(value)) {
    parts.push(ascii("l"));
    for (const item of value) write(item, parts);
    parts.push(ascii("e"));
  } else {
    writeDictionary(value, parts);
  }
}

function writeDictionary(value: { readonly [key: string]: Bencodable }, parts: Uint8Array[]): void {
  const entries = Object.entries(value).map(([key, item]) => ({ key: new TextEncoder().encode(key), item }));
  entries.sort((a, b) => compareBytes(a.key, b.key));
  parts.push(ascii("d"));
  for (const { key, item } of entries) {
    write(key, parts);
    write(item, parts);
  }
  parts.push(ascii("e"));
}

function isList(value: Bencodable): value is readonly Bencodable[] {
  return Array.isArray(value);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

function bencodedText(text: string): string {
  return `${new TextEncoder().encode(text).length}:${text}`;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
