/** Builds the program in order, and stops it in reverse. */
import { clockOrigin, createClock } from "./base/clock.ts";
import { configureLog, logger } from "./base/log.ts";
import { type Building, random, StartError } from "./building.ts";
import type { Config } from "./config/config.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { type HttpServers, type Listening, startHttpServers } from "./http_servers.ts";
import { attachTracker, type TrackerSetup } from "./tracker/setup.ts";
import { createSharedMemory, type SharedMemory } from "./tracker/shared.ts";
import { Statistics } from "./tracker/statistics.ts";
import type { Tracker } from "./tracker/tracker.ts";
import { type BindAddress, formatBindAddress } from "./transport/binding.ts";
import { openLibc } from "./transport/linux_ffi.ts";
import { startUdpServers } from "./udp_servers.ts";
import { Workers } from "./workers.ts";

export { StartError };

export interface App {
  /** Where it listens, with the real ports. */
  readonly listening: ListeningAddresses;
  /** The main thread's tracker. Its memory is that of all threads. */
  readonly tracker: Tracker;
  /** Stops listening, answers what is in flight, and ends all threads. */
  stop(): Promise<void>;
  /** Resolves with a message when something ends the program from within. */
  readonly failed: Promise<string>;
}

export interface ListeningAddresses {
  readonly udp: readonly BindAddress[];
  readonly http: readonly BindAddress[];
  readonly api: readonly BindAddress[];
}

/** Threads that counters are reserved for: the main one, UDP Workers, HTTP Workers. */
const MAX_THREADS = 1 + 64 + 64;

const log = logger("denotrack");

/** Starts everything that the configuration asks for, or nothing: throws a StartError with all undone. */
export async function startApp(config: Config, version: string): Promise<App> {
  configureLog(config.log_level);
  log.info(`version ${version}`);
  const failed = Promise.withResolvers<string>();
  const building = prepare(config, (reason) => failed.resolve(`a thread has died: ${reason}`));
  const stop = async () => {
    while (building.stops.length > 0) await building.stops.pop()!();
  };
  let listening: ListeningAddresses;
  try {
    listening = await build(building);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    listening,
    tracker: building.tracker,
    failed: failed.promise,
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
    libc: openLibc(),
    workers: new Workers(setup, random, onFailure),
    stops: [],
  };
}

async function build(building: Building): Promise<ListeningAddresses> {
  const { config, setup, tracker, clock, libc, stops } = building;
  if (!("unavailable" in libc)) stops.push(() => libc.unload());
  const statistics = new Statistics(setup.memory, tracker, clock.unixSeconds());
  const http = await startHttpServers(building, statistics);
  const udp = await startUdpServers(building);
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
