/**
 * Who leads: the torrents with the most peers, seeders, leechers and completed downloads, and the software that peers
 * run. Found by a walk over the whole store in short steps, since nobody could wait for it with a hundred million
 * torrents; what is told is what the last whole walk found.
 */
import { COLD_WORDS, KEY_WORDS, SHARDS } from "../swarm/layout.ts";
import type { PeerVisitor } from "../swarm/swarm_table.ts";
import { PeerCursor } from "../swarm/swarm_table.ts";
import type { SwarmStore, TorrentView } from "../swarm/store.ts";
import { type ClientCount, ClientCounts } from "./client_counts.ts";
import { type RankedTorrent, TopList } from "./top_list.ts";

/** What torrents can be sorted by. */
export const SORTS = ["peers", "seeders", "leechers", "completed"] as const;
export type Sort = (typeof SORTS)[number];

/** How many torrents each ranking holds. */
export const RANKED_TORRENTS = 5000;

/** What a whole walk found. */
export interface Ranking {
  /** When it ended, in seconds. */
  readonly seconds: number;
  readonly torrents: Readonly<Record<Sort, readonly RankedTorrent[]>>;
  readonly clients: readonly ClientCount[];
}

/** Buckets, so about as many torrents, for which a shard is locked at once. */
const BUCKETS_A_STEP = 128;

/** Torrents taken out of a list in one step. */
const TAKEN_A_STEP = 500;

/** Swarms of more peers are looked at by themselves, some peers a step. */
const SMALL_SWARM = 24;

export class RankingWalk {
  readonly #store: SwarmStore;
  readonly #lists: Readonly<Record<Sort, TopList>>;
  readonly #clients = new ClientCounts();
  #shard = 0;
  #bucket = 0;
  /** Torrents of the last step with many peers, whose software is yet to be counted; five words each. */
  readonly #large: number[] = [];
  readonly #infoHash = new Int32Array(KEY_WORDS);
  #cursor: PeerCursor | undefined;
  /** At the end of the walk: the sort whose list is being taken, and what was taken, the lowest first. */
  #sort = 0;
  #taken = noTorrents();

  constructor(store: SwarmStore, capacity = RANKED_TORRENTS) {
    this.#store = store;
    this.#lists = {
      peers: new TopList(capacity),
      seeders: new TopList(capacity),
      leechers: new TopList(capacity),
      completed: new TopList(capacity),
    };
  }

  /** Goes on for a fraction of a millisecond. Gives what was found at the end of a walk, and then begins another. */
  step(seconds: number): Ranking | undefined {
    if (this.#large.length > 0) this.#countLarge();
    else if (this.#shard < SHARDS) this.#look();
    else return this.#finish(seconds);
    return undefined;
  }

  #look(): void {
    const next = this.#store.visitTorrents(this.#shard, this.#bucket, BUCKETS_A_STEP, this.#offer);
    this.#bucket = Math.max(next, 0);
    if (next < 0) this.#shard++;
  }

  readonly #offer = (torrent: TorrentView): void => {
    const { words, at, seeders, leechers, completed } = torrent;
    const lists = this.#lists;
    const peers = seeders + leechers;
    lists.peers.offer(peers, words, at, seeders, leechers, completed);
    lists.seeders.offer(seeders, words, at, seeders, leechers, completed);
    lists.leechers.offer(leechers, words, at, seeders, leechers, completed);
    lists.completed.offer(completed, words, at, seeders, leechers, completed);
    if (peers === 0) return;
    if (peers <= SMALL_SWARM) torrent.visitPeers(this.#countPeer);
    else for (let i = 0; i < KEY_WORDS; i++) this.#large.push(words[at + i]);
  };

  readonly #countPeer: PeerVisitor = ({ arena }, index) => {
    this.#clients.add(arena.cold, index * COLD_WORDS);
  };

  #countLarge(): void {
    const large = this.#large;
    for (let i = 0; i < KEY_WORDS; i++) this.#infoHash[i] = large[large.length - KEY_WORDS + i];
    this.#cursor ??= new PeerCursor();
    if (this.#store.visitSomePeers(this.#infoHash, this.#cursor, this.#countPeer)) return;
    this.#cursor = undefined;
    large.length -= KEY_WORDS;
  }

  /** Takes some of one list a step, and then begins anew. */
  #finish(seconds: number): Ranking | undefined {
    const sort = SORTS[this.#sort];
    if (sort !== undefined) {
      const taken = this.#lists[sort].takeLowest(TAKEN_A_STEP);
      this.#taken[sort].push(...taken);
      if (taken.length < TAKEN_A_STEP) this.#sort++;
      return undefined;
    }
    const torrents = this.#taken;
    for (const sort of SORTS) torrents[sort].reverse();
    this.#taken = noTorrents();
    this.#sort = 0;
    this.#shard = 0;
    return { seconds, torrents, clients: this.#clients.take() };
  }
}

function noTorrents(): Record<Sort, RankedTorrent[]> {
  return { peers: [], seeders: [], leechers: [], completed: [] };
}
