/**
 * The HTTP tracker (BEP 3, 7, 23, 24, 27, 48): Hono on `Deno.serve`. Every answer to a client is status 200 with a
 * bencoded dictionary, refusals included, since clients read that and not the status.
 */
import { type Context, Hono } from "hono";
import type { Clock } from "../base/clock.ts";
import { BencodeWriter } from "../protocol/bencode.ts";
import {
  closeScrapeReply,
  failureReply,
  openScrapeReply,
  writeAnnounceReply,
  writeScrapeEntry,
} from "../protocol/http_reply.ts";
import {
  INFO_HASH_BYTES,
  MAX_SCRAPE_HASHES,
  parseAnnounceQuery,
  parseScrapeQuery,
} from "../protocol/http_query.ts";
import { ANNOUNCE_PATH, MAX_PATH_BYTES, parseKeyPath, SCRAPE_PATH } from "../protocol/key_path.ts";
import { AnnounceRequest } from "../protocol/messages.ts";
import { createSwarmAnswer, type SwarmAnswer } from "../swarm/swarm_table.ts";
import { ALLOWED, BLACKLISTED, KEY_INVALID, KEY_MISSING, NOT_WHITELISTED } from "../tracker/access.ts";
import { LatencySampler } from "../tracker/latency.ts";
import { COUNTER, TCP6 } from "../tracker/stats.ts";
import type { Tracker } from "../tracker/tracker.ts";
import { type ClientAddress, type ClientAddressOptions, createClientAddress } from "./client_address.ts";
import { fullScrape } from "./full_scrape.ts";
import { type HttpServer, type ServerBinding, startHttpServer } from "./http_server.ts";

/** The longest address of a peer as sent: 16 bytes and a port. */
const MAX_ENDPOINT_BYTES = 18;

type Env = { Bindings: Deno.ServeHandlerInfo<Deno.NetAddr> };

/** One listener of the HTTP tracker; it can be sent to a Worker. */
export interface HttpListener extends ServerBinding, ClientAddressOptions {
  /** Whether a scrape without a hash gives all torrents. */
  readonly fullScrape: boolean;
}

/** Binds and serves the tracker. Throws what `Deno.serve` throws when the address or certificate is no good. */
export function startHttpTracker(listener: HttpListener, tracker: Tracker, clock: Clock): HttpServer {
  const routes = createRoutes(
    new HttpTracker(tracker, clock, createClientAddress(listener), listener.fullScrape),
  );
  return startHttpServer(listener, (request, info) => routes.fetch(request, info));
}

/** The path of a request whose key stands before what it asks for. */
const KEY_FIRST = /^\/[^/]+\/(announce|scrape)\/?$/;

function createRoutes(http: HttpTracker): Hono<Env> {
  const app = new Hono<Env>({ strict: false });
  const announce = (c: Context<Env>) => http.announce(c.req.raw, c.env.remoteAddr.hostname, c.req.path);
  const scrape = (c: Context<Env>) => http.scrape(c.req.raw, c.env.remoteAddr.hostname, c.req.path);
  for (const path of ["/announce", "/announce/:key"]) app.get(path, announce);
  for (const path of ["/scrape", "/scrape/:key"]) app.get(path, scrape);
  // "/:key/announce" as a route would keep Hono from making one regular expression of them all: 0.3 µs a request.
  app.notFound((c) => {
    const verb = c.req.method === "GET" ? KEY_FIRST.exec(c.req.path)?.[1] : undefined;
    return verb === "announce" ? announce(c) : verb === "scrape" ? scrape(c) : http.unknown();
  });
  return app;
}

/** Answers of one listener; made once, its buffers are used for request after request. */
class HttpTracker {
  readonly #tracker: Tracker;
  readonly #clock: Clock;
  readonly #latency: LatencySampler;
  readonly #clientAddress: ClientAddress;
  readonly #allowFullScrape: boolean;
  readonly #request = new AnnounceRequest();
  readonly #addressBytes = new Uint8Array(this.#request.address.buffer);
  readonly #answer: SwarmAnswer;
  readonly #endpoints: Uint8Array;
  readonly #peerIdWords: Int32Array;
  readonly #peerIds: Uint8Array;
  readonly #writer = new BencodeWriter();
  readonly #path = new Uint8Array(MAX_PATH_BYTES);
  readonly #infoHashes = new Int32Array(MAX_SCRAPE_HASHES * INFO_HASH_BYTES / 4);
  readonly #infoHashBytes = new Uint8Array(this.#infoHashes.buffer);
  readonly #counts = new Int32Array(3);

  constructor(tracker: Tracker, clock: Clock, clientAddress: ClientAddress, allowFullScrape: boolean) {
    this.#tracker = tracker;
    this.#clock = clock;
    this.#latency = new LatencySampler(tracker.counters, "tcp");
    this.#clientAddress = clientAddress;
    this.#allowFullScrape = allowFullScrape;
    const peers = tracker.settings.peersReturned;
    const out = new Uint16Array(peers * MAX_ENDPOINT_BYTES / 2);
    this.#endpoints = new Uint8Array(out.buffer);
    this.#peerIdWords = new Int32Array(peers * 5);
    this.#peerIds = new Uint8Array(this.#peerIdWords.buffer);
    this.#answer = createSwarmAnswer(out);
  }

  announce(raw: Request, remote: string, path: string): Response {
    if (!this.#latency.isDue()) return this.#announce(raw, remote, path);
    const began = this.#clock.milliseconds();
    const response = this.#announce(raw, remote, path);
    this.#latency.note(this.#clock.milliseconds() - began);
    return response;
  }

  #announce(raw: Request, remote: string, path: string): Response {
    const request = this.#request;
    const url = raw.url;
    if (!this.#readAddress(raw, remote)) return this.#invalid("invalid address");
    this.#count(COUNTER.tcp4_announces_handled);
    const failure = parseAnnounceQuery(url, queryStart(url), request);
    if (failure !== null) return this.#invalid(failure);
    request.keyState = this.#readKey(path, ANNOUNCE_PATH);

    const tracker = this.#tracker;
    const answer = this.#answer;
    const wantsIds = !request.compact && !request.noPeerId;
    answer.ids = wantsIds ? this.#peerIdWords : null;
    const most = tracker.settings.peersReturned;
    const refusal = tracker.announce(request, answer, most, this.#clock.seconds(), this.#clock.unixSeconds());
    if (refusal !== ALLOWED) return reply(failureReply(refusalText(refusal)));
    writeAnnounceReply(this.#writer, {
      isIpv4: request.isIpv4,
      address: this.#addressBytes,
      seeders: answer.seeders,
      leechers: answer.leechers,
      completed: answer.completed,
      interval: tracker.settings.interval,
      minInterval: tracker.settings.intervalMinimum,
      peers: answer.peers,
      endpoints: this.#endpoints,
      peerIds: wantsIds ? this.#peerIds : null,
      compact: request.compact,
    });
    return reply(this.#writer.take());
  }

  scrape(raw: Request, remote: string, path: string): Response {
    const url = raw.url;
    if (!this.#readAddress(raw, remote)) return this.#invalid("invalid address");
    this.#count(COUNTER.tcp4_scrapes_handled);
    const hashes = parseScrapeQuery(url, queryStart(url), this.#infoHashBytes);
    if (typeof hashes === "string") return this.#invalid(hashes);
    const tracker = this.#tracker;
    const keyState = this.#readKey(path, SCRAPE_PATH);
    const refusal = tracker.checkScrape(keyState, this.#request.key, this.#clock.unixSeconds());
    if (refusal !== ALLOWED) return reply(failureReply(refusalText(refusal)));
    if (hashes === 0) {
      return this.#allowFullScrape ? fullScrape(tracker.store) : this.#invalid("missing info_hash");
    }
    return reply(this.#writeScrape(hashes));
  }

  /** Anything that is no tracker URL. */
  unknown(): Response {
    this.#tracker.counters[COUNTER.http_bad_request]++;
    return reply(failureReply("unknown request"), NOT_FOUND);
  }

  #writeScrape(hashes: number): Uint8Array<ArrayBuffer> {
    const writer = this.#writer;
    openScrapeReply(writer);
    for (const at of sortedHashes(this.#infoHashBytes, hashes)) {
      this.#tracker.scrape(this.#infoHashes, at / 4, this.#counts, 0);
      const [complete, downloaded, incomplete] = this.#counts;
      writeScrapeEntry(writer, this.#infoHashBytes, at, complete, downloaded, incomplete);
    }
    closeScrapeReply(writer);
    return writer.take();
  }

  /** Finds out who asks, and counts the request; false when that is no IP address. */
  #readAddress(raw: Request, remote: string): boolean {
    const family = this.#clientAddress(remote, (name) => raw.headers.get(name), this.#request.address);
    if (family === 0) return false;
    this.#request.isIpv4 = family === 4;
    this.#count(COUNTER.tcp4_connections_handled);
    return true;
  }

  #readKey(path: string, verb: Uint8Array): number {
    const length = Math.min(path.length, MAX_PATH_BYTES);
    for (let i = 0; i < length; i++) this.#path[i] = path.charCodeAt(i);
    return parseKeyPath(this.#path, length, verb, this.#request.keyBytes);
  }

  #count(ipv4Counter: number): void {
    this.#tracker.counters[this.#request.isIpv4 ? ipv4Counter : ipv4Counter + TCP6]++;
  }

  #invalid(reason: string): Response {
    this.#tracker.counters[COUNTER.http_bad_request]++;
    return reply(failureReply(reason));
  }
}

/**
 * A finished answer. A second header would cost 2.8 µs, a fifth of the whole request: with one alone `Deno.serve` takes a
 * shorter way. It compresses nothing by itself, which some clients could not undo.
 */
function reply(body: Uint8Array<ArrayBuffer>, head: ResponseInit = OK): Response {
  return new Response(body, head);
}

const OK = { status: 200, headers: { "content-type": "text/plain" } };
const NOT_FOUND = { ...OK, status: 404 };

/** Where the query of a URL begins; its end when there is none. */
function queryStart(url: string): number {
  const mark = url.indexOf("?");
  return mark < 0 ? url.length : mark + 1;
}

/** Where the hashes are, each once, in the order in which a bencoded dictionary wants its keys. */
function sortedHashes(bytes: Uint8Array, count: number): number[] {
  const places = Array.from({ length: count }, (_, i) => i * INFO_HASH_BYTES);
  places.sort((a, b) => compareHashes(bytes, a, b));
  return places.filter((at, i) => i === 0 || compareHashes(bytes, places[i - 1], at) !== 0);
}

function compareHashes(bytes: Uint8Array, a: number, b: number): number {
  for (let i = 0; i < INFO_HASH_BYTES; i++) {
    if (bytes[a + i] !== bytes[b + i]) return bytes[a + i] - bytes[b + i];
  }
  return 0;
}

function refusalText(refusal: number): string {
  switch (refusal) {
    case KEY_MISSING:
      return "missing key";
    case KEY_INVALID:
      return "invalid key";
    case NOT_WHITELISTED:
      return "unknown info_hash";
    case BLACKLISTED:
      return "forbidden info_hash";
    default:
      return "unknown key";
  }
}
