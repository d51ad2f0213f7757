/** The two records of a peer in its arena, hot and cold: how they are written and read. */
import {
  COLD_DOWNLOADED,
  COLD_HIGH,
  COLD_HIGH_EVENT,
  COLD_LEFT,
  COLD_UPLOADED,
  COLD_WORDS,
  KEY_WORDS,
} from "./layout.ts";
import type { PeerArena } from "./peer_arena.ts";

/** What a peer says of itself. All words are as they lie in memory, in the order of the wire. */
export interface PeerFields {
  /** The address: one word (IPv4) or four (IPv6). */
  readonly address: Int32Array;
  /** The port as sent: its first byte is the low one. */
  readonly port: number;
  /** Five words. */
  readonly peerId: Int32Array;
  /** Bytes left, uploaded, downloaded: low word, high word each. */
  readonly amounts: Int32Array;
  readonly event: number;
}

/** Amounts are kept in 48 bits; anything above is kept as the largest. */
const MAX_HIGH_HALF = 0xffff;

/** Writes where the peer is. */
export function writeAddress({ hot, hotWords }: PeerArena, index: number, { address }: PeerFields): void {
  for (let i = 0; i < hotWords - 1; i++) hot[index * hotWords + i] = address[i];
}

/** Writes all but the address. `time` is in seconds, of which the low 16 bits are kept. */
export function writePeer(
  { hot, cold, hotWords }: PeerArena,
  index: number,
  peer: PeerFields,
  time: number,
): void {
  hot[index * hotWords + hotWords - 1] = (time << 16) | peer.port;
  const at = index * COLD_WORDS;
  const { peerId, amounts } = peer;
  for (let i = 0; i < KEY_WORDS; i++) cold[at + i] = peerId[i];
  const left = highHalf(amounts[1]);
  const uploaded = highHalf(amounts[3]);
  const downloaded = highHalf(amounts[5]);
  cold[at + COLD_LEFT] = amounts[1] === left ? amounts[0] : -1;
  cold[at + COLD_UPLOADED] = amounts[3] === uploaded ? amounts[2] : -1;
  cold[at + COLD_DOWNLOADED] = amounts[5] === downloaded ? amounts[4] : -1;
  cold[at + COLD_HIGH] = left | (uploaded << 16);
  cold[at + COLD_HIGH_EVENT] = downloaded | (peer.event << 16);
}

function highHalf(word: number): number {
  return word >= 0 && word <= MAX_HIGH_HALF ? word : MAX_HIGH_HALF;
}

/** What `readPeer` fills in. */
export type ReadablePeer = { -readonly [K in keyof PeerFields]: PeerFields[K] };

/** Reads a peer back: its hot record at `hot[hotAt]`, `hotWords` long, and its cold one at `cold[coldAt]`. */
export function readPeer(
  hot: Int32Array,
  hotAt: number,
  cold: Int32Array,
  coldAt: number,
  hotWords: number,
  peer: ReadablePeer,
): void {
  const { address, peerId, amounts } = peer;
  for (let i = 0; i < hotWords - 1; i++) address[i] = hot[hotAt + i];
  peer.port = hot[hotAt + hotWords - 1] & 0xffff;
  for (let i = 0; i < KEY_WORDS; i++) peerId[i] = cold[coldAt + i];
  amounts[0] = cold[coldAt + COLD_LEFT];
  amounts[1] = cold[coldAt + COLD_HIGH] & 0xffff;
  amounts[2] = cold[coldAt + COLD_UPLOADED];
  amounts[3] = cold[coldAt + COLD_HIGH] >>> 16;
  amounts[4] = cold[coldAt + COLD_DOWNLOADED];
  amounts[5] = cold[coldAt + COLD_HIGH_EVENT] & 0xffff;
  peer.event = cold[coldAt + COLD_HIGH_EVENT] >>> 16;
}
