/**
 * What a client sees of a server that is busy with something else: an announce a millisecond over UDP and over HTTP,
 * and beside them a watch on each core, which tells for how long the machine itself stood still.
 */
import { announcePath } from "../load/wrk.ts";
import { type Population, portOf, writeInfoHash } from "../load/swarms.ts";
import type { Server } from "../servers/server.ts";
import type { ProbeMessage, ProbeSetup } from "./probe_worker.ts";
import { between, createSamples, type Sample } from "./samples.ts";

const PERIOD_MILLISECONDS = 1;
const WATCH_MILLISECONDS = 0.5;
/** Samples in an hour. */
const CAPACITY = 3_600_000;
const PROBE_CORE = 0;

/** How long announces took during a phase. Milliseconds. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p9999: number;
  readonly longest: number;
  /** The longest, less what the machine itself stood still meanwhile. */
  readonly longestOwn: number;
}

export interface Phase {
  readonly name: string;
  readonly seconds: number;
  readonly udp: Latencies;
  readonly http: Latencies;
  /** How long a core stood still at most, with nothing in its way. */
  readonly machine: number;
}

export interface Probes {
  /** Whether the probes go before all other threads. */
  readonly areFirst: boolean;
  /** Does something and tells how announces went meanwhile. */
  during(name: string, work: () => Promise<unknown>): Promise<Phase>;
  stop(): Promise<void>;
}

export async function startProbes(server: Server, cores: number): Promise<Probes> {
  const stop = new SharedArrayBuffer(4);
  const probe = (target: ProbeSetup["target"], core: number) => startWorker({ stop, core, target });
  const udp = await probe({ port: server.udpPort, isUdp: true, request: udpAnnounce() }, PROBE_CORE);
  const http = await probe({ port: server.httpPort, isUdp: false, request: httpAnnounce() }, PROBE_CORE);
  const watches = await Promise.all(Array.from({ length: cores }, (_, core) => probe(undefined, core)));
  const all = [udp, http, ...watches];
  return {
    areFirst: all.every(({ isFirst }) => isFirst),
    async during(name, work) {
      const from = now();
      await work();
      const to = now();
      const gaps = watches.flatMap(({ samples }) => between(samples, from - 100, to + 100));
      return {
        name,
        seconds: (to - from) / 1000,
        udp: latenciesOf(between(udp.samples, from, to), gaps),
        http: latenciesOf(between(http.samples, from, to), gaps),
        machine: gaps.reduce((most, { length }) => Math.max(most, length), 0),
      };
    },
    async stop() {
      Atomics.store(new Int32Array(stop), 0, 1);
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

interface RunningProbe {
  readonly samples: SharedArrayBuffer;
  readonly isFirst: boolean;
  /** Fulfilled after the stop; rejected when it failed. */
  readonly ended: Promise<void>;
}

async function startWorker(
  { stop, core, target }: Pick<ProbeSetup, "stop" | "core"> & { target: ProbeSetup["target"] },
): Promise<RunningProbe> {
  const worker = new Worker(new URL("./probe_worker.ts", import.meta.url), { type: "module" });
  const started = Promise.withResolvers<boolean>();
  const ended = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<ProbeMessage>) => {
    if (data.is === "started") return started.resolve(data.isFirst);
    worker.terminate();
    ended.resolve();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    const error = new Error(`a probe failed: ${event.message}`);
    started.reject(error);
    ended.reject(error);
  };
  // Who waits for the end hears of a failure; until then it is nobody's.
  ended.promise.catch(() => {});
  const samples = createSamples(CAPACITY);
  const periodMilliseconds = target === undefined ? WATCH_MILLISECONDS : PERIOD_MILLISECONDS;
  const setup: ProbeSetup = {
    stop,
    core,
    samples,
    periodMilliseconds,
    ...(target === undefined ? {} : { target }),
  };
  worker.postMessage(setup);
  return { samples, isFirst: await started.promise, ended: ended.promise };
}

function latenciesOf(samples: readonly Sample[], gaps: readonly Sample[]): Latencies {
  // While an answer is late, the announces that would have been sent meanwhile are late as well.
  const lengths = samples.flatMap(({ length }) => [
    length,
    ...Array.from(
      { length: Math.max(Math.ceil(length / PERIOD_MILLISECONDS) - 1, 0) },
      (_, i) => length - (i + 1) * PERIOD_MILLISECONDS,
    ),
  ]).sort((a, b) => a - b);
  const at = (share: number) =>
    lengths[Math.min(Math.floor(lengths.length * share), lengths.length - 1)] ?? 0;
  return {
    count: samples.length,
    p50: at(0.5),
    p99: at(0.99),
    p9999: at(0.9999),
    longest: at(1),
    longestOwn: longestOwn(samples, gaps),
  };
}

/** A gap counts for the part of it that lies within the time of the answer; of two cores' gaps the longer counts. */
function longestOwn(samples: readonly Sample[], gaps: readonly Sample[]): number {
  const long = gaps.filter(({ length }) => length > PERIOD_MILLISECONDS);
  let most = 0;
  for (const { at, length } of samples) {
    if (length <= most) continue;
    const still = long.reduce((longest, gap) => {
      const overlap = Math.min(at + length, gap.at + gap.length + WATCH_MILLISECONDS) - Math.max(at, gap.at);
      return Math.max(longest, Math.min(overlap, gap.length));
    }, 0);
    most = Math.max(most, length - still);
  }
  return most;
}

/** An announce of a torrent of its own, with thirty peers wanted. The first eight bytes are for the connection id. */
function udpAnnounce(): Uint8Array<ArrayBuffer> {
  const words = new Int32Array(25);
  words[2] = 0x01000000;
  words[3] = 0x01010101;
  writeInfoHash(words, 4, 0);
  words[9] = 0x3045422d;
  words[23] = 30 << 24;
  new Uint16Array(words.buffer)[48] = portOf(0);
  return new Uint8Array(words.buffer, 0, 98);
}

function httpAnnounce(): Uint8Array<ArrayBuffer> {
  const population: Population = { torrents: 1, peers: 1, isUniform: false };
  return new TextEncoder().encode(`GET ${announcePath(population, 0)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
