/**
 * A load of UDP requests for a running tracker (BEP 15): connect, announce and scrape 50:50:1, answers checked.
 *
 *     deno run --allow-all bench/udp_load.ts --port 6969 [--pid PID] [--seconds 10] [--warm-up 1] [--prefill]
 *       [--torrents 1000000] [--peers 2000000] [--uniform] [--first-torrent 0] [--window 256 | --rate 100000] [--seed 1] [--json]
 *
 * With `--window` as many requests are on their way at a time (closed loop), with `--rate` so many are sent each
 * second (open loop). `--prefill` makes every peer announce once first. With `--pid` the server's processor time is
 * told. The load takes one core: `taskset -c 0` in front of it and `taskset -c 1` in front of the tracker keep them
 * apart. Linux on loopback only.
 */
import { parseArgs } from "node:util";
import { processorNanoseconds } from "./load/processor_time.ts";
import type { Tally } from "./load/udp_client.ts";
import { UdpLoad } from "./load/udp_load.ts";

/** What a run of the load found; `--json` prints one. */
export interface UdpResult {
  /** Seconds that were measured. */
  seconds: number;
  /** Answers, and the announces among them, a second. */
  responses: number;
  announces: number;
  /** Peers in the answer to an announce, on average. */
  peersAnAnswer: number;
  /** Requests without an answer, answers that were errors, answers that cannot be right. */
  lost: number;
  errors: number;
  wrong: number;
  /** Milliseconds. */
  latency: { p50: number; p99: number; p999: number; longest: number };
  /** Microseconds of processor that the server took for an answer, and its share of a core; with `--pid`. */
  server: { microseconds: number; share: number } | null;
  /** The share of a core that the load took. */
  loadShare: number;
  /** Peers that announced beforehand, and how long that took; with `--prefill`. */
  prefill: { announces: number; lost: number; seconds: number } | null;
}

const { values: flags } = parseArgs({
  options: {
    port: { type: "string", default: "6969" },
    pid: { type: "string" },
    seconds: { type: "string", default: "10" },
    "warm-up": { type: "string", default: "1" },
    torrents: { type: "string", default: "1000000" },
    peers: { type: "string", default: "2000000" },
    "first-torrent": { type: "string", default: "0" },
    uniform: { type: "boolean", default: false },
    window: { type: "string", default: "256" },
    rate: { type: "string" },
    seed: { type: "string", default: "1" },
    prefill: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const load = new UdpLoad({
  port: Number(flags.port),
  torrents: Number(flags.torrents),
  peers: Number(flags.peers),
  isUniform: flags.uniform,
  firstTorrent: Number(flags["first-torrent"]),
  window: Number(flags.window),
  seed: Number(flags.seed),
});
const prefill = flags.prefill ? runPrefill() : null;
const seconds = Number(flags.seconds);
if (seconds > 0) {
  run(Number(flags["warm-up"]));
  const result = measure();
  console.log(flags.json ? JSON.stringify(result) : describe(result));
} else if (flags.json) console.log(JSON.stringify({ prefill }));
load.close();

function run(seconds: number): Tally {
  return flags.rate === undefined
    ? load.runClosed(seconds * 1000)
    : load.runOpen(seconds * 1000, Number(flags.rate));
}

function runPrefill(): UdpResult["prefill"] {
  const began = performance.now();
  const { announces, lost } = load.prefill(Number(flags.peers));
  const seconds = (performance.now() - began) / 1000;
  if (!flags.json) console.log(`${announces} peers announced in ${seconds.toFixed(1)} s, ${lost} were lost`);
  return { announces, lost, seconds };
}

function measure(): UdpResult {
  const pid = flags.pid === undefined ? undefined : Number(flags.pid);
  const serverBefore = pid === undefined ? 0 : processorNanoseconds(pid);
  const loadBefore = processorNanoseconds(Deno.pid);
  const began = performance.now();
  const tally = run(seconds);
  const took = (performance.now() - began) / 1000;
  const { latencies } = tally;
  const server = pid === undefined ? null : processorNanoseconds(pid) - serverBefore;
  return {
    seconds: took,
    responses: tally.responses / took,
    announces: tally.announces / took,
    peersAnAnswer: tally.peers / Math.max(tally.announces, 1),
    lost: tally.lost,
    errors: tally.errors,
    wrong: tally.wrong,
    latency: {
      p50: latencies.quantile(0.5),
      p99: latencies.quantile(0.99),
      p999: latencies.quantile(0.999),
      longest: latencies.longest,
    },
    server: server === null
      ? null
      : { microseconds: server / 1000 / Math.max(tally.responses, 1), share: server / took / 1e9 },
    loadShare: (processorNanoseconds(Deno.pid) - loadBefore) / took / 1e9,
    prefill,
  };
}

function describe(result: UdpResult): string {
  const { latency, server } = result;
  const parts = [
    `${Math.round(result.responses)} responses/s`,
    `${Math.round(result.announces)} announces/s`,
    `${result.peersAnAnswer.toFixed(1)} peers an answer`,
    `${result.lost} lost, ${result.errors} errors, ${result.wrong} wrong`,
    `latency ms p50 ${latency.p50.toFixed(2)} p99 ${latency.p99.toFixed(2)} p99.9 ${
      latency.p999.toFixed(2)
    } ` +
    `longest ${latency.longest.toFixed(1)}`,
    ...(server === null ? [] : [
      `server ${server.microseconds.toFixed(2)} µs a response, ${Math.round(server.share * 100)} % of a core`,
    ]),
    `load ${Math.round(result.loadShare * 100)} % of a core`,
  ];
  return parts.join(", ");
}
