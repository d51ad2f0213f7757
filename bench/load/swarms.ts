/**
 * Which peer is in which torrent. Everything follows from the peer's number, so that a load, a whitelist and a
 * database agree without a word between them.
 */

/** How uneven the popularity is: a share to this power. With 4, two million peers make a swarm of 32,000. */
const SKEW = 4;

/** Peers with numbers; the first ones make sure that each torrent has one, the others choose by popularity. */
export interface Population {
  readonly torrents: number;
  readonly peers: number;
  /** Each torrent as likely as any other, for tables too big for the processor's caches. */
  readonly isUniform: boolean;
}

/** The torrent that a peer is in, from 0 up to but not including `torrents`. */
export function torrentOf({ torrents, isUniform }: Population, peer: number): number {
  if (peer < torrents) return peer;
  const share = (mix(peer) >>> 0) / 0x100000000;
  return Math.floor(torrents * (isUniform ? share : share ** SKEW));
}

/** Writes the info hash of a torrent, five words. No two torrents have the same: the first word is one-to-one. */
export function writeInfoHash(words: Int32Array, at: number, torrent: number): void {
  for (let i = 0; i < 5; i++) words[at + i] = mix(torrent + Math.imul(i, 0x9e3779b9));
}

/** The same info hash as 40 hexadecimal digits. */
export function infoHashHex(torrent: number): string {
  const words = new Int32Array(5);
  writeInfoHash(words, 0, torrent);
  return new Uint8Array(words.buffer).toHex();
}

/** The port of a peer, 1 to 65535. */
export function portOf(peer: number): number {
  return ((mix(peer ^ 0x5bd1e995) >>> 0) % 0xffff) + 1;
}

/** A 32-bit number for another, one-to-one (the finalizer of MurmurHash3). */
function mix(number: number): number {
  let word = number | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
