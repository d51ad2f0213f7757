/** UDP side by side: one load on one core, each server in its turn on the other. */
import type { Population } from "./load/swarms.ts";
import { prefill, runUdpLoad } from "./load/udp_process.ts";
import { BOTH_CORES } from "./machine.ts";
import type { Plan } from "./plan.ts";
import { type Figure, figure, ratios, takeTurns } from "./rounds.ts";
import { startDenotrack } from "./servers/denotrack.ts";
import {
  reasonMissing,
  startAquatic,
  startNpmTracker,
  startNullResponder,
  startOpentracker,
} from "./servers/others.ts";
import type { Server } from "./servers/server.ts";
import type { UdpResult } from "./udp_load.ts";

export const DENOTRACK = "denotrack";
export const TWO_WORKERS = "denotrack, two workers";
export const PORTABLE = "denotrack, portable";
export const OPENTRACKER = "opentracker";
export const AQUATIC = "aquatic_udp";
export const NPM_TRACKER = "bittorrent-tracker";
export const NULL_RESPONDER = "null responder";
export const NULL_PORTABLE = "null responder, portable";

/** Of the portable ones, whose receive buffer is the system's default, more requests at a time would overflow it. */
const WINDOW = 256;
const WARM_UP_SECONDS = 0.5;
/** A server that was less busy than this was not measured at its limit. */
const BUSY_SHARE = 0.9;
/** Peers in a fixed answer; about as many as real answers to this load have. */
const FIXED_PEERS = 5;

export interface UdpRow {
  readonly name: string;
  readonly responses: Figure;
  readonly announces: Figure;
  readonly microseconds: Figure;
  /** How busy the server's core was, and the load's. */
  readonly serverShare: number;
  readonly loadShare: number;
  readonly peersAnAnswer: number;
  readonly lost: number;
  readonly errors: number;
  readonly wrong: number;
  /** Milliseconds, medians of the rounds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly notes: readonly string[];
}

export interface UdpComparison {
  readonly rounds: number;
  readonly seconds: number;
  readonly torrents: number;
  readonly peers: number;
  readonly rows: readonly UdpRow[];
  /** Responses a second of one against another in the same round, by `name / name`. */
  readonly ratios: Readonly<Record<string, Figure>>;
  /** The same of the processor time for a response, the other way round: more is better here as well. */
  readonly processorRatios: Readonly<Record<string, Figure>>;
  readonly missing: readonly string[];
}

interface Contender {
  readonly server: Server;
  readonly population: Population;
}

export async function compareUdp(
  plan: Plan,
  folder: string,
  say: (line: string) => void,
): Promise<UdpComparison> {
  const { rounds, seconds, torrents, peers, npmPeers } = plan.udp;
  const contenders: Contender[] = [];
  const missing: string[] = [];
  const add = async (start: Promise<Server | undefined>, count: number) => {
    const server = await start;
    if (server === undefined) return;
    const population = populationOf(count, torrents);
    contenders.push({ server, population });
    if (!server.name.startsWith(NULL_RESPONDER)) say(`${server.name}: ${await prefill(server, population)}`);
  };
  for (const other of ["opentracker", "aquatic", "npm"] as const) {
    const reason = await reasonMissing(other);
    if (reason !== undefined) missing.push(reason);
  }
  const keys = ['udp_backend = "portable"'];
  await add(startDenotrack({ name: DENOTRACK, folder, listens: ["udp"] }), peers);
  await add(startDenotrack({ name: PORTABLE, folder, listens: ["udp"], keys }), peers);
  const twice = { folder, listens: ["udp"], keys: ["udp_workers = 2"], cores: BOTH_CORES } as const;
  await add(startDenotrack({ name: TWO_WORKERS, ...twice }), peers);
  await add(startOpentracker(OPENTRACKER, folder, torrents), peers);
  await add(startAquatic(AQUATIC, folder), peers);
  await add(startNpmTracker(NPM_TRACKER), npmPeers);
  await add(startNullResponder(NULL_RESPONDER, false, FIXED_PEERS), peers);
  await add(startNullResponder(NULL_PORTABLE, true, FIXED_PEERS), peers);

  const results = await takeTurns(contenders, rounds, async (contender, round) => {
    const time = ["--seconds", `${seconds}`, "--warm-up", `${Math.min(seconds, WARM_UP_SECONDS)}`];
    const flags = [...time, "--window", `${WINDOW}`, "--seed", `${round + 1}`];
    const result = await runUdpLoad(contender.server, contender.population, flags);
    say(`round ${round + 1}: ${contender.server.name}: ${Math.round(result.responses)} responses/s`);
    return result;
  });
  for (const { server } of contenders) await server.stop();
  const byName = new Map([...results].map(([{ server }, of]) => [server.name, of]));
  return {
    rounds,
    seconds,
    torrents,
    peers,
    rows: [...byName].map(([name, of]) => rowOf(name, of)),
    ratios: ratios(PAIRS, byName, (result) => result.responses),
    processorRatios: ratios(PAIRS, byName, (result) => 1 / result.server!.microseconds),
    missing,
  };
}

/** With fewer peers than torrents there are only as many torrents as peers. */
function populationOf(peers: number, torrents: number): Population {
  return { peers, torrents: Math.min(torrents, Math.ceil(peers / 2)), isUniform: false };
}

function rowOf(name: string, results: readonly UdpResult[]): UdpRow {
  const median = (of: (result: UdpResult) => number) => figure(results.map(of)).median;
  const sum = (of: (result: UdpResult) => number) => results.reduce((all, result) => all + of(result), 0);
  const serverShare = median((result) => result.server!.share);
  return {
    name,
    responses: figure(results.map((result) => result.responses)),
    announces: figure(results.map((result) => result.announces)),
    microseconds: figure(results.map((result) => result.server!.microseconds)),
    serverShare,
    loadShare: median((result) => result.loadShare),
    peersAnAnswer: median((result) => result.peersAnAnswer),
    lost: sum((result) => result.lost),
    errors: sum((result) => result.errors),
    wrong: sum((result) => result.wrong),
    p50: median((result) => result.latency.p50),
    p99: median((result) => result.latency.p99),
    p999: median((result) => result.latency.p999),
    notes: serverShare < BUSY_SHARE
      ? [`${name} was busy for ${Math.round(serverShare * 100)} % of the time only: it could do more`]
      : [],
  };
}

const PAIRS = [
  [DENOTRACK, OPENTRACKER],
  [DENOTRACK, NULL_RESPONDER],
  [DENOTRACK, AQUATIC],
  [DENOTRACK, NPM_TRACKER],
  [PORTABLE, NULL_PORTABLE],
  [TWO_WORKERS, DENOTRACK],
] as const;
