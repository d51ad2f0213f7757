/**
 * What the tracker should answer, by a model on Maps that takes the packets that were really delivered. It knows
 * nothing of hashes: a connection id is good when the model saw it being given to that very address in the last two
 * minutes.
 */
import assert from "node:assert/strict";
import type { TrackerSettings } from "../../src/tracker/tracker.ts";
import type { CounterName } from "../../src/tracker/stats.ts";
import { type Address, keyOf } from "./address.ts";
import { EVENT_COMPLETED, EVENT_NONE, EVENT_PAUSED, EVENT_STOPPED } from "./packets.ts";
import { type Announce, MALFORMED, readRequest, type Request } from "./request.ts";
import { ModelSwarm, ModelSwarms } from "./swarms.ts";

export interface Moment {
  seconds: number;
  unixSeconds: number;
}

/** The peers that an announce may be answered with. */
export interface Handout {
  swarm: ModelSwarm;
  asker: string;
  leechersOnly: boolean;
  least: number;
  most: number;
}

export type Expected =
  | { kind: "silence" }
  | { kind: "connect"; transaction: number }
  | { kind: "error"; transaction: number; text: string }
  | { kind: "scrape"; transaction: number; counts: number[] }
  | { kind: "announce"; transaction: number; seeders: number; leechers: number; handout: Handout };

/** What the tracker said of its own limits while it handled a packet. */
export interface Fullness {
  torrents: boolean;
  peers: boolean;
}

export interface ModelLimits {
  readonly torrents: number;
  readonly peers: number;
}

const ID_SECONDS = 120;
/** The most peers that fit an answer of 1,472 or 1,200 bytes. */
const MOST_PEERS = { ipv4: 242, ipv6: 65 };
/** A swarm of a family no larger than this is looked at whole for an answer; a larger one for half of it at least. */
const SEEN_WHOLE = 900;

export class Model {
  readonly swarms: ModelSwarms;
  readonly counters = new Map<CounterName, number>();
  readonly whitelist = new Set<string>();
  readonly blacklist = new Set<string>();
  /** Keys with the UNIX time at which they end, 0 for never. */
  readonly keys = new Map<string, number>();
  readonly #settings: TrackerSettings;
  readonly #limits: ModelLimits;
  /** When an id was last given to an address, by both. */
  readonly #ids = new Map<string, number>();

  constructor(settings: TrackerSettings, limits: ModelLimits, keepTorrents: boolean) {
    this.#settings = settings;
    this.#limits = limits;
    this.swarms = new ModelSwarms(keepTorrents);
  }

  /** A connect was answered with that id. */
  noteId(from: Address, id: string, { seconds }: Moment): void {
    this.#ids.set(from.key + id, seconds);
  }

  /** Whether the id in a packet proves that its sender receives what is sent to its address. */
  isProven(bytes: Uint8Array, from: Address, { seconds }: Moment): boolean {
    if (bytes.length < 16) return false;
    const given = this.#ids.get(from.key + keyOf(bytes, 0, 8));
    return given !== undefined && seconds - given <= ID_SECONDS;
  }

  /** Takes a packet in and says what must be answered. */
  take(bytes: Uint8Array, from: Address, moment: Moment, full: Fullness): Expected {
    const request = readRequest(bytes);
    assert(
      !full.torrents && !full.peers || request.kind === "announce",
      "full, though nothing was to be stored",
    );
    if (request.kind === "junk") {
      this.#count("udp_junk");
      return { kind: "silence" };
    }
    if (request.kind === "connect") {
      this.#count(from.isIpv4 ? "udp4_connections_handled" : "udp6_connections_handled");
      return request;
    }
    if (!this.isProven(bytes, from, moment)) {
      this.#count("udp_bad_connection_id");
      const text = "connection id mismatch";
      return bytes.length < 8 + text.length
        ? { kind: "silence" }
        : { kind: "error", transaction: request.transaction, text };
    }
    return this.#takeProven(request, from, moment, full);
  }

  #takeProven(
    request: Exclude<Request, { kind: "junk" | "connect" }>,
    from: Address,
    moment: Moment,
    full: Fullness,
  ): Expected {
    const { transaction } = request;
    let text: string | null;
    switch (request.kind) {
      case "bad":
        this.#count("udp_bad_request");
        return { kind: "error", transaction, text: "bad request" };
      case "scrape":
        this.#count(from.isIpv4 ? "udp4_scrapes_handled" : "udp6_scrapes_handled");
        text = this.#refuseKey(null, moment);
        if (text !== null) return { kind: "error", transaction, text };
        return {
          kind: "scrape",
          transaction,
          counts: request.infoHashes.flatMap((hash) => this.#counts(hash)),
        };
      case "announce":
        this.#count(from.isIpv4 ? "udp4_announces_handled" : "udp6_announces_handled");
        text = this.#refuse(request.announce, moment);
        if (text !== null) return { kind: "error", transaction, text };
        return this.#announce(transaction, request.announce, from, moment, full);
    }
  }

  /** Why an announce is refused, or null. */
  #refuse({ infoHash, key }: Announce, moment: Moment): string | null {
    const refusal = this.#refuseKey(key, moment);
    if (refusal !== null) return refusal;
    if (this.#settings.whitelist && !this.whitelist.has(infoHash)) {
      this.#count("refused_not_whitelisted");
      return "torrent not on whitelist";
    }
    if (this.#settings.blacklist && this.blacklist.has(infoHash)) {
      this.#count("refused_blacklisted");
      return "torrent blacklist";
    }
    return null;
  }

  #refuseKey(key: string | null, { unixSeconds }: Moment): string | null {
    if (!this.#settings.keys) return null;
    const ends = key === null || key === MALFORMED ? undefined : this.keys.get(key);
    if (ends !== undefined && (ends === 0 || unixSeconds < ends)) return null;
    this.#count("refused_key");
    return "unknown key";
  }

  #announce(
    transaction: number,
    announce: Announce,
    from: Address,
    { seconds }: Moment,
    full: Fullness,
  ): Expected {
    const { infoHash, event, port } = announce;
    const { isIpv4 } = from;
    const asker = from.key + String.fromCharCode(port);
    const leaves = event === EVENT_STOPPED || port === 0;
    if (full.torrents || full.peers) this.#noteFull(announce, isIpv4, asker, full, leaves);
    else if (leaves) this.swarms.remove(infoHash, isIpv4, asker);
    else this.#store(announce, isIpv4, asker, seconds);

    const torrent = this.swarms.get(infoHash);
    return {
      kind: "announce",
      transaction,
      seeders: torrent.seeders,
      leechers: torrent.leechers,
      handout: this.#handout(announce, torrent.swarm(isIpv4), isIpv4, asker, leaves),
    };
  }

  #store(announce: Announce, isIpv4: boolean, endpoint: string, seconds: number): void {
    const torrent = this.swarms.add(announce.infoHash);
    const swarm = torrent.swarm(isIpv4);
    const seeder = announce.left === 0;
    const wasSeeder = swarm.peers.get(endpoint)?.seeder === true;
    if (announce.event === EVENT_COMPLETED && seeder && !wasSeeder) torrent.completed++;
    const { peerId, left, uploaded, downloaded } = announce;
    const event = announce.event === EVENT_PAUSED ? EVENT_NONE : announce.event;
    swarm.set(endpoint, { peerId, left, uploaded, downloaded, event, seeder, heard: seconds });
  }

  /** The tracker says that it had no room. That may only be where the limits are really reached. */
  #noteFull(announce: Announce, isIpv4: boolean, asker: string, full: Fullness, leaves: boolean): void {
    const torrent = this.swarms.get(announce.infoHash);
    assert(!leaves && !torrent.swarm(isIpv4).peers.has(asker), "full, though nothing was to be added");
    const totals = this.swarms.totals();
    if (full.torrents) {
      assert(!this.swarms.torrents.has(announce.infoHash), "no room for a torrent that is there already");
      assert(totals.torrents >= this.#limits.torrents, `full with ${totals.torrents} torrents`);
      this.#count("full_torrents");
    } else {
      let peers = 0;
      for (const other of this.swarms.torrents.values()) peers += other.swarm(isIpv4).peers.size;
      const { peers: limit } = this.#limits;
      assert(
        peers >= limit || totals.swarms >= 2 * limit,
        `full with ${peers} peers, ${totals.swarms} swarms`,
      );
      this.#count("full_peers");
      if (this.swarms.keeps) this.swarms.add(announce.infoHash);
    }
  }

  #handout(announce: Announce, swarm: ModelSwarm, isIpv4: boolean, asker: string, leaves: boolean): Handout {
    const leechersOnly = announce.left === 0;
    const stored = swarm.peers.get(asker);
    let most = Math.min(isIpv4 ? MOST_PEERS.ipv4 : MOST_PEERS.ipv6, this.#settings.peersReturned);
    if (announce.wanted >= 0) most = Math.min(most, announce.wanted);
    if (leaves || announce.event === EVENT_PAUSED) most = 0;
    const others = leechersOnly ? swarm.leechers : swarm.peers.size - (stored === undefined ? 0 : 1);
    most = Math.min(most, others);
    const seenWhole = swarm.peers.size <= SEEN_WHOLE || others > swarm.peers.size / 2;
    // Who was not stored for want of room may be told less.
    return { swarm, asker, leechersOnly, most, least: stored !== undefined && seenWhole ? most : 0 };
  }

  #counts(infoHash: string): number[] {
    const { seeders, completed, leechers } = this.swarms.get(infoHash);
    return [seeders, completed, leechers];
  }

  #count(name: CounterName): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + 1);
  }
}
