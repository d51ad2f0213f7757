/** Builds the program in order, and stops it in reverse. */
import { clockOrigin, createClock } from "./base/clock.ts";
import { configureLog, logger } from "./base/log.ts";
import { type Building, random, StartError } from "./building.ts";
import type { Config } from "./config/config.ts";
import { DatabaseThread, LAST_SAVE_SECONDS } from "./database_thread.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { type HttpServers, type Listening, startHttpServers } from "./http_servers.ts";
import { restorePeers } from "./saved_peers.ts";
import { ServiceNotices } from "./service_notices.ts";
import { ThreadWatch } from "./thread_watch.ts";
import { SavingState } from "./tracker/saving_state.ts";
import { attachTracker, type TrackerSetup } from "./tracker/setup.ts";
import { createSharedMemory, type SharedMemory } from "./tracker/shared.ts";
import { Statistics } from "./tracker/statistics.ts";
import type { Tracker } from "./tracker/tracker.ts";
import { type BindAddress, formatBindAddress } from "./transport/binding.ts";
import { openLibc } from "./transport/linux_ffi.ts";
import { readUdpDrops } from "./transport/udp_drops.ts";
import { startUdpServers } from "./udp_servers.ts";
import { Workers } from "./workers.ts";

export { StartError };

export interface App {
  /** Where it listens, with the real ports. */
  readonly listening: ListeningAddresses;
  /** The main thread's tracker. Its memory is that of all threads. */
  readonly tracker: Tracker;
  /** How saving goes. */
  readonly saving: SavingState;
  /** Makes the lists in memory what the database holds; says in the log how that went. */
  reloadLists(): Promise<void>;
  /** Stops listening, answers what is in flight, saves, and ends all threads, all in at most so many seconds. */
  stop(): Promise<void>;
  readonly stopSeconds: number;
  /** Resolves with a message when something ends the program from within. */
  readonly failed: Promise<string>;
}

export interface ListeningAddresses {
  readonly udp: readonly BindAddress[];
  readonly http: readonly BindAddress[];
  readonly api: readonly BindAddress[];
}

/** Threads that counters are reserved for: the main one, UDP Workers, HTTP Workers, the database's. */
const MAX_THREADS = 1 + 64 + 64 + 1;

/** How long a stop may take, without anything to save and with it. */
const STOP_SECONDS = 3;
const STOP_AND_SAVE_SECONDS = STOP_SECONDS + LAST_SAVE_SECONDS;

const log = logger("denotrack");

/** Starts everything that the configuration asks for, or nothing: throws a StartError with all undone. */
export async function startApp(config: Config, version: string): Promise<App> {
  configureLog(config.log_level);
  log.info(`version ${version}`);
  const failed = Promise.withResolvers<string>();
  const fail = (reason: string) => failed.resolve(`a thread has died: ${reason}`);
  const building = prepare(config, fail);
  const notices = ServiceNotices.open(building.libc, Deno.env.toObject(), Deno.pid);
  building.stops.push(() => notices.end());
  const stop = async () => {
    building.stopping.abort();
    notices.stopping();
    while (building.stops.length > 0) await building.stops.pop()!();
  };
  let listening: ListeningAddresses;
  let database: DatabaseThread | undefined;
  try {
    notices.loading();
    database = await openDatabase(building, fail);
    restorePeers(building);
    const watch = watchThreads(building);
    listening = await build(building, database, watch, version);
    notices.ready(() => summary(building.tracker), () => watch.silent.length === 0);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    listening,
    tracker: building.tracker,
    saving: new SavingState(building.setup.memory.saving),
    failed: failed.promise,
    stopSeconds: config.persistence || config.state_file !== "" ? STOP_AND_SAVE_SECONDS : STOP_SECONDS,
    reloadLists: () => notices.reloading(() => reloadLists(database)),
    async stop() {
      await stop();
      log.info("stopped");
    },
  };
}

/** Makes what all parts are built with; nothing runs yet. */
function prepare(config: Config, onFailure: (reason: string) => void): Building {
  const memory = reserveMemory(config);
  const origin = clockOrigin();
  const libc = openLibc();
  const setup: TrackerSetup = {
    memory,
    settings: {
      whitelist: config.whitelist,
      blacklist: config.blacklist,
      keys: config.keys,
      interval: config.interval,
      intervalMinimum: config.interval_minimum,
      peerTimeout: config.peer_timeout,
      peersReturned: config.peers_returned,
    },
    statistics: config.statistics_enabled,
    clockOrigin: origin,
    connectionSecret: [random(), random()],
  };
  return {
    config,
    setup,
    tracker: attachTracker(setup, 0, random()),
    clock: createClock(origin),
    libc,
    workers: new Workers(setup, random, onFailure),
    udpSockets: new Set(),
    stopping: new AbortController(),
    stops: "unavailable" in libc ? [] : [() => libc.unload()],
  };
}

/** Loads what the database holds, before anything listens. */
async function openDatabase(
  building: Building,
  onFailure: (reason: string) => void,
): Promise<DatabaseThread | undefined> {
  if (!building.config.persistence) return undefined;
  const database = await DatabaseThread.start(building, MAX_THREADS - 1, onFailure);
  building.stops.push(() => database.stop());
  return database;
}

function watchThreads({ setup, workers, stops }: Building): ThreadWatch {
  const watch = new ThreadWatch(setup.memory.heartbeats, () => workers.threads);
  const running = watch.start();
  stops.push(() => running.stop());
  return watch;
}

/** What a service manager shows beside the name of the program. */
function summary({ store }: Tracker): string {
  const { torrents, seeders, leechers } = store.totals();
  return `serving ${torrents} torrents, ${seeders} seeders, ${leechers} leechers`;
}

async function reloadLists(database: DatabaseThread | undefined): Promise<void> {
  if (database === undefined) return log.warn("nothing to reload: persistence is off");
  try {
    const { whitelist, blacklist, keys } = await database.reload();
    log.info(`reloaded whitelist ${whitelist}, blacklist ${blacklist}, keys ${keys}`);
  } catch (error) {
    log.error(`the lists could not be reloaded: ${error instanceof Error ? error.message : error}`);
  }
}

async function build(
  building: Building,
  database: DatabaseThread | undefined,
  watch: ThreadWatch,
  version: string,
): Promise<ListeningAddresses> {
  const { config, setup, tracker, clock, libc, stops } = building;
  const statistics = new Statistics(setup.memory, tracker, clock.unixSeconds());
  // Side by side, since each waits for Workers.
  const startingUdp = startUdpServers(building);
  const startingHttp = startHttpServers(building, {
    ...{ config, version, tracker, statistics, clock, database },
    stopping: building.stopping.signal,
    udpDrops: () => readUdpDrops(libc, building.udpSockets),
    silentThreads: () => watch.silent,
  });
  // What the one has begun when the other fails must be there to be undone.
  await Promise.allSettled([startingUdp, startingHttp]);
  const udp = await startingUdp;
  const http = await startingHttp;
  const housekeeping = startHousekeeping(config, tracker, statistics, clock);
  stops.push(() => housekeeping.stop());
  announceUrls(udp, http);
  return {
    udp,
    http: http.tracker.map(({ address }) => address),
    api: http.api.map(({ address }) => address),
  };
}

/** The first thing people ask of a tracker that has started. */
function announceUrls(udp: BindAddress[], http: HttpServers): void {
  for (const address of udp) log.info(`clients announce to udp://${formatBindAddress(address)}/announce`);
  for (const server of http.tracker) log.info(`clients announce to ${origin(server)}/announce`);
  for (const server of http.api) {
    log.info(`the API is at ${origin(server)}/api/, the web interface at ${origin(server)}/webgui/`);
  }
}

function origin({ block, address }: Listening): string {
  return `${block.config.ssl ? "https" : "http"}://${formatBindAddress(address)}`;
}

function reserveMemory(config: Config): SharedMemory {
  const limits = {
    torrents: config.max_torrents,
    peers: config.max_peers,
    listEntries: config.max_list_entries,
    threads: MAX_THREADS,
  };
  try {
    return createSharedMemory(limits, config.persistence, random);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StartError(
      "the system does not let this program reserve memory for max_torrents, max_peers and max_list_entries: " +
        "lower them, or lift the limit on virtual memory (ulimit -v)",
    );
  }
}
