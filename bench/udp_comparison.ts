/** UDP side by side: one load on one core, each server in its turn on the other. */
import { LOAD_CORE } from "./machine.ts";
import type { Plan } from "./plan.ts";
import { type Figure, figure, ratio, takeTurns } from "./rounds.ts";
import { startDenotrack } from "./servers/denotrack.ts";
import {
  reasonMissing,
  startAquatic,
  startNpmTracker,
  startNullResponder,
  startOpentracker,
} from "./servers/others.ts";
import { runOnce, type Server } from "./servers/server.ts";
import type { UdpResult } from "./udp_load.ts";

export const DENOTRACK = "denotrack";
export const PORTABLE = "denotrack, portable";
export const OPENTRACKER = "opentracker";
export const AQUATIC = "aquatic_udp";
export const NPM_TRACKER = "bittorrent-tracker";
export const NULL_RESPONDER = "null responder";
export const NULL_PORTABLE = "null responder, portable";

/** Of the portable ones, whose receive buffer is the system's default, more requests at a time would overflow it. */
const WINDOW = 256;
const LIMIT_MILLISECONDS = 180_000;
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
  readonly peers: number;
}

export async function compareUdp(plan: Plan, folder: string, say: (line: string) => void) {
  const { rounds, seconds, torrents, peers, npmPeers } = plan.udp;
  const contenders: Contender[] = [];
  const missing: string[] = [];
  const add = async (start: Promise<Server | undefined>, count: number) => {
    const server = await start;
    if (server === undefined) return;
    const contender = { server, peers: count };
    contenders.push(contender);
    say(`${server.name}: ${await prefill(contender, torrents)}`);
  };
  for (const other of ["opentracker", "aquatic", "npm"] as const) {
    const reason = await reasonMissing(other);
    if (reason !== undefined) missing.push(reason);
  }
  const keys = ['udp_backend = "portable"'];
  await add(startDenotrack({ name: DENOTRACK, folder, listens: ["udp"] }), peers);
  await add(startDenotrack({ name: PORTABLE, folder, listens: ["udp"], keys }), peers);
  await add(startOpentracker(OPENTRACKER, folder, torrents), peers);
  await add(startAquatic(AQUATIC, folder), peers);
  await add(startNpmTracker(NPM_TRACKER), npmPeers);
  await add(startNullResponder(NULL_RESPONDER, false, FIXED_PEERS), 0);
  await add(startNullResponder(NULL_PORTABLE, true, FIXED_PEERS), 0);

  const results = await takeTurns(contenders, rounds, async (contender, round) => {
    const result = await runLoad(contender, torrents, seconds, round);
    say(`round ${round + 1}: ${contender.server.name}: ${Math.round(result.responses)} responses/s`);
    return result;
  });
  for (const { server } of contenders) await server.stop();
  const byName = new Map([...results].map(([{ server }, of]) => [server.name, of]));
  const comparison: UdpComparison = {
    rounds,
    seconds,
    torrents,
    peers,
    rows: [...byName].map(([name, of]) => rowOf(name, of)),
    ratios: ratiosOf(byName, (result) => result.responses),
    processorRatios: ratiosOf(byName, (result) => 1 / result.server!.microseconds),
    missing,
  };
  return comparison;
}

/** Starts, fills and answers; gives a line about it. */
async function prefill({ server, peers }: Contender, torrents: number): Promise<string> {
  if (peers === 0) return "started";
  const { prefill } = await load(server, ["--prefill", "--seconds", "0", ...population(peers, torrents)]);
  const { announces, lost, seconds } = prefill!;
  return `${announces} peers announced in ${seconds.toFixed(1)} s, ${lost} were lost`;
}

function runLoad(
  { server, peers }: Contender,
  torrents: number,
  seconds: number,
  round: number,
): Promise<UdpResult> {
  const time = ["--seconds", `${seconds}`, "--warm-up", `${Math.min(seconds, 0.5)}`];
  const who = ["--pid", `${server.pid}`, "--seed", `${round + 1}`];
  return load(server, [...time, ...who, ...population(peers || torrents, torrents)]);
}

/** With fewer peers than torrents there are only as many torrents as peers. */
function population(peers: number, torrents: number): string[] {
  return ["--peers", `${peers}`, "--torrents", `${Math.min(torrents, Math.ceil(peers / 2))}`];
}

async function load(server: Server, flags: readonly string[]): Promise<UdpResult> {
  const program = new URL("udp_load.ts", import.meta.url).pathname;
  const target = ["--port", `${server.udpPort}`, "--window", `${WINDOW}`, "--json"];
  const command = [Deno.execPath(), "run", "--allow-all", program, ...target, ...flags];
  return JSON.parse(await runOnce(command, LOAD_CORE, LIMIT_MILLISECONDS));
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

function ratiosOf(
  results: ReadonlyMap<string, readonly UdpResult[]>,
  value: (result: UdpResult) => number,
): Record<string, Figure> {
  const pairs = [
    [DENOTRACK, OPENTRACKER],
    [DENOTRACK, NULL_RESPONDER],
    [DENOTRACK, AQUATIC],
    [DENOTRACK, NPM_TRACKER],
    [PORTABLE, NULL_PORTABLE],
  ];
  const of = (name: string) => results.get(name)?.map(value);
  const found = pairs.flatMap(([name, other]) => {
    const [ours, theirs] = [of(name), of(other)];
    return ours === undefined || theirs === undefined
      ? []
      : [[`${name} / ${other}`, ratio(ours, theirs)] as const];
  });
  return Object.fromEntries(found);
}
