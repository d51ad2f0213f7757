/**
 * A load of UDP requests from several addresses, by number of requests on their way (closed loop) or by rate (open
 * loop). Connects and announces one to one, a scrape for every fifty of each.
 */
import { Prng } from "../../src/base/prng.ts";
import { openLibc } from "../../src/transport/linux_ffi.ts";
import { LatencyHistogram } from "./latency_histogram.ts";
import type { Population } from "./swarms.ts";
import { openSystemCalls } from "./system_calls.ts";
import { ANNOUNCE, CONNECT, SCRAPE, type Tally, UdpClient } from "./udp_client.ts";
import { BATCH } from "./udp_socket.ts";

/** Sockets, each with an address of its own: 127.0.0.1, 127.0.0.2 and so on. */
export const SOCKETS = 4;

const REQUESTS_A_SCRAPE = 101;
const CONNECT_MILLISECONDS = 10_000;
/** How long a thread waits for answers before it looks at the time. */
const WAIT_MILLISECONDS = 20;
/** How often requests that were never answered are looked for. */
const GIVE_UP_MILLISECONDS = 250;
/** What is on its way at the end may still arrive. */
const LAST_ANSWERS_MILLISECONDS = 300;

/** Writes request `i` of a client's next batch. */
type Write = (client: UdpClient, socket: number, i: number, sentAt: number) => void;

export interface UdpLoadOptions extends Population {
  readonly port: number;
  /** Requests on their way at a time. */
  readonly window: number;
  readonly seed: number;
}

export class UdpLoad {
  readonly #clients: UdpClient[];
  readonly #peers: number;
  readonly #window: number;
  readonly #random: Prng;
  #turn = 0;
  #givenUpAt = 0;

  /** Waits until the server answers. */
  constructor(options: UdpLoadOptions) {
    const libc = openLibc();
    if ("unavailable" in libc) throw new Error(libc.unavailable);
    const calls = openSystemCalls();
    this.#peers = options.peers;
    this.#window = Math.floor(options.window / SOCKETS);
    this.#random = new Prng(options.seed);
    this.#clients = Array.from(
      { length: SOCKETS },
      (_, i) => new UdpClient(libc, calls, i + 1, options.port, options),
    );
    const end = performance.now() + CONNECT_MILLISECONDS;
    const tally = emptyTally();
    while (!this.#clients.every((client) => client.isConnected)) {
      if (performance.now() > end) throw new Error(`nobody answers on UDP port ${options.port}`);
      for (const client of this.#clients) {
        client.write(0, CONNECT, 0, performance.now());
        client.send(1, tally);
        client.wait(WAIT_MILLISECONDS);
        client.receive(tally);
      }
    }
    this.#drain(tally, 0);
  }

  /** Every peer announces once; lost ones are not sent again. */
  prefill(count: number): Tally {
    const tally = emptyTally();
    const next = this.#clients.map((_, socket) => socket);
    const write: Write = (client, socket, i, sentAt) => {
      client.write(i, ANNOUNCE, next[socket], sentAt);
      next[socket] += SOCKETS;
    };
    const hasMore = (socket: number) => next[socket] < count;
    while (next.some((peer) => peer < count)) this.#fillWindows(tally, write, hasMore);
    this.#drain(tally, LAST_ANSWERS_MILLISECONDS);
    return tally;
  }

  /** As many requests as the server answers, for so long. */
  runClosed(milliseconds: number): Tally {
    const tally = emptyTally();
    const write = this.#writeMixed;
    const end = performance.now() + milliseconds;
    while (performance.now() < end) this.#fillWindows(tally, write);
    return tally;
  }

  /**
   * So many requests a second, whether they are answered or not. A request's latency counts from when it was due, so
   * a server that stands still makes all that come meanwhile late.
   */
  runOpen(milliseconds: number, rate: number): Tally {
    const tally = emptyTally();
    const began = performance.now();
    let sent = 0;
    for (let turn = 0;; turn++) {
      const now = performance.now();
      if (now - began >= milliseconds) break;
      const due = Math.floor((now - began) / 1000 * rate);
      const socket = turn % SOCKETS;
      const client = this.#clients[socket];
      const count = Math.min(due - sent, BATCH);
      for (let i = 0; i < count; i++) {
        this.#writeMixed(client, socket, i, began + (sent + i) * 1000 / rate);
      }
      if (count > 0) client.send(count, tally);
      sent += count;
      for (const each of this.#clients) each.receive(tally);
      this.#giveUpOld(tally, now);
    }
    this.#drain(tally, LAST_ANSWERS_MILLISECONDS);
    return tally;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  /** Each client sends what its window has room for, and receives what is there. */
  #fillWindows(tally: Tally, write: Write, hasMore?: (socket: number) => boolean): void {
    let received = 0;
    for (let socket = 0; socket < SOCKETS; socket++) {
      const client = this.#clients[socket];
      const room = Math.min(this.#window - client.waiting, BATCH);
      // Few at a time would cost as many system calls as there are requests.
      if (room * 2 >= Math.min(this.#window, BATCH) && (hasMore === undefined || hasMore(socket))) {
        const now = performance.now();
        for (let i = 0; i < room; i++) write(client, socket, i, now);
        client.send(room, tally);
      }
      received += client.receive(tally);
    }
    if (received > 0) return;
    this.#clients[this.#turn++ % SOCKETS].wait(1);
    this.#giveUpOld(tally, performance.now());
  }

  readonly #writeMixed: Write = (client, socket, i, sentAt) => {
    const number = this.#turn++;
    const kind = number % REQUESTS_A_SCRAPE === 0 ? SCRAPE : (number & 1) === 0 ? CONNECT : ANNOUNCE;
    // A peer always announces from the same socket.
    const peer = this.#random.below(this.#peers);
    client.write(i, kind, Math.min(peer - peer % SOCKETS + socket, this.#peers - 1), sentAt);
  };

  #giveUpOld(tally: Tally, now: number): void {
    if (now - this.#givenUpAt < GIVE_UP_MILLISECONDS) return;
    this.#givenUpAt = now;
    for (const client of this.#clients) client.giveUpOld(tally, now);
  }

  /** Receives what is on its way until nothing is, or time is up; what is left then is lost. */
  #drain(tally: Tally, milliseconds: number): void {
    const end = performance.now() + milliseconds;
    while (performance.now() < end && this.#clients.some((client) => client.waiting > 0)) {
      for (const client of this.#clients) {
        if (client.waiting > 0 && client.receive(tally) === 0) client.wait(1);
      }
    }
    for (const client of this.#clients) client.giveUpOld(tally, Infinity);
  }
}

function emptyTally(): Tally {
  return {
    sent: 0,
    responses: 0,
    announces: 0,
    scrapes: 0,
    errors: 0,
    wrong: 0,
    lost: 0,
    peers: 0,
    latencies: new LatencyHistogram(),
  };
}
