/** A load of HTTP announces by wrk, with or without keep-alive and TLS, and a check of the answers beforehand. */
import { LOAD_CORE } from "../machine.ts";
import { runOnce } from "../servers/server.ts";
import { processorNanoseconds } from "./processor_time.ts";
import { type Population, portOf, torrentOf, writeInfoHash } from "./swarms.ts";
import { SOCKETS } from "./udp_load.ts";

const CONNECTIONS = 32;
const PATHS = 20_000;
const ANSWERS_CHECKED = 50;
const LIMIT_MILLISECONDS = 60_000;
const PEER_ID = "-BE0001-benchmark000";

/** What a run found. */
export interface WrkResult {
  /** Answers a second. */
  readonly responses: number;
  /** Requests without an answer, and answers of another HTTP status than 2xx and 3xx. */
  readonly failed: number;
  readonly refused: number;
  /** Bytes of an answer with its headers, on average. */
  readonly bytesAnAnswer: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly microseconds: number;
  readonly serverShare: number;
}

/** Writes the paths that wrk asks for: announces of the load's peers at 127.0.0.1, drawn from all of them. */
export function writePaths(file: string, population: Population): void {
  const step = Math.max(1, Math.floor(population.peers / SOCKETS / PATHS));
  const count = Math.min(PATHS, Math.floor(population.peers / SOCKETS));
  const paths = Array.from({ length: count }, (_, i) => announcePath(population, i * step * SOCKETS));
  // Torrents are numbered by popularity, so the order of the peers would be that, too.
  Deno.writeTextFileSync(file, paths.map((path) => `${path}\n`).join(""));
}

export function announcePath(population: Population, peer: number): string {
  const hash = new Int32Array(5);
  writeInfoHash(hash, 0, torrentOf(population, peer));
  const escaped = [...new Uint8Array(hash.buffer)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`);
  return `/announce?info_hash=${escaped.join("")}&peer_id=${PEER_ID}&port=${portOf(peer)}&uploaded=0` +
    `&downloaded=0&left=${peer & 1}&compact=1&numwant=30`;
}

/** One second at least: wrk counts in whole seconds. */
export async function runWrk(
  pid: number,
  origin: string,
  paths: string,
  isKeepAlive: boolean,
  seconds: number,
): Promise<WrkResult> {
  const script = new URL("announces.lua", import.meta.url).pathname;
  const flags = ["--threads", "1", "--connections", `${CONNECTIONS}`, "--duration", `${Math.ceil(seconds)}s`];
  const command = ["wrk", ...flags, "--script", script, origin, "--", paths, isKeepAlive ? "" : "close"];
  const before = processorNanoseconds(pid);
  const output = await runOnce(command, LOAD_CORE, LIMIT_MILLISECONDS);
  const spent = processorNanoseconds(pid) - before;
  const found = JSON.parse(output.trim().split("\n").at(-1)!);
  // On a machine that somebody else keeps busy there may be none.
  const answers = Math.max(found.requests, 1);
  return {
    responses: found.requests / found.seconds,
    failed: found.failed,
    refused: found.refused,
    bytesAnAnswer: found.bytes / answers,
    p50: found.p50,
    p99: found.p99,
    p999: found.p999,
    microseconds: spent / 1000 / answers,
    serverShare: spent / found.seconds / 1e9,
  };
}

/** Announces a few times and throws unless each answer is a bencoded dictionary with an interval and whole peers. */
export async function checkAnswers(origin: string, population: Population): Promise<void> {
  for (let i = 0; i < ANSWERS_CHECKED; i++) {
    const response = await fetch(`${origin}${announcePath(population, i * SOCKETS)}`);
    const text = new TextDecoder("latin1").decode(await response.arrayBuffer());
    const peers = /5:peers(\d+):/.exec(text);
    const isWhole = text.startsWith("d") && text.endsWith("e") && /8:intervali\d+e/.test(text);
    if (!isWhole || peers === null || Number(peers[1]) % 6 > 0) {
      throw new Error(`${origin} answered an announce with ${JSON.stringify(text)}`);
    }
  }
}
