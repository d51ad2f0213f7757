/** The figures of the last ten minutes, one a second, while the page is open. */
import { signal } from "@preact/signals";
import { onSample, type Sample } from "./stats_stream.ts";
import type { Stats } from "./tracker_facts.ts";

const KEPT_SECONDS = 600;

/** Rates a second, by protocol and family. */
export interface Rates {
  readonly time: number;
  /** UDP over IPv4 and IPv6, HTTP over IPv4 and IPv6. */
  readonly announces: readonly number[];
  readonly scrapes: readonly number[];
  readonly seeds: number;
  readonly peers: number;
}

export const history = signal<readonly Rates[]>([]);

const ANNOUNCES = [
  "udp4_announces_handled",
  "udp6_announces_handled",
  "tcp4_announces_handled",
  "tcp6_announces_handled",
] as const;
const SCRAPES = [
  "udp4_scrapes_handled",
  "udp6_scrapes_handled",
  "tcp4_scrapes_handled",
  "tcp6_scrapes_handled",
] as const;

let before: Sample | undefined;

/** A restarted tracker counts from zero: what came before is no history of it. */
onSample((sample) => {
  const last = before;
  before = sample;
  if (last !== undefined && last.stats.started !== sample.stats.started) history.value = [];
  else if (last !== undefined) add(last, sample);
});

function add(last: Sample, { time, stats }: Sample): void {
  const seconds = time - last.time;
  if (seconds <= 0) return;
  const rate = (name: keyof Stats) => Math.max(0, (Number(stats[name]) - Number(last.stats[name])) / seconds);
  const rates = {
    time,
    announces: ANNOUNCES.map(rate),
    scrapes: SCRAPES.map(rate),
    seeds: stats.seeds,
    peers: stats.peers,
  };
  history.value = [...history.value.filter((kept) => kept.time > time - KEPT_SECONDS), rates];
}
