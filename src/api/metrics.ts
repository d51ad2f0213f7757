/** The metrics for Prometheus: made anew for each look, from the same counters as the statistics. */
import { createRoute, z } from "@hono/zod-openapi";
import { Counter, Gauge, type MetricType, type Registry } from "prom-client";
import type { CounterName } from "../tracker/stats.ts";
import { LATENCY_BOUNDS, type LatencyProtocol, readLatency } from "../tracker/latency.ts";
import { GUARDED, NOT_CACHED } from "./answers.ts";
import type { Rankings } from "./rankings.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";

const PREFIX = "denotrack_";

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  tags: ["stats"],
  summary: "Metrics for Prometheus; wants no token with `metrics_public = true`",
  responses: {
    200: { description: "The text format", content: { "text/plain": { schema: z.string() } } },
    ...GUARDED,
  },
});

/** Adds `/metrics` with what is registered already and all that the tracker can tell. */
export function addMetrics(api: ApiRoutes, setup: ApiSetup, rankings: Rankings, registry: Registry): void {
  addCounters(setup, registry);
  addGauges(setup, registry);
  addDatabase(setup, registry);
  addProcess(setup, registry);
  new SharedHistogram(setup.statistics, registry);
  gauge(registry, "software_peers", "Peers by software, as last counted", ["software"], (set) => {
    for (const { software, peers } of rankings.last?.clients ?? []) set(peers, { software });
  });
  api.openAPIRegistry.registerPath(metricsRoute);
  api.get(metricsRoute.path, async () => {
    const headers = { ...NOT_CACHED, "content-type": registry.contentType };
    return new Response(await registry.metrics(), { headers });
  });
}

const FAMILIES = [["ipv4", 4], ["ipv6", 6]] as const;
const REFUSED = {
  not_whitelisted: "refused_not_whitelisted",
  blacklisted: "refused_blacklisted",
  key: "refused_key",
} as const;
const NOT_STORED = { torrents_full: "full_torrents", peers_full: "full_peers" } as const;
const FAULTS = {
  udp_junk: "udp_junk",
  udp_bad_connection_id: "udp_bad_connection_id",
  udp_bad_request: "udp_bad_request",
  http_bad_request: "http_bad_request",
  udp_send_error: "udp_send_errors",
  udp_receive_error: "udp_receive_errors",
} as const;

function addCounters({ statistics, udpDrops }: ApiSetup, registry: Registry): void {
  const read = (name: CounterName) => statistics.counter(name);
  const labels = ["protocol", "family", "kind"];
  counter(registry, "requests_total", "Requests, by what was asked", labels, (set) => {
    for (const [family, digit] of FAMILIES) {
      for (const kind of ["connections", "announces", "scrapes"] as const) {
        set(read(`udp${digit}_${kind}_handled`), { protocol: "udp", family, kind });
        set(read(`tcp${digit}_${kind}_handled`), { protocol: "tcp", family, kind });
      }
      set(read(`tcp${digit}_api_handled`), { protocol: "tcp", family, kind: "api" });
    }
  });
  counter(registry, "refused_total", "Announces and scrapes refused, by reason", ["reason"], (set) => {
    for (const [reason, name] of Object.entries(REFUSED)) set(read(name), { reason });
  });
  counter(registry, "not_stored_total", "Announces not stored, by what was full", ["reason"], (set) => {
    for (const [reason, name] of Object.entries(NOT_STORED)) set(read(name), { reason });
  });
  counter(registry, "faults_total", "What made no sense or could not be sent", ["fault"], (set) => {
    for (const [fault, name] of Object.entries(FAULTS)) set(read(name), { fault });
  });
  const dropped = "Datagrams that the system dropped since the receive buffers were full (Linux)";
  counter(registry, "udp_receive_buffer_drops_total", dropped, [], (set) => {
    const drops = udpDrops();
    if (drops >= 0) set(drops);
  });
}

function addGauges({ statistics }: ApiSetup, registry: Registry): void {
  const read = () => statistics.read();
  gauge(registry, "torrents", "Torrents in memory", [], (set) => set(read().torrents));
  gauge(registry, "peers", "Peers by what they have", ["kind"], (set) => {
    const { seeds, peers } = read();
    set(seeds, { kind: "seeders" });
    set(peers, { kind: "leechers" });
  });
  gauge(registry, "completed", "Completed downloads of all torrents", [], (set) => set(read().completed));
  gauge(registry, "list_entries", "Entries of the lists", ["list"], (set) => {
    const { whitelist, blacklist, keys } = read();
    for (const [list, size] of Object.entries({ whitelist, blacklist, keys })) set(size, { list });
  });
}

function addDatabase({ statistics, tracker, database }: ApiSetup, registry: Registry): void {
  if (database === undefined) return;
  const { saving } = statistics;
  const { store, access } = tracker;
  gauge(registry, "database_backlog", "Changes that wait to be saved", ["table"], (set) => {
    set(store.totals().dirty + store.removed.changes(), { table: "torrents" });
    for (const table of ["whitelist", "blacklist", "keys"] as const) set(access[table].changes(), { table });
  });
  const time = "UNIX time of the last save that succeeded";
  gauge(registry, "database_last_save_timestamp_seconds", time, [], (set) => set(saving.lastSave));
  const duration = "How long the last save took";
  gauge(registry, "database_last_save_duration_seconds", duration, [], (set) => {
    set(saving.lastSaveMilliseconds / 1000);
  });
  const failing = "UNIX time since which saving has been failing, 0 while it works";
  gauge(registry, "database_failing_since_timestamp_seconds", failing, [], (set) => set(saving.failingSince));
  const refused = "Changes that the database did not take in the last save";
  gauge(registry, "database_refused_changes", refused, [], (set) => set(saving.refused));
}

function addProcess({ version, statistics }: ApiSetup, registry: Registry): void {
  gauge(registry, "info", "The program", ["version"], (set) => set(1, { version }));
  gauge(registry, "start_time_seconds", "UNIX time of the start", [], (set) => {
    set(statistics.timestamps.started);
  });
  gauge(registry, "memory_bytes", "Memory of the process", ["kind"], (set) => {
    const { rss, heapTotal, heapUsed, external } = Deno.memoryUsage();
    for (const [kind, bytes] of Object.entries({ rss, heapTotal, heapUsed, external })) set(bytes, { kind });
  });
}

type Labels = Readonly<Record<string, string>>;
type Set = (value: number, labels?: Labels) => void;

/** A counter that is kept elsewhere; `collect` tells what it stands at. */
function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  collect: (set: Set) => void,
): void {
  new Counter({
    name: PREFIX + name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      // Without labels a reset leaves a 0 behind, which would tell of something that nobody knows.
      if (labelNames.length === 0) this.remove();
      collect((value, labels = {}) => this.inc(labels, value));
    },
  });
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  collect: (set: Set) => void,
): void {
  new Gauge({
    name: PREFIX + name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      collect((value, labels = {}) => this.set(labels, value));
    },
  });
}

/**
 * The histogram of announces, whose samples lie in memory that all threads share. The library's own histogram takes
 * samples one by one and shows nothing else, so this is a gauge that shows the values of a histogram.
 */
class SharedHistogram extends Gauge<"protocol" | "le"> {
  readonly #statistics: ApiSetup["statistics"];

  constructor(statistics: ApiSetup["statistics"], registry: Registry) {
    super({ name: `${PREFIX}announce_seconds`, help: ANNOUNCE_HELP, registers: [registry] });
    this.#statistics = statistics;
  }

  override async get(): ReturnType<Gauge<"protocol" | "le">["get"]> {
    const metric = await super.get();
    const values = (["udp", "tcp"] as const).flatMap((protocol) => this.#valuesOf(metric.name, protocol));
    return { ...metric, type: HISTOGRAM, values };
  }

  #valuesOf(name: string, protocol: LatencyProtocol) {
    const { buckets, sumSeconds } = readLatency(this.#statistics.counterMemory, protocol);
    let count = 0;
    const values = buckets.map((samples, i) => {
      count += samples;
      const labels = { protocol, le: LATENCY_BOUNDS[i] ?? "+Inf" };
      return { metricName: `${name}_bucket`, labels, value: count };
    });
    return [
      ...values,
      { metricName: `${name}_sum`, labels: { protocol }, value: sumSeconds },
      { metricName: `${name}_count`, labels: { protocol }, value: count },
    ];
  }
}

const ANNOUNCE_HELP = "How long announces take within the program, one in sixteen; of UDP a whole batch";

/** The library declares its types of metrics as an enum that is not there at run time. */
const HISTOGRAM = "histogram" as unknown as MetricType;
