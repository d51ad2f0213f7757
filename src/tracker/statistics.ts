/** The figures that the API and the console show: the counters, the store's totals, when things run next. */
import { SavingState } from "./saving_state.ts";
import type { SharedMemory } from "./shared.ts";
import { type CounterName, readCounter, readCounters } from "./stats.ts";
import type { Tracker } from "./tracker.ts";

/** UNIX times, in seconds. */
export interface Timestamps {
  started: number;
  /** When each of these runs next; 0 when it never does. */
  timeout: number;
  console: number;
  keysTimeout: number;
}

/** The names and the order of `/api/stats`. `peers` counts leechers, `seeds` seeders. */
export interface StatisticsView extends Record<HandledCounter, number> {
  started: number;
  timestamp_run_save: number;
  timestamp_run_timeout: number;
  timestamp_run_console: number;
  timestamp_run_keys_timeout: number;
  torrents: number;
  /** Torrents that wait to be saved, and that are being saved now. */
  torrents_updates: number;
  torrents_shadow: number;
  seeds: number;
  peers: number;
  completed: number;
  whitelist_enabled: boolean;
  whitelist: number;
  blacklist_enabled: boolean;
  blacklist: number;
  keys_enabled: boolean;
  keys: number;
}

type HandledCounter = Extract<CounterName, `${string}_handled`>;

export class Statistics {
  readonly timestamps: Timestamps;
  readonly saving: SavingState;
  readonly #memory: SharedMemory;
  readonly #tracker: Tracker;

  constructor(memory: SharedMemory, tracker: Tracker, started: number) {
    this.#memory = memory;
    this.#tracker = tracker;
    this.saving = new SavingState(memory.saving);
    this.timestamps = { started, timeout: 0, console: 0, keysTimeout: 0 };
  }

  /** The counters of all threads, for what is not told by `read`. */
  get counterMemory(): SharedArrayBuffer {
    return this.#memory.stats;
  }

  /** One counter, summed over all threads. */
  counter(name: CounterName): number {
    return readCounter(this.#memory.stats, name);
  }

  read(): StatisticsView {
    const { timestamps } = this;
    const { store, access } = this.#tracker;
    const totals = store.totals();
    const counters = readCounters(this.#memory.stats);
    return {
      started: timestamps.started,
      timestamp_run_save: this.saving.nextSave,
      timestamp_run_timeout: timestamps.timeout,
      timestamp_run_console: timestamps.console,
      timestamp_run_keys_timeout: timestamps.keysTimeout,
      torrents: totals.torrents,
      torrents_updates: totals.dirty,
      torrents_shadow: this.saving.shadow,
      seeds: totals.seeders,
      peers: totals.leechers,
      completed: totals.completed,
      whitelist_enabled: access.rules.whitelist,
      whitelist: access.whitelist.size(),
      blacklist_enabled: access.rules.blacklist,
      blacklist: access.blacklist.size(),
      keys_enabled: access.rules.keys,
      keys: access.keys.size(),
      tcp4_connections_handled: counters.tcp4_connections_handled,
      tcp4_api_handled: counters.tcp4_api_handled,
      tcp4_announces_handled: counters.tcp4_announces_handled,
      tcp4_scrapes_handled: counters.tcp4_scrapes_handled,
      tcp6_connections_handled: counters.tcp6_connections_handled,
      tcp6_api_handled: counters.tcp6_api_handled,
      tcp6_announces_handled: counters.tcp6_announces_handled,
      tcp6_scrapes_handled: counters.tcp6_scrapes_handled,
      udp4_connections_handled: counters.udp4_connections_handled,
      udp4_announces_handled: counters.udp4_announces_handled,
      udp4_scrapes_handled: counters.udp4_scrapes_handled,
      udp6_connections_handled: counters.udp6_connections_handled,
      udp6_announces_handled: counters.udp6_announces_handled,
      udp6_scrapes_handled: counters.udp6_scrapes_handled,
    };
  }
}
