/** The answers of the HTTP tracker as bencoded bytes (BEP 3, 7, 23, 24, 48). */
import { ascii } from "../base/bytes.ts";
import { formatIp } from "../base/ip.ts";
import type { BencodeWriter } from "./bencode.ts";
import { INFO_HASH_BYTES } from "./http_query.ts";

export interface AnnounceReply {
  readonly isIpv4: boolean;
  /** The asker's address: its first 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly seeders: number;
  readonly leechers: number;
  readonly completed: number;
  readonly interval: number;
  readonly minInterval: number;
  /** How many peers there are. */
  readonly peers: number;
  /** The peers as sent: 6 bytes (IPv4) or 18 bytes (IPv6) each. */
  readonly endpoints: Uint8Array;
  /** For dictionaries: the peers' ids, 20 bytes each, or null to leave them out. */
  readonly peerIds: Uint8Array | null;
  readonly compact: boolean;
}

const PEER_ID_BYTES = 20;

/** The keys of an announce answer, bencoded once. */
const COMPLETE = ascii("8:complete");
const DOWNLOADED = ascii("10:downloaded");
const EXTERNAL_IP = ascii("11:external ip");
const INCOMPLETE = ascii("10:incomplete");
const INTERVAL = ascii("8:interval");
const MIN_INTERVAL = ascii("12:min interval");
const PEERS = ascii("5:peers");
const PEERS6 = ascii("6:peers6");

/** Writes an announce answer, its keys in order as bencoding wants them. */
export function writeAnnounceReply(out: BencodeWriter, reply: AnnounceReply): void {
  out.clear();
  out.openDictionary();
  out.raw(COMPLETE);
  out.integer(reply.seeders);
  out.raw(DOWNLOADED);
  out.integer(reply.completed);
  out.raw(EXTERNAL_IP);
  out.bytes(reply.address, 0, reply.isIpv4 ? 4 : 16);
  out.raw(INCOMPLETE);
  out.integer(reply.leechers);
  out.raw(INTERVAL);
  out.integer(reply.interval);
  out.raw(MIN_INTERVAL);
  out.integer(reply.minInterval);
  out.raw(PEERS);
  if (!reply.compact) writePeerDictionaries(out, reply);
  else out.bytes(reply.endpoints, 0, reply.isIpv4 ? reply.peers * 6 : 0);
  if (reply.compact && !reply.isIpv4) {
    out.raw(PEERS6);
    out.bytes(reply.endpoints, 0, reply.peers * 18);
  }
  out.close();
}

function writePeerDictionaries(out: BencodeWriter, reply: AnnounceReply): void {
  const addressBytes = reply.isIpv4 ? 4 : 16;
  const { endpoints } = reply;
  out.openList();
  for (let i = 0; i < reply.peers; i++) {
    const at = i * (addressBytes + 2);
    peerAddressBytes.set(endpoints.subarray(at, at + addressBytes));
    out.openDictionary();
    out.text("ip");
    out.text(formatIp(reply.isIpv4 ? 4 : 6, peerAddress));
    if (reply.peerIds !== null) {
      out.text("peer id");
      out.bytes(reply.peerIds, i * PEER_ID_BYTES, PEER_ID_BYTES);
    }
    out.text("port");
    out.integer((endpoints[at + addressBytes] << 8) | endpoints[at + addressBytes + 1]);
    out.close();
  }
  out.close();
}

const peerAddress = new Int32Array(4);
const peerAddressBytes = new Uint8Array(peerAddress.buffer);

/** Opens a scrape answer; entries follow, then {@link closeScrapeReply}. */
export function openScrapeReply(out: BencodeWriter): void {
  out.clear();
  out.openDictionary();
  out.text("files");
  out.openDictionary();
}

/** One torrent of a scrape: its hash is the 20 bytes at `infoHashes[at]`. */
export function writeScrapeEntry(
  out: BencodeWriter,
  infoHashes: Uint8Array,
  at: number,
  complete: number,
  downloaded: number,
  incomplete: number,
): void {
  out.bytes(infoHashes, at, INFO_HASH_BYTES);
  out.openDictionary();
  out.text("complete");
  out.integer(complete);
  out.text("downloaded");
  out.integer(downloaded);
  out.text("incomplete");
  out.integer(incomplete);
  out.close();
}

export function closeScrapeReply(out: BencodeWriter): void {
  out.close();
  out.close();
}

/** The dictionary that tells a client why it is refused. */
export function failureReply(reason: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`d14:failure reason${reason.length}:${reason}e`);
}
