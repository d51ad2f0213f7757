/**
 * What happens to a datagram, whichever way it came: `handle` reads it, asks the tracker, writes the answer.
 *
 * Nothing here allocates, throws or waits. An address that has not proved itself with a connection id never gets
 * more bytes than it sent.
 */
import { ascii } from "../base/bytes.ts";
import { AnnounceRequest, KEY_ABSENT } from "../protocol/messages.ts";
import {
  ACTION_ANNOUNCE,
  ACTION_SCRAPE,
  actionOf,
  ANNOUNCE_ANSWER_BYTES,
  ANNOUNCE_BYTES,
  type DatagramBuffer,
  errorBytes,
  finishScrapeEntry,
  HEADER_BYTES,
  INFO_HASH_BYTES,
  isConnect,
  MAX_PEERS_IPV4,
  MAX_PEERS_IPV6,
  MAX_SCRAPE_HASHES,
  parseAnnounce,
  writeAnnounce,
  writeConnect,
  writeError,
  writeScrape,
} from "../protocol/udp.ts";
import type { ReadAhead } from "../swarm/read_ahead.ts";
import { createSwarmAnswer, type SwarmAnswer } from "../swarm/swarm_table.ts";
import { ALLOWED, BLACKLISTED, NOT_WHITELISTED } from "../tracker/access.ts";
import { COUNTER, UDP6 } from "../tracker/stats.ts";
import type { Tracker } from "../tracker/tracker.ts";
import type { ConnectionIds } from "./connection_id.ts";

/** No answer is sent. */
export const SILENCE = 0;

const TEXT_BAD_CONNECTION_ID = ascii("connection id mismatch");
const TEXT_BAD_REQUEST = ascii("bad request");
const TEXT_NOT_WHITELISTED = ascii("torrent not on whitelist");
const TEXT_BLACKLISTED = ascii("torrent blacklist");
const TEXT_UNKNOWN_KEY = ascii("unknown key");

export class UdpHandler {
  /** Whose datagram it is: `address` and `isIpv4` are set by the caller before `handle`. */
  readonly request = new AnnounceRequest();
  /** The time, set by the caller once a batch: seconds since the start, and UNIX time. */
  seconds = 0;
  unixSeconds = 0;

  readonly #tracker: Tracker;
  readonly #connectionIds: ConnectionIds;
  readonly #input: DatagramBuffer;
  readonly #output: DatagramBuffer;
  readonly #answer: SwarmAnswer;
  readonly #readAhead: ReadAhead;
  /** Where the info hashes of the announces of a batch are in the input, in words. */
  readonly #places: Int32Array;
  #announces = 0;

  /** `batch` is how many datagrams are foreseen at most. */
  constructor(
    tracker: Tracker,
    connectionIds: ConnectionIds,
    input: DatagramBuffer,
    output: DatagramBuffer,
    batch = 0,
  ) {
    this.#tracker = tracker;
    this.#connectionIds = connectionIds;
    this.#input = input;
    this.#output = output;
    this.#answer = createSwarmAnswer(output.halves);
    this.#readAhead = tracker.store.readAhead(batch);
    this.#places = new Int32Array(batch);
  }

  /** Notes that the datagram of `length` bytes at byte `at` of the input will be handled soon, for `readAhead`. */
  foresee(at: number, length: number): void {
    if (length < ANNOUNCE_BYTES || actionOf(this.#input.words, at) !== ACTION_ANNOUNCE) return;
    this.#places[this.#announces++] = (at + HEADER_BYTES) >> 2;
  }

  /** Readies the store for the announces that were foreseen. Nothing depends on it but the time that they take. */
  readAhead(isIpv4: boolean): void {
    this.#readAhead.read(this.#input.words, this.#places, this.#announces, isIpv4);
    this.#announces = 0;
  }

  /**
   * Handles the datagram of `length` bytes at byte `at` of the input; both places are multiples of four. Writes the
   * answer to byte `to` of the output and gives its length, or `SILENCE`.
   */
  handle(at: number, length: number, to: number): number {
    const words = this.#input.words;
    if (length < HEADER_BYTES) return this.#junk();
    if (isConnect(words, at)) return this.#connect(at, to);

    const { address, isIpv4 } = this.request;
    if (!this.#connectionIds.verify(address, isIpv4, this.seconds, words, at >> 2)) {
      this.#tracker.counters[COUNTER.udp_bad_connection_id]++;
      return errorBytes(TEXT_BAD_CONNECTION_ID) <= length
        ? writeError(this.#output, to, this.#transaction(at), TEXT_BAD_CONNECTION_ID)
        : SILENCE;
    }
    switch (actionOf(words, at)) {
      case ACTION_ANNOUNCE:
        return length < ANNOUNCE_BYTES ? this.#badRequest(at, to) : this.#announce(at, length, to);
      case ACTION_SCRAPE:
        return this.#scrape(at, length, to);
      default:
        return this.#badRequest(at, to);
    }
  }

  #transaction(at: number): number {
    return this.#input.words[(at >> 2) + 3];
  }

  #count(ipv4Counter: number): void {
    this.#tracker.counters[this.request.isIpv4 ? ipv4Counter : ipv4Counter + UDP6]++;
  }

  #junk(): number {
    this.#tracker.counters[COUNTER.udp_junk]++;
    return SILENCE;
  }

  #badRequest(at: number, to: number): number {
    this.#tracker.counters[COUNTER.udp_bad_request]++;
    return writeError(this.#output, to, this.#transaction(at), TEXT_BAD_REQUEST);
  }

  #connect(at: number, to: number): number {
    const { address, isIpv4 } = this.request;
    this.#count(COUNTER.udp4_connections_handled);
    const length = writeConnect(this.#output.words, to, this.#transaction(at));
    this.#connectionIds.issue(address, isIpv4, this.seconds, this.#output.words, (to >> 2) + 2);
    return length;
  }

  #announce(at: number, length: number, to: number): number {
    const { request } = this;
    const answer = this.#answer;
    const tracker = this.#tracker;
    this.#count(COUNTER.udp4_announces_handled);
    parseAnnounce(this.#input, at, length, request);
    answer.offset = (to + ANNOUNCE_ANSWER_BYTES) >> 1;
    const maxPeers = request.isIpv4 ? MAX_PEERS_IPV4 : MAX_PEERS_IPV6;
    const refusal = tracker.announce(request, answer, maxPeers, this.seconds, this.unixSeconds);
    if (refusal !== ALLOWED) return this.#refuse(at, to, refusal);
    writeAnnounce(
      this.#output.words,
      to,
      this.#transaction(at),
      tracker.settings.interval,
      answer.leechers,
      answer.seeders,
    );
    return ANNOUNCE_ANSWER_BYTES + answer.peers * (request.isIpv4 ? 6 : 18);
  }

  #scrape(at: number, length: number, to: number): number {
    const tracker = this.#tracker;
    const hashes = (length - HEADER_BYTES) / INFO_HASH_BYTES;
    if (hashes < 1 || hashes > MAX_SCRAPE_HASHES || !Number.isInteger(hashes)) {
      return this.#badRequest(at, to);
    }
    this.#count(COUNTER.udp4_scrapes_handled);
    // A UDP scrape cannot carry a key (BEP 41 extends announces only), so with keys on it is refused.
    const refusal = tracker.checkScrape(KEY_ABSENT, this.request.key, this.unixSeconds);
    if (refusal !== ALLOWED) return this.#refuse(at, to, refusal);
    const output = this.#output.words;
    writeScrape(output, to, this.#transaction(at));
    for (let i = 0; i < hashes; i++) {
      tracker.scrape(this.#input.words, ((at + HEADER_BYTES) >> 2) + i * 5, output, (to >> 2) + 2 + i * 3);
      finishScrapeEntry(output, to, i);
    }
    return 8 + hashes * 12;
  }

  #refuse(at: number, to: number, refusal: number): number {
    const text = refusal === NOT_WHITELISTED
      ? TEXT_NOT_WHITELISTED
      : refusal === BLACKLISTED
      ? TEXT_BLACKLISTED
      : TEXT_UNKNOWN_KEY;
    return writeError(this.#output, to, this.#transaction(at), text);
  }
}
