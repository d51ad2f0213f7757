/** Memory, speed and the times that things take with many torrents. */
import { save, stats } from "./load/api_client.ts";
import { residentBytes } from "./load/processor_time.ts";
import type { Population } from "./load/swarms.ts";
import { prefill, runUdpLoad } from "./load/udp_process.ts";
import { BOTH_CORES, pinRunning, SERVER_CORE } from "./machine.ts";
import type { Plan } from "./plan.ts";
import { type Phase, startProbes } from "./probe/probes.ts";
import { type Figure, figure } from "./rounds.ts";
import { type DenotrackOptions, startDenotrack } from "./servers/denotrack.ts";
import type { Server } from "./servers/server.ts";
import { firstAnswer } from "./load/first_answer.ts";
import { freePort } from "../tests/support/program.ts";
import { createTorrentDatabase } from "./torrent_database.ts";

export interface ScaleRow {
  readonly torrents: number;
  readonly peers: number;
  readonly databaseBytes: number;
  /** Seconds from the start of the program to the first answer over UDP. */
  readonly start: number;
  /** Resident bytes after the start, and with all peers. */
  readonly loadedBytes: number;
  readonly filledBytes: number;
  readonly peersFilled: number;
  /** Announces a second with uniform hashes on one core, beside as many connects. */
  readonly announces: Figure;
  readonly microseconds: Figure;
  readonly peersAnAnswer: number;
  /** Torrents that were new and are saved. */
  readonly newTorrents: number;
  readonly saveSeconds: number;
  readonly sweepSeconds: number;
  readonly stopSeconds: number;
  readonly phases: readonly Phase[];
}

export interface Scale {
  readonly rounds: number;
  readonly seconds: number;
  /** The start without any torrent, in rounds, and the resident bytes after it. */
  readonly emptyStart: Figure;
  readonly emptyBytes: number;
  readonly rows: readonly ScaleRow[];
}

/** Resident bytes that a peer adds, with what its torrent takes for having peers. */
export function bytesAPeer({ filledBytes, loadedBytes, peersFilled }: ScaleRow): number {
  return (filledBytes - loadedBytes) / peersFilled;
}

/** Resident bytes that a torrent adds that nobody announces to, between the two largest sizes. */
export function bytesATorrent({ rows }: Scale): number | undefined {
  const [less, more] = rows.slice(-2);
  if (less === undefined || more === undefined) return undefined;
  return (more.loadedBytes - less.loadedBytes) / (more.torrents - less.torrents);
}

const LIMIT_MILLISECONDS = 900_000;

export async function measureScale(plan: Plan, folder: string, say: (line: string) => void): Promise<Scale> {
  const { sizes, rounds, seconds } = plan.scale;
  const empty: { seconds: number; bytes: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const { server, seconds } = await startTimed(folder, []);
    empty.push({ seconds, bytes: residentBytes(server.pid) });
    await server.stop();
  }
  const emptyStart = figure(empty.map(({ seconds }) => seconds));
  say(`empty: first answer after ${emptyStart.median.toFixed(2)} s`);
  const rows: ScaleRow[] = [];
  for (const torrents of sizes) rows.push(await measureSize(plan, torrents, folder, say));
  const emptyBytes = figure(empty.map(({ bytes }) => bytes)).median;
  return { rounds, seconds, emptyStart, emptyBytes, rows };
}

async function measureSize(
  plan: Plan,
  torrents: number,
  folder: string,
  say: (line: string) => void,
): Promise<ScaleRow> {
  const { peers, newTorrents, cleanupSeconds } = plan.scale;
  const population: Population = { torrents, peers, isUniform: true };
  const path = `${folder}/${torrents}.db`;
  const databaseBytes = await createTorrentDatabase(path, torrents);
  say(`${torrents} torrents: a database of ${(databaseBytes / 1e6).toFixed(0)} MB`);
  const keys = [
    "persistence = true",
    "persistence_interval = 86400",
    `interval_cleanup = ${cleanupSeconds}`,
    `db_path = "sqlite://${path}"`,
  ];
  const { server, seconds: start } = await startTimed(folder, keys);
  const loadedBytes = residentBytes(server.pid);
  say(`first answer after ${start.toFixed(2)} s, ${megabytes(loadedBytes)} resident`);
  let probes = await startProbes(server, 2);
  const phases: Phase[] = [];
  const during = async (name: string, work: () => Promise<unknown>) => {
    const phase = await probes.during(name, work);
    phases.push(phase);
    return phase.seconds;
  };
  await during("filling", async () => say(await prefill(server, population, LIMIT_MILLISECONDS)));
  const filledBytes = residentBytes(server.pid);
  const { seeds, peers: leechers } = await stats(server);
  say(`${seeds + leechers} peers, ${megabytes(filledBytes)} resident`);
  // Beside the probes the server would have less than a core.
  await probes.stop();
  const speed = await measureSpeed(plan, server, population, say);
  probes = await startProbes(server, 2);
  const added = { torrents: newTorrents, peers: newTorrents, isUniform: false, firstTorrent: torrents };
  await during("growth", () => prefill(server, added));
  const saveSeconds = await during("save", () => save(server, LIMIT_MILLISECONDS));
  const sweepSeconds = await measureSweep(server, cleanupSeconds, during);
  await probes.stop();
  const stopSeconds = await server.stop();
  say(
    `saved in ${saveSeconds.toFixed(1)} s, swept in ${sweepSeconds} s, stopped in ${
      stopSeconds.toFixed(2)
    } s`,
  );
  Deno.removeSync(path);
  return {
    torrents,
    peers,
    databaseBytes,
    start,
    loadedBytes,
    filledBytes,
    peersFilled: seeds + leechers,
    ...speed,
    newTorrents,
    saveSeconds,
    sweepSeconds,
    stopSeconds,
    phases,
  };
}

async function measureSpeed(
  plan: Plan,
  server: Server,
  population: Population,
  say: (line: string) => void,
): Promise<Pick<ScaleRow, "announces" | "microseconds" | "peersAnAnswer">> {
  const { rounds, seconds } = plan.scale;
  pinRunning(server.pid, SERVER_CORE);
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const time = ["--seconds", `${seconds}`, "--warm-up", `${Math.min(seconds, 0.5)}`];
    results.push(await runUdpLoad(server, population, [...time, "--seed", `${round + 1}`]));
  }
  pinRunning(server.pid, BOTH_CORES);
  const announces = figure(results.map((result) => result.announces));
  say(`${Math.round(announces.median)} announces/s`);
  return {
    announces,
    microseconds: figure(results.map((result) => result.server!.microseconds)),
    peersAnAnswer: figure(results.map((result) => result.peersAnAnswer)).median,
  };
}

/** Seconds of one sweep over all peers, whole ones: the tracker tells when the next begins once one has ended. */
async function measureSweep(
  server: Server,
  cleanupSeconds: number,
  during: (name: string, work: () => Promise<unknown>) => Promise<number>,
): Promise<number> {
  let sweep = 0;
  await during("sweep", async () => {
    const { timestamp_run_timeout: begun } = await stats(server);
    const end = performance.now() + LIMIT_MILLISECONDS;
    for (;;) {
      const { timestamp_run_timeout: next } = await stats(server);
      if (next !== begun) {
        sweep = Math.max(next - cleanupSeconds - begun, 0);
        return;
      }
      if (performance.now() > end) throw new Error("the sweep did not end in time");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  return sweep;
}

async function startTimed(
  folder: string,
  keys: readonly string[],
): Promise<{ server: Server; seconds: number }> {
  const udpPort = freePort("127.0.0.1");
  const options: DenotrackOptions = {
    name: "denotrack",
    folder,
    listens: ["udp", "http", "api"],
    keys,
    udpPort,
    cores: BOTH_CORES,
    timeLimitMs: LIMIT_MILLISECONDS,
  };
  const began = performance.now();
  const answered = firstAnswer(udpPort, LIMIT_MILLISECONDS);
  const [server, at] = await Promise.all([startDenotrack(options), answered]);
  return { server, seconds: (at - began) / 1000 };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
