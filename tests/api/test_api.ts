/** The API over a small tracker, asked without sockets. */
import { createApi } from "../../src/api/app.ts";
import type { ApiSetup, DatabaseOrders } from "../../src/api/setup.ts";
import { parseIp } from "../../src/base/ip.ts";
import type { Clock } from "../../src/base/clock.ts";
import { type Config, defaultConfig } from "../../src/config/schema.ts";
import { AnnounceRequest } from "../../src/protocol/messages.ts";
import { Statistics } from "../../src/tracker/statistics.ts";
import type { Tracker } from "../../src/tracker/tracker.ts";
import { createTestTracker, type TestLimits, type TestTracker } from "../support/test_tracker.ts";
import { createSwarmAnswer } from "../../src/swarm/swarm_table.ts";

export const TOKEN = "the token";
export const READ_TOKEN = "the other token";

/** A clock that stands until it is moved. */
export interface StandingClock extends Clock {
  now: number;
}

export const START_UNIX = 1_700_000_000;

export interface TestApi extends TestTracker {
  readonly clock: StandingClock;
  readonly statistics: Statistics;
  readonly stopping: AbortController;
  /** Asks with the full token, unless the request brings its own or `token` is "". */
  ask(target: string, options?: AskOptions): Promise<Response>;
  /** The same, with the status and the JSON of the answer. */
  askJson(target: string, options?: AskOptions): Promise<[status: number, body: unknown]>;
}

export interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: BodyInit;
  token?: string;
  /** The address that the request comes from. */
  from?: string;
}

export interface TestApiOptions {
  config?: Partial<Config>;
  limits?: Partial<TestLimits>;
  database?: DatabaseOrders;
  udpDrops?: () => number;
  silentThreads?: () => readonly string[];
}

export function createTestApi(options: TestApiOptions = {}): TestApi {
  const { memory, tracker } = createTestTracker({}, options.limits);
  const clock: StandingClock = {
    now: 1000,
    seconds: () => clock.now,
    milliseconds: () => clock.now * 1000,
    unixSeconds: () => START_UNIX + clock.now,
  };
  const statistics = new Statistics(memory, tracker, START_UNIX);
  const stopping = new AbortController();
  const setup: ApiSetup = {
    config: {
      ...defaultConfig(),
      ...{ api_key: TOKEN, api_key_readonly: READ_TOKEN, max_list_entries: 1024 },
      ...options.config,
    },
    version: "1.2.3",
    tracker,
    statistics,
    clock,
    database: options.database,
    stopping: stopping.signal,
    udpDrops: options.udpDrops ?? (() => -1),
    silentThreads: options.silentThreads ?? (() => []),
  };
  const api = createApi(setup);
  const ask = async (target: string, given: AskOptions = {}): Promise<Response> => {
    const { method = "GET", headers = {}, body, token = TOKEN, from = "127.0.0.1" } = given;
    const authorization: Record<string, string> = token === "" ? {} : { authorization: `Bearer ${token}` };
    const init = {
      method,
      headers: { ...authorization, ...headers },
      ...(body === undefined ? {} : { body }),
    };
    return await api.fetch(new Request(`http://tracker${target}`, init), {
      remote: from,
      clientAddress: (remote, _readHeader, out) => parseIp(remote, out),
    });
  };
  const askJson = async (target: string, given: AskOptions = {}): Promise<[number, unknown]> => {
    const response = await ask(target, given);
    return [response.status, await response.json()];
  };
  return { memory, tracker, clock, statistics, stopping, ask, askJson };
}

/** 40 digits that differ by number. */
export function hexOf(number: number): string {
  return number.toString(16).padStart(40, "0");
}

export interface TestPeer {
  torrent: string;
  ip?: string;
  port?: number;
  peerId?: string;
  left?: number;
  uploaded?: number;
  downloaded?: number;
  event?: number;
  seconds?: number;
}

/** Lets a peer announce itself. */
export function announce(tracker: Tracker, peer: TestPeer): void {
  const request = new AnnounceRequest();
  request.isIpv4 = parseIp(peer.ip ?? "127.0.0.1", request.address) === 4;
  const port = peer.port ?? 6881;
  request.port = (port & 0xff) << 8 | port >>> 8;
  new Uint8Array(request.infoHash.buffer, request.infoHash.byteOffset, 20).set(
    Uint8Array.fromHex(peer.torrent),
  );
  const id = new Uint8Array(20);
  new TextEncoder().encodeInto(peer.peerId ?? "-qB4500-abcdefghijkl", id);
  new Uint8Array(request.peerId.buffer, request.peerId.byteOffset, 20).set(id);
  [peer.left ?? 0, peer.uploaded ?? 0, peer.downloaded ?? 0].forEach((amount, i) => {
    request.amounts[i * 2] = amount;
    request.amounts[i * 2 + 1] = Math.floor(amount / 2 ** 32);
  });
  request.event = peer.event ?? 2;
  request.wanted = 0;
  const out = new Uint16Array(0);
  const answer = createSwarmAnswer(out);
  tracker.announce(request, answer, 0, peer.seconds ?? 1000, START_UNIX);
}
