/**
 * What the swarm store promises, in the plainest form: Maps of torrents and peers, nothing clever.
 *
 * Torrents and peers are numbers. While a sweep is under way nobody can tell which of the peers that are too old are
 * still there; the model knows them as doomed and allows both.
 */
import { EVENT_COMPLETED, EVENT_NONE, EVENT_STOPPED } from "../../src/swarm/layout.ts";

/** What a peer says of itself. Amounts are bytes. */
export interface Said {
  event: number;
  left: number;
  uploaded: number;
  downloaded: number;
  /** Tells its peer id; see `writePeerId`. */
  salt: number;
}

export const LEECHER: Said = { event: EVENT_NONE, left: 1, uploaded: 0, downloaded: 0, salt: 1 };
export const SEEDER: Said = { ...LEECHER, left: 0 };
export const COMPLETED: Said = { ...SEEDER, event: EVENT_COMPLETED };
export const STOPPED: Said = { ...LEECHER, event: EVENT_STOPPED };

export interface ModelPeer extends Said {
  time: number;
  doomed: boolean;
}

export class ModelTorrent {
  completed = 0;
  readonly ipv4 = new Map<number, ModelPeer>();
  readonly ipv6 = new Map<number, ModelPeer>();

  family(isIpv4: boolean): Map<number, ModelPeer> {
    return isIpv4 ? this.ipv4 : this.ipv6;
  }

  get size(): number {
    return this.ipv4.size + this.ipv6.size;
  }
}

/** Amounts are kept in 48 bits. */
export function kept(bytes: number): number {
  return Math.min(bytes, 2 ** 48 - 1);
}

export function isSeeder(peer: Said): boolean {
  return peer.left === 0;
}

/** Seeders and leechers of a torrent, those that a sweep may or may not have removed apart. */
export interface Counts {
  seeders: number;
  leechers: number;
  doomedSeeders: number;
  doomedLeechers: number;
}

export class SwarmModel {
  readonly torrents = new Map<number, ModelTorrent>();
  readonly #keepTorrents: boolean;

  constructor(keepTorrents: boolean) {
    this.#keepTorrents = keepTorrents;
  }

  announce(torrent: number, peer: number, isIpv4: boolean, port0: boolean, said: Said, time: number): void {
    if (said.event === EVENT_STOPPED || port0) {
      this.torrents.get(torrent)?.family(isIpv4).delete(peer);
      this.#dropIfEmpty(torrent);
      return;
    }
    let known = this.torrents.get(torrent);
    if (known === undefined) this.torrents.set(torrent, known = new ModelTorrent());
    const before = known.family(isIpv4).get(peer);
    const wasSeeder = before !== undefined && isSeeder(before);
    if (isSeeder(said) && said.event === EVENT_COMPLETED && !wasSeeder) known.completed++;
    known.family(isIpv4).set(peer, { ...said, time, doomed: false });
  }

  /** A sweep begins: peers silent for longer than `timeout` may go at any moment. */
  doom(time: number, timeout: number): void {
    for (const torrent of this.torrents.values()) {
      for (const peers of [torrent.ipv4, torrent.ipv6]) {
        for (const peer of peers.values()) peer.doomed = time - peer.time > timeout;
      }
    }
  }

  /** The sweep is over: the doomed are gone. */
  bury(): void {
    for (const [number, torrent] of this.torrents) {
      for (const peers of [torrent.ipv4, torrent.ipv6]) {
        for (const [peer, { doomed }] of peers) if (doomed) peers.delete(peer);
      }
      this.#dropIfEmpty(number);
    }
  }

  counts(torrent: number): Counts {
    const counts = { seeders: 0, leechers: 0, doomedSeeders: 0, doomedLeechers: 0 };
    const known = this.torrents.get(torrent);
    for (const peers of known === undefined ? [] : [known.ipv4, known.ipv6]) {
      for (const peer of peers.values()) {
        if (peer.doomed) counts[isSeeder(peer) ? "doomedSeeders" : "doomedLeechers"]++;
        else counts[isSeeder(peer) ? "seeders" : "leechers"]++;
      }
    }
    return counts;
  }

  #dropIfEmpty(torrent: number): void {
    if (this.torrents.get(torrent)?.size === 0 && !this.#keepTorrents) this.torrents.delete(torrent);
  }
}
