/**
 * Reading ahead for a batch of announces: in a large store each of the five steps from a hash to a peer waits for
 * memory, and here the announces of a batch wait for each step together instead of one after the other. That is a tenth
 * of the processor's time of a UDP response with a million torrents.
 *
 * No lock is taken: all that is read may change the next moment, and serves only to be in the processor's cache.
 */
import {
  COLD_WORDS,
  PEERS_REF,
  SWARM_PEERS4,
  SWARM_PEERS6,
  SWARM_WORDS,
  TORRENT_SWARM,
  TORRENT_WORDS,
} from "./layout.ts";
import type { PeerArena } from "./peer_arena.ts";
import type { SwarmTable } from "./swarm_table.ts";

export class ReadAhead {
  readonly #table: SwarmTable;
  readonly #records: Int32Array;
  readonly #swarms: Int32Array;
  /** One for each hash of a batch: the record that the next step reads. */
  readonly #steps: Int32Array;

  /** For batches of up to so many hashes. */
  constructor(table: SwarmTable, batch: number) {
    this.#table = table;
    this.#records = table.torrents.records;
    this.#swarms = table.swarms;
    this.#steps = new Int32Array(batch);
  }

  /**
   * Reads what announces of one address family to the `count` info hashes at `words[places[i]]` will want. Gives the sum
   * of the first words of what it came to, so that no compiler takes the reading for useless.
   */
  read(words: Int32Array, places: Int32Array, count: number, isIpv4: boolean): number {
    const steps = this.#steps;
    const records = this.#records;
    const { torrents } = this.#table;
    for (let i = 0; i < count; i++) steps[i] = torrents.firstFor(torrents.hash(words, places[i]));
    for (let i = 0; i < count; i++) {
      const at = steps[i] * TORRENT_WORDS;
      if (records[at] !== words[places[i]]) steps[i] = records[at + TORRENT_WORDS - 1];
    }
    for (let i = 0; i < count; i++) steps[i] = records[steps[i] * TORRENT_WORDS + TORRENT_SWARM];
    const set = (isIpv4 ? SWARM_PEERS4 : SWARM_PEERS6) + PEERS_REF;
    for (let i = 0; i < count; i++) steps[i] = this.#swarms[steps[i] * SWARM_WORDS + set];
    return this.#readPeers(isIpv4 ? this.#table.ipv4.arena : this.#table.ipv6.arena, count);
  }

  #readPeers({ hot, hotWords, cold }: PeerArena, count: number): number {
    const steps = this.#steps;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const block = steps[i];
      // The directory of a large swarm is a negative number; it is in the cache, since such a swarm is asked for often.
      if (block > 0) sum = (sum + hot[block * hotWords] + cold[block * COLD_WORDS]) | 0;
    }
    return sum;
  }
}
