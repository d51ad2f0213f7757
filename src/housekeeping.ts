/** What the program does by itself from time to time: sweeping out peers that are gone, the console block. */
import type { Clock } from "./base/clock.ts";
import { logger } from "./base/log.ts";
import type { Config } from "./config/config.ts";
import { SetCursor } from "./swarm/hash_set.ts";
import { SweepCursor } from "./swarm/swarm_table.ts";
import type { Statistics } from "./tracker/statistics.ts";
import type { Tracker } from "./tracker/tracker.ts";

/** Work of a slice of the sweep: some tenths of a millisecond, for which one shard is locked. */
const SWEEP_BUDGET = 500;

/** Steps of the sweep of keys between two pauses: each some tens of microseconds. */
const KEY_STEPS = 16;

/** The pause between two slices. */
const SWEEP_PAUSE_MILLISECONDS = 5;

const log = logger("tracker");

export interface Housekeeping {
  stop(): Promise<void>;
}

/** Starts the timers. They keep `statistics.timestamps` up to date: each is when its task runs next. */
export function startHousekeeping(
  config: Config,
  tracker: Tracker,
  statistics: Statistics,
  clock: Clock,
): Housekeeping {
  const stopping = new AbortController();
  const { timestamps } = statistics;
  const tasks = [
    repeat(stopping.signal, config.interval_cleanup, clock, (next) => timestamps.timeout = next, async () => {
      await sweepPeers(tracker, clock, stopping.signal);
    }),
  ];
  if (config.keys) {
    const note = (next: number) => timestamps.keysTimeout = next;
    tasks.push(repeat(stopping.signal, config.keys_cleanup_interval, clock, note, async () => {
      await sweepKeys(tracker, clock, stopping.signal);
    }));
  }
  if (config.statistics_enabled && config.log_console_interval > 0) {
    const seconds = config.log_console_interval;
    tasks.push(
      repeat(stopping.signal, seconds, clock, (next) => timestamps.console = next, () => {
        for (const line of consoleBlock(statistics)) log.info(line);
        return Promise.resolve();
      }),
    );
  }
  return {
    async stop() {
      stopping.abort();
      await Promise.all(tasks);
    },
  };
}

/** Runs a task every so many seconds, one run after another, until the signal. */
async function repeat(
  signal: AbortSignal,
  seconds: number,
  clock: Clock,
  note: (next: number) => void,
  task: () => Promise<void>,
): Promise<void> {
  for (;;) {
    note(clock.unixSeconds() + seconds);
    if (!await pause(seconds * 1000, signal)) return;
    await task();
  }
}

/** One sweep over all peers, in slices. */
async function sweepPeers(tracker: Tracker, clock: Clock, signal: AbortSignal): Promise<void> {
  const cursor = new SweepCursor();
  while (!tracker.sweep(cursor, SWEEP_BUDGET, clock.seconds())) {
    if (!await pause(SWEEP_PAUSE_MILLISECONDS, signal)) return;
  }
}

/** One sweep over all keys, in steps, for those whose time has come. */
async function sweepKeys(tracker: Tracker, clock: Clock, signal: AbortSignal): Promise<void> {
  const cursor = new SetCursor();
  for (let step = 1; tracker.access.keys.removeExpired(cursor, clock.unixSeconds()); step++) {
    if (step % KEY_STEPS === 0 && !await pause(SWEEP_PAUSE_MILLISECONDS, signal)) return;
  }
}

/** False when the signal came before the time was up. */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const onAbort = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve(true);
    }, milliseconds);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** The lines of the console block. */
export function consoleBlock(statistics: Statistics): string[] {
  const s = statistics.read();
  const protocol = (name: string, prefix: "tcp4" | "tcp6") =>
    `${name}: connections ${s[`${prefix}_connections_handled`]}, API ${s[`${prefix}_api_handled`]}, ` +
    `announces ${s[`${prefix}_announces_handled`]}, scrapes ${s[`${prefix}_scrapes_handled`]}`;
  const udp = (name: string, prefix: "udp4" | "udp6") =>
    `${name}: connections ${s[`${prefix}_connections_handled`]}, ` +
    `announces ${s[`${prefix}_announces_handled`]}, scrapes ${s[`${prefix}_scrapes_handled`]}`;
  return [
    `torrents ${s.torrents}, updates ${s.torrents_updates}, shadow ${s.torrents_shadow}, ` +
    `seeds ${s.seeds}, peers ${s.peers}, completed ${s.completed}`,
    `whitelist ${s.whitelist}, blacklist ${s.blacklist}, keys ${s.keys}`,
    protocol("TCP IPv4", "tcp4"),
    protocol("TCP IPv6", "tcp6"),
    udp("UDP IPv4", "udp4"),
    udp("UDP IPv6", "udp6"),
  ];
}
