/**
 * The tracker: the one service that answers announces and scrapes, for whichever transport they came by.
 *
 * Synchronous and pure: the time comes as an argument, randomness at the construction. An instance belongs to one
 * thread; what they share is in {@link SharedMemory}.
 */
import { assert } from "../base/assert.ts";
import type { Prng } from "../base/prng.ts";
import { type AnnounceRequest, COMPLETED, NONE, PAUSED, STARTED, STOPPED } from "../protocol/messages.ts";
import { EVENT_COMPLETED, EVENT_NONE, EVENT_STARTED, EVENT_STOPPED } from "../swarm/layout.ts";
import { SwarmStore } from "../swarm/store.ts";
import { PEERS_FULL, type SwarmAnswer, type SweepCursor, TORRENTS_FULL } from "../swarm/swarm_table.ts";
import { Access, type AccessRules, ALLOWED, BLACKLISTED, NOT_WHITELISTED } from "./access.ts";
import type { SharedMemory } from "./shared.ts";
import { COUNTER } from "./stats.ts";

assert(
  NONE === EVENT_NONE && COMPLETED === EVENT_COMPLETED && STARTED === EVENT_STARTED &&
    STOPPED === EVENT_STOPPED,
  "the store keeps events in the numbers of the protocol",
);

export interface TrackerSettings extends AccessRules {
  /** Seconds between announces that clients are asked for, and the least that they should keep to. */
  readonly interval: number;
  readonly intervalMinimum: number;
  /** Seconds after which a peer that was not heard of is gone. */
  readonly peerTimeout: number;
  /** The most peers of an answer, and the number for a client that names none. */
  readonly peersReturned: number;
}

export class Tracker {
  readonly settings: TrackerSettings;
  readonly store: SwarmStore;
  readonly access: Access;
  /** This thread's counters, to which transports add their own. */
  readonly counters: Float64Array;

  constructor(memory: SharedMemory, settings: TrackerSettings, counters: Float64Array, random: Prng) {
    this.settings = settings;
    this.store = new SwarmStore(memory.store, random);
    this.access = new Access(memory.access, settings);
    this.counters = counters;
  }

  /**
   * Answers an announce, with at most `maxPeers` peers, and settles the request's `wanted` and `event` on the way.
   * Gives `ALLOWED` with the answer filled in, or why it is refused; nothing refused is stored.
   */
  announce(
    request: AnnounceRequest,
    answer: SwarmAnswer,
    maxPeers: number,
    seconds: number,
    unixSeconds: number,
  ): number {
    const refusal = this.access.checkAnnounce(request.keyState, request.key, request.infoHash, unixSeconds);
    if (refusal !== ALLOWED) {
      this.#countRefusal(refusal);
      return refusal;
    }
    request.wanted = this.#wanted(request, maxPeers);
    // A partial seed (BEP 21) is a leecher, which it may already be: that is no event of the swarm's.
    if (request.event === PAUSED) request.event = NONE;
    const result = this.store.announce(request, answer, seconds);
    if (result === TORRENTS_FULL) this.counters[COUNTER.full_torrents]++;
    else if (result === PEERS_FULL) this.counters[COUNTER.full_peers]++;
    return ALLOWED;
  }

  /** Checks the key of a scrape, which needs one where announces do. */
  checkScrape(keyState: number, key: Int32Array, unixSeconds: number): number {
    const refusal = this.access.checkKey(keyState, key, unixSeconds);
    if (refusal !== ALLOWED) this.#countRefusal(refusal);
    return refusal;
  }

  /** Writes complete, completed and incomplete of the hash at `infoHashes[offset]` to `out` from `outOffset`. */
  scrape(infoHashes: Int32Array, offset: number, out: Int32Array, outOffset: number): void {
    this.store.scrape(infoHashes, offset, out, outOffset);
  }

  /** Removes peers not heard of, for `budget` units of work of the store; true when the sweep is through. */
  sweep(cursor: SweepCursor, budget: number, seconds: number): boolean {
    return this.store.sweep(cursor, budget, seconds, this.settings.peerTimeout);
  }

  #wanted(request: AnnounceRequest, maxPeers: number): number {
    if (request.event === PAUSED || request.event === STOPPED) return 0;
    const most = Math.min(maxPeers, this.settings.peersReturned);
    return request.wanted < 0 || request.wanted > most ? most : request.wanted;
  }

  #countRefusal(refusal: number): void {
    if (refusal === NOT_WHITELISTED) this.counters[COUNTER.refused_not_whitelisted]++;
    else if (refusal === BLACKLISTED) this.counters[COUNTER.refused_blacklisted]++;
    else this.counters[COUNTER.refused_key]++;
  }
}
