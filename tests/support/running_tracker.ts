/** The whole program in this process, started as `main.ts` starts it, from the text of a configuration. */
import { type App, startApp } from "../../src/app.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { withTimeLimit } from "./program.ts";

export interface RunningTracker extends App {
  readonly config: Config;
}

/** Small enough that many trackers follow one another in one process; ports are picked by the system. */
const DEFAULTS = `
log_level = "off"
log_console_interval = 0
api_key = "the-token-of-the-tests"
max_torrents = 20000
max_peers = 20000
max_list_entries = 2048
udp_workers = 1
`;

export const API_KEY = "the-token-of-the-tests";

/** How long starting and stopping may take. */
const START_MILLISECONDS = 20_000;
export const STOP_MILLISECONDS = 3_000;

export interface TrackerOptions {
  /** Lines of the configuration that replace those of the same key above. */
  settings?: string;
  udp?: readonly string[];
  http?: readonly string[];
  api?: readonly string[];
}

/** Starts a tracker that listens on the given addresses and on nothing else. Throws what startApp throws. */
export async function startTracker(options: TrackerOptions): Promise<RunningTracker> {
  const config = readConfig(options);
  const app = await withTimeLimit(startApp(config, "0.0.0-test"), START_MILLISECONDS);
  if (app === undefined) throw new Error(`the tracker did not start in ${START_MILLISECONDS} ms`);
  return { ...app, config };
}

/** Runs `use` with a tracker and stops it, which must not take longer than operators are promised. */
export async function withTracker(
  options: TrackerOptions,
  use: (tracker: RunningTracker) => Promise<void>,
): Promise<void> {
  const tracker = await startTracker(options);
  try {
    await use(tracker);
  } finally {
    await stopTracker(tracker);
  }
}

export async function stopTracker(tracker: RunningTracker): Promise<void> {
  const stopped = await withTimeLimit(tracker.stop().then(() => true), STOP_MILLISECONDS);
  if (stopped !== true) throw new Error(`the tracker did not stop in ${STOP_MILLISECONDS} ms`);
}

function readConfig({ settings = "", udp = [], http = [], api = [] }: TrackerOptions): Config {
  const result = parseConfig({ text: configText(settings, { udp, http, api }), file: "test.toml", env: {} });
  if ("problems" in result) throw new Error(result.problems.join("\n"));
  return result.config;
}

function configText(settings: string, binds: Record<"udp" | "http" | "api", readonly string[]>): string {
  const given = new Set(Array.from(settings.matchAll(/^(\w+) *=/gm), ([, key]) => key));
  const defaults = DEFAULTS.split("\n").filter((line) => !given.has(line.split(" ")[0]));
  // Keys of the top level come before all blocks.
  const blockStart = settings.search(/^\[/m);
  const top = blockStart < 0 ? settings : settings.slice(0, blockStart);
  const lines = [...defaults, top];
  const blocks: string[] = [];
  for (const [kind, addresses] of Object.entries(binds)) {
    const name = `${kind}_server`;
    if (addresses.length === 0 && !settings.includes(`[[${name}]]`)) lines.push(`${name} = []`);
    for (const address of addresses) blocks.push(`[[${name}]]\nbind_address = "${address}"`);
  }
  return [...lines, ...blocks, blockStart < 0 ? "" : settings.slice(blockStart)].join("\n");
}
