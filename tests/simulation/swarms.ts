/** Torrents and their peers on Maps: half of the model. */
import { wordsOf } from "./address.ts";

export interface ModelPeer {
  peerId: string;
  left: number;
  uploaded: number;
  downloaded: number;
  event: number;
  seeder: boolean;
  /** When it was heard last, in seconds. */
  heard: number;
}

/** The peers of one torrent and family, by address and port as sent. */
export class ModelSwarm {
  readonly peers = new Map<string, ModelPeer>();
  seeders = 0;

  get leechers(): number {
    return this.peers.size - this.seeders;
  }

  set(endpoint: string, peer: ModelPeer): void {
    this.delete(endpoint);
    this.peers.set(endpoint, peer);
    if (peer.seeder) this.seeders++;
  }

  delete(endpoint: string): void {
    if (this.peers.get(endpoint)?.seeder === true) this.seeders--;
    this.peers.delete(endpoint);
  }
}

export class ModelTorrent {
  /** The info hash as the tracker takes it. */
  readonly words: Int32Array;
  completed = 0;
  readonly ipv4 = new ModelSwarm();
  readonly ipv6 = new ModelSwarm();

  constructor(infoHash: string) {
    this.words = wordsOf(infoHash);
  }

  swarm(isIpv4: boolean): ModelSwarm {
    return isIpv4 ? this.ipv4 : this.ipv6;
  }

  get size(): number {
    return this.ipv4.peers.size + this.ipv6.peers.size;
  }

  get seeders(): number {
    return this.ipv4.seeders + this.ipv6.seeders;
  }

  get leechers(): number {
    return this.size - this.seeders;
  }
}

export interface ModelTotals {
  torrents: number;
  swarms: number;
  seeders: number;
  leechers: number;
  completed: number;
  dirty: number;
}

export class ModelSwarms {
  readonly torrents = new Map<string, ModelTorrent>();
  /** Whether torrents stay, to be saved. */
  readonly keeps: boolean;

  constructor(keeps: boolean) {
    this.keeps = keeps;
  }

  get(infoHash: string): ModelTorrent {
    return this.torrents.get(infoHash) ?? new ModelTorrent(infoHash);
  }

  add(infoHash: string): ModelTorrent {
    const torrent = this.get(infoHash);
    this.torrents.set(infoHash, torrent);
    return torrent;
  }

  remove(infoHash: string, isIpv4: boolean, endpoint: string): void {
    const torrent = this.get(infoHash);
    torrent.swarm(isIpv4).delete(endpoint);
    if (torrent.size === 0 && !this.keeps) this.torrents.delete(infoHash);
  }

  totals(): ModelTotals {
    const totals = { torrents: 0, swarms: 0, seeders: 0, leechers: 0, completed: 0, dirty: 0 };
    for (const torrent of this.torrents.values()) {
      totals.torrents++;
      if (torrent.size > 0) totals.swarms++;
      totals.seeders += torrent.seeders;
      totals.leechers += torrent.leechers;
      totals.completed += torrent.completed;
      // Nothing saves here: whatever was seen still waits for it.
      if (this.keeps) totals.dirty++;
    }
    return totals;
  }
}
