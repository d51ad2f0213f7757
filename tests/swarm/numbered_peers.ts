/**
 * Torrents and peers by number, so that tests and models can name them, and read the numbers back out of answers.
 */
import type { PeerAnnounce, SwarmAnswer } from "../../src/swarm/swarm_table.ts";

/** Ports as they lie in memory: ordinary ones and extremes. */
const PORTS = [0xe11a, 0x0100, 0xffff, 0x0001];
const SCRAMBLE4 = 0x5bd1e995;
const PREFIX6 = 0xb80d0120 | 0;

/** An announce that can be filled in again and again. */
export class TestAnnounce implements PeerAnnounce {
  readonly infoHash = new Int32Array(5);
  readonly address = new Int32Array(4);
  readonly peerId = new Int32Array(5);
  readonly amounts = new Int32Array(6);
  isIpv4 = true;
  port = 0;
  event = 0;
  wanted = 0;
}

/** Room for the largest answer, and a margin in which nothing may be written. */
export class TestAnswer implements SwarmAnswer {
  seeders = 0;
  leechers = 0;
  completed = 0;
  peers = 0;
  readonly out = new Uint16Array(9 * 1100);
  offset = 0;
  ids: Int32Array | null = new Int32Array(5 * 1100);
}

/** Info hashes that differ in one word only, as an attacker might choose them. */
export function writeInfoHash(torrent: number, infoHash: Int32Array): void {
  infoHash.fill(0x41414141);
  infoHash[torrent % 5] = torrent;
}

/** Four ports an address; IPv6 addresses that share most words. */
export function writePeer(announce: TestAnnounce, peer: number, isIpv4: boolean): void {
  announce.isIpv4 = isIpv4;
  announce.port = PORTS[peer & 3];
  const host = peer >>> 2;
  if (isIpv4) {
    announce.address.fill(0);
    announce.address[0] = host ^ SCRAMBLE4;
  } else {
    announce.address[0] = PREFIX6;
    announce.address[1] = host & 7;
    announce.address[2] = 0;
    announce.address[3] = host >>> 3;
  }
}

/** The number of the peer with that address and port. */
export function peerNumber(address: ArrayLike<number>, at: number, port: number, isIpv4: boolean): number {
  const host = isIpv4 ? address[at] ^ SCRAMBLE4 : address[at + 3] * 8 + address[at + 1];
  const number = host * 4 + PORTS.indexOf(port);
  if (!isIpv4 && (address[at] !== PREFIX6 || address[at + 2] !== 0)) return -1;
  return PORTS.includes(port) ? number : -1;
}

/** The numbers of the peers in an answer, read from the bytes that would be sent. */
export function peersIn(answer: SwarmAnswer, isIpv4: boolean): number[] {
  const half = (i: number) => answer.out[i];
  const word = (i: number) => half(i) | (half(i + 1) << 16);
  const stride = isIpv4 ? 3 : 9;
  return Array.from({ length: answer.peers }, (_, i) => {
    const at = answer.offset + i * stride;
    const address = isIpv4 ? [word(at)] : [word(at), word(at + 2), word(at + 4), word(at + 6)];
    return peerNumber(address, 0, half(at + stride - 1), isIpv4);
  });
}

/** A peer id that tells the peer, and which of its announces it came with. */
export function writePeerId(peer: number, salt: number, peerId: Int32Array, at = 0): void {
  peerId[at] = peer;
  peerId[at + 1] = salt;
  peerId[at + 2] = peer ^ salt;
  peerId[at + 3] = -1;
  peerId[at + 4] = ~salt;
}
