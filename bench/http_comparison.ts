/** HTTP side by side: wrk on one core, each server in its turn on the other. */
import { createCertificate } from "../tests/support/certificate.ts";
import { findProgram } from "../tests/support/skip.ts";
import type { Population } from "./load/swarms.ts";
import { prefill } from "./load/udp_process.ts";
import { checkAnswers, runWrk, writePaths, type WrkResult } from "./load/wrk.ts";
import type { Plan } from "./plan.ts";
import { type Figure, figure, ratios, takeTurns } from "./rounds.ts";
import { startDenotrack } from "./servers/denotrack.ts";
import { startNpmTracker, startNullRoute, startOpentracker } from "./servers/others.ts";
import type { Server } from "./servers/server.ts";

export const KEEP_ALIVE = "keep-alive";
export const ONE_CONNECTION = "one connection a request";
export const TLS = "TLS, keep-alive";
export const TLS_ONE_CONNECTION = "TLS, one connection a request";

export const DENOTRACK = "denotrack";
export const NULL_ROUTE = "bare Hono route";
export const OPENTRACKER = "opentracker";
export const NPM_TRACKER = "bittorrent-tracker";

/** Peers in the fixed answer, as many as real answers to this load have. */
const FIXED_PEERS = 5;
const HOST = "127.0.0.1";

export interface HttpRow {
  readonly name: string;
  readonly mode: string;
  readonly responses: Figure;
  readonly microseconds: Figure;
  readonly serverShare: number;
  readonly bytesAnAnswer: number;
  readonly failed: number;
  readonly refused: number;
  /** Milliseconds, medians of the rounds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface HttpComparison {
  readonly rounds: number;
  readonly seconds: number;
  readonly torrents: number;
  readonly peers: number;
  readonly rows: readonly HttpRow[];
  /** Responses a second of one against another in the same round, by `mode: name / name`. */
  readonly ratios: Readonly<Record<string, Figure>>;
  /** The same of the processor time for a response, the other way round: more is better here as well. */
  readonly processorRatios: Readonly<Record<string, Figure>>;
  readonly missing: readonly string[];
}

interface Contender {
  readonly key: string;
  readonly server: Server;
  readonly mode: string;
}

export async function compareHttp(
  plan: Plan,
  folder: string,
  say: (line: string) => void,
): Promise<HttpComparison> {
  const { rounds, seconds, torrents, peers } = plan.http;
  const missing = findProgram("wrk") === undefined ? ["wrk is not installed"] : [];
  const empty = { rounds, seconds, torrents, peers, rows: [], ratios: {}, processorRatios: {}, missing };
  if (missing.length > 0) return empty;

  const population: Population = { torrents, peers, isUniform: false };
  const paths = `${folder}/paths`;
  writePaths(paths, population);
  const servers = await startServers(folder, population, missing, say);
  const contenders = servers.flatMap(contendersOf);
  for (const { server, mode } of contenders) {
    if (!mode.startsWith("TLS")) await checkAnswers(originOf(server, mode), population);
  }
  // The first second of each is not counted: its code is not compiled yet.
  const run = ({ server, mode }: Contender, howLong: number) =>
    runWrk(server.pid, originOf(server, mode), paths, isKeepAlive(mode), howLong);
  for (const contender of contenders) await run(contender, 1);
  const results = await takeTurns(contenders, rounds, async (contender, round) => {
    const result = await run(contender, seconds);
    say(`round ${round + 1}: ${contender.key}: ${Math.round(result.responses)} responses/s`);
    return result;
  });
  for (const server of servers) await server.stop();
  const byKey = new Map([...results].map(([{ key }, of]) => [key, of]));
  return {
    ...empty,
    rows: [...results].map(([contender, of]) => rowOf(contender, of)),
    ratios: ratios(pairs(), byKey, (result) => result.responses),
    processorRatios: ratios(pairs(), byKey, (result) => 1 / result.microseconds),
  };
}

async function startServers(
  folder: string,
  population: Population,
  missing: string[],
  say: (line: string) => void,
): Promise<Server[]> {
  const certificate = createCertificate(folder, [HOST]);
  const listens = ["udp", "http", "https"] as const;
  const servers = [await startDenotrack({ name: DENOTRACK, folder, listens, certificate })];
  const opentracker = await startOpentracker(OPENTRACKER, folder, population.torrents);
  const npm = await startNpmTracker(NPM_TRACKER);
  for (const [name, server] of [[OPENTRACKER, opentracker], [NPM_TRACKER, npm]] as const) {
    if (server === undefined) missing.push(`${name} is not installed`);
    else servers.push(server);
  }
  for (const server of servers) say(`${server.name}: ${await prefill(server, population)}`);
  servers.push(await startNullRoute(NULL_ROUTE, FIXED_PEERS, certificate));
  return servers;
}

/** opentracker closes every connection, and only servers of this runtime are measured with TLS. */
function contendersOf(server: Server): Contender[] {
  const modes = [
    ...(server.name === OPENTRACKER ? [] : [KEEP_ALIVE]),
    ONE_CONNECTION,
    ...(server.httpsPort === 0 ? [] : [TLS, TLS_ONE_CONNECTION]),
  ];
  return modes.map((mode) => ({ key: keyOf(mode, server.name), server, mode }));
}

/** What a server in a mode is called in the results. */
export function keyOf(mode: string, name: string): string {
  return `${mode}: ${name}`;
}

function originOf(server: Server, mode: string): string {
  return mode.startsWith("TLS") ? `https://${HOST}:${server.httpsPort}` : `http://${HOST}:${server.httpPort}`;
}

function isKeepAlive(mode: string): boolean {
  return mode === KEEP_ALIVE || mode === TLS;
}

function pairs(): [string, string][] {
  const of = (mode: string, other: string): [string, string] => [keyOf(mode, DENOTRACK), keyOf(mode, other)];
  return [
    of(KEEP_ALIVE, NULL_ROUTE),
    of(KEEP_ALIVE, NPM_TRACKER),
    of(ONE_CONNECTION, OPENTRACKER),
    of(ONE_CONNECTION, NULL_ROUTE),
    of(ONE_CONNECTION, NPM_TRACKER),
    of(TLS, NULL_ROUTE),
    of(TLS_ONE_CONNECTION, NULL_ROUTE),
  ];
}

function rowOf({ server, mode }: Contender, results: readonly WrkResult[]): HttpRow {
  const median = (of: (result: WrkResult) => number) => figure(results.map(of)).median;
  const sum = (of: (result: WrkResult) => number) => results.reduce((all, result) => all + of(result), 0);
  return {
    name: server.name,
    mode,
    responses: figure(results.map((result) => result.responses)),
    microseconds: figure(results.map((result) => result.microseconds)),
    serverShare: median((result) => result.serverShare),
    bytesAnAnswer: median((result) => result.bytesAnAnswer),
    failed: sum((result) => result.failed),
    refused: sum((result) => result.refused),
    p50: median((result) => result.p50),
    p99: median((result) => result.p99),
    p999: median((result) => result.p999),
  };
}
