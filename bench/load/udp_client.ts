/**
 * The requests of one socket of the load and the check of their answers (BEP 15). Every answer must belong to a
 * request that waits, have its action and a length that fits; of one announce in sixteen every peer is looked at.
 */
import type { Libc } from "../../src/transport/linux_ffi.ts";
import type { LatencyHistogram } from "./latency_histogram.ts";
import { type Population, portOf, torrentOf, writeInfoHash } from "./swarms.ts";
import type { SystemCalls } from "./system_calls.ts";
import { ANSWER_SLOT_BYTES, BATCH, REQUEST_SLOT_BYTES, UdpSocket } from "./udp_socket.ts";

/** What a request was; an answer has the same number less one as its action. */
export const CONNECT = 1;
export const ANNOUNCE = 2;
export const SCRAPE = 3;

export const PEERS_WANTED = 30;

/** Requests that can wait for their answers, at most. */
const TRANSACTIONS = 1 << 16;
const NOT_SENT = 0;
/** What a request is given to be answered, before it is taken for lost. */
const LOST_MILLISECONDS = 1000;

const REQUEST_WORDS = REQUEST_SLOT_BYTES / 4;
const ANSWER_WORDS = ANSWER_SLOT_BYTES / 4;
/** "-BE0001-", how the peer ids of this load begin. */
const PEER_ID_BEGIN = [0x3045422d, 0x2d313030];

/** What came back. */
export interface Tally {
  sent: number;
  responses: number;
  announces: number;
  scrapes: number;
  /** Answers that say that something was wrong with the request. */
  errors: number;
  /** Answers that nobody asked for, or that cannot be right. */
  wrong: number;
  lost: number;
  peers: number;
  latencies: LatencyHistogram;
}

export class UdpClient {
  /** Requests that wait for their answers. */
  waiting = 0;

  readonly #socket: UdpSocket;
  readonly #population: Population;
  readonly #host: number;
  readonly #kinds = new Uint8Array(TRANSACTIONS);
  readonly #sentAt = new Float64Array(TRANSACTIONS);
  readonly #id = new Int32Array(2);
  #transaction = 0;

  /** `host` is the last byte of its address, 127.0.0.`host`. */
  constructor(libc: Libc, calls: SystemCalls, host: number, port: number, population: Population) {
    this.#host = host;
    this.#population = population;
    this.#socket = new UdpSocket(libc, calls, host, port);
    const { requests } = this.#socket;
    for (let i = 0; i < BATCH; i++) {
      requests.set(PEER_ID_BEGIN, i * REQUEST_WORDS + 9);
      requests[i * REQUEST_WORDS + 23] = PEERS_WANTED << 24;
    }
  }

  get isConnected(): boolean {
    return this.#id[0] !== 0 || this.#id[1] !== 0;
  }

  /** Writes request `i` of the next batch: an announce of that peer, a scrape of its torrent, or a connect. */
  write(i: number, kind: number, peer: number, sentAt: number): void {
    const { requests, requestHalves } = this.#socket;
    const word = i * REQUEST_WORDS;
    const transaction = this.#transaction = (this.#transaction + 1) & (TRANSACTIONS - 1);
    requests[word + 3] = transaction | (this.#host << 16);
    this.#kinds[transaction] = kind;
    this.#sentAt[transaction] = sentAt;
    if (kind === CONNECT) {
      requests[word] = 0x17040000;
      requests[word + 1] = 0x80191027;
      requests[word + 2] = 0;
      this.#socket.setLength(i, 16);
      return;
    }
    requests[word] = this.#id[0];
    requests[word + 1] = this.#id[1];
    requests[word + 2] = (kind - 1) << 24;
    writeInfoHash(requests, word + 4, torrentOf(this.#population, peer));
    if (kind === SCRAPE) return this.#socket.setLength(i, 36);
    requests[word + 11] = peer;
    // Half of the peers have something left to load.
    requests[word + 17] = (peer & 1) << 24;
    requestHalves[word * 2 + 48] = portOf(peer);
    this.#socket.setLength(i, 98);
  }

  /** Sends the first `count` requests that were written; what the kernel does not take counts as lost later. */
  send(count: number, tally: Tally): void {
    this.#socket.send(count);
    this.waiting += count;
    tally.sent += count;
  }

  /** Receives what is there and checks it; gives the number of answers. */
  receive(tally: Tally): number {
    const count = this.#socket.receive();
    if (count === 0) return 0;
    const now = performance.now();
    for (let i = 0; i < count; i++) this.#check(i, now, tally);
    return count;
  }

  wait(milliseconds: number): void {
    this.#socket.wait(milliseconds);
  }

  /** Requests that have waited for too long are lost: others take their places. */
  giveUpOld(tally: Tally, now: number): void {
    for (let transaction = 0; transaction < TRANSACTIONS; transaction++) {
      if (this.#kinds[transaction] === NOT_SENT) continue;
      if (now - this.#sentAt[transaction] < LOST_MILLISECONDS) continue;
      this.#kinds[transaction] = NOT_SENT;
      this.waiting--;
      tally.lost++;
    }
  }

  close(): void {
    this.#socket.close();
  }

  #check(i: number, now: number, tally: Tally): void {
    const { answers } = this.#socket;
    const word = i * ANSWER_WORDS;
    const length = this.#socket.lengthOf(i);
    const mark = answers[word + 1];
    const transaction = mark & (TRANSACTIONS - 1);
    const kind = this.#kinds[transaction];
    if (kind === NOT_SENT || mark >>> 16 !== this.#host || length < 8) {
      tally.wrong++;
      return;
    }
    this.#kinds[transaction] = NOT_SENT;
    this.waiting--;
    tally.responses++;
    tally.latencies.note(now - this.#sentAt[transaction]);
    const action = answers[word] >>> 24;
    if (action === 3) tally.errors++;
    else if (action !== kind - 1) tally.wrong++;
    else if (kind === ANNOUNCE) this.#checkAnnounce(i, length, tally);
    else if (kind === SCRAPE) length === 20 ? tally.scrapes++ : tally.wrong++;
    else if (length !== 16) tally.wrong++;
    else {
      this.#id[0] = answers[word + 2];
      this.#id[1] = answers[word + 3];
    }
  }

  #checkAnnounce(i: number, length: number, tally: Tally): void {
    const peers = (length - 20) / 6;
    tally.announces++;
    if (!Number.isInteger(peers) || peers < 0 || peers > PEERS_WANTED) {
      tally.wrong++;
      return;
    }
    tally.peers += peers;
    if ((tally.announces & 15) === 0 && !this.#arePeers(i, peers)) tally.wrong++;
  }

  /** All peers of this load are at 127.0.0.*, and none is at port 0. */
  #arePeers(i: number, peers: number): boolean {
    const bytes = this.#socket.answerBytes;
    for (let peer = 0; peer < peers; peer++) {
      const at = i * ANSWER_SLOT_BYTES + 20 + peer * 6;
      if (bytes[at] !== 127 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0) return false;
      if ((bytes[at + 4] | bytes[at + 5]) === 0) return false;
    }
    return true;
  }
}
