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
  /** Each torrent as likely as any other; then some have no peer. For tables too big for the processor's caches. */
  readonly isUniform: boolean;
  /** The number of the first torrent, to have others than before; 0 without it. */
  readonly firstTorrent?: number;
}

/** The number of the torrent that a peer is in. */
export function torrentOf({ torrents, isUniform, firstTorrent = 0 }: Population, peer: number): number {
  const share = (mix(peer) >>> 0) / 0x100000000;
  if (isUniform) return firstTorrent + Math.floor(torrents * share);
  return firstTorrent + (peer < torrents ? peer : Math.floor(torrents * share ** SKEW));
}

/** Writes the info hash of a torrent, five words. No two torrents have the same: the first word is one-to-one. */
export function writeInfoHash(words: Int32Array, at: number, torrent: number): void {
  for (let i = 0; i < 5; i++) words[at + i] = mix(torrent + Math.imul(i, 0x9e3779b9));
}

const hashWords = new Int32Array(5);
const hashBytes = new Uint8Array(hashWords.buffer);

/** The same info hash as 40 hexadecimal digits. */
export function infoHashHex(torrent: number): string {
  writeInfoHash(hashWords, 0, torrent);
  return hashBytes.toHex();
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
