// The real program, started as its operator starts it: `deno task start --config FILE` in the repository's root, or the
// executable with the same arguments.

import { EXECUTABLE } from "./denotrack.ts";
import { descendantsOf, isRunning, repositoryRoot, signalProcess, startProgram } from "./program.ts";

export interface TrackerProcessOptions {
  /** For the configuration and whatever the program writes; the caller's, who removes it. */
  directory: string;
  /** `HOST:PORT` of each block; port 0 lets the system choose. */
  udp?: readonly string[];
  http?: readonly string[];
  https?: readonly string[];
  api?: readonly string[];
  /** PEM files, wanted with `https`. */
  certificate?: { certPath: string; keyPath: string };
  /** More keys, as TOML values: `{ interval: "5", db_path: '"sqlite://x.db"' }`. */
  keys?: Record<string, string>;
  /** Rewrites the command, for instance to start it in a network namespace. */
  inside?: (command: readonly string[]) => readonly string[];
  timeLimitMs?: number;
}

export interface TrackerProcess {
  /** The announce URLs that the program logged, such as `udp://127.0.0.1:40123/announce`. */
  readonly announceUrls: readonly string[];
  /** Roots of the API, such as `http://127.0.0.1:40125`. */
  readonly apiUrls: readonly string[];
  readonly configPath: string;
  /** The program's own process, which `deno task` has below its own. */
  readonly pid: number;
  output(): string;
  /** The one URL that starts like this, such as `udp://127.0.0.1:`. */
  announceUrl(start: string): string;
  /** SIGTERM, then checks that it ended with code 0 in time and left no process behind. */
  stop(): Promise<void>;
}

const startLimitMs = 60_000;
const stopLimitMs = 10_000;

export async function startTrackerProcess(options: TrackerProcessOptions): Promise<TrackerProcess> {
  const configPath = `${options.directory}/config.toml`;
  Deno.writeTextFileSync(configPath, trackerConfig(options));
  const program = EXECUTABLE === undefined ? ["deno", "task", "start"] : [EXECUTABLE];
  const command = [...program, "--config", configPath];
  const task = startProgram({
    command: options.inside === undefined ? command : options.inside(command),
    directory: repositoryRoot,
    environment: { NO_COLOR: "1" },
  });
  const expected = blocksOf(options).filter((block) => block.table !== "api_server").length;
  const apiExpected = (options.api ?? []).length;
  try {
    const isUp = (text: string) =>
      loggedAnnounceUrls(text).length >= expected && loggedApiUrls(text).length >= apiExpected;
    await task.waitForOutput(isUp, options.timeLimitMs ?? startLimitMs);
  } catch (error) {
    await endAll(task.pid);
    throw error;
  }
  const announceUrls = loggedAnnounceUrls(task.output());
  return {
    announceUrls,
    apiUrls: loggedApiUrls(task.output()),
    configPath,
    pid: descendantsOf(task.pid).at(-1) ?? task.pid,
    output: task.output,
    announceUrl: (start) => {
      const url = announceUrls.find((candidate) => candidate.startsWith(start));
      if (url === undefined) throw new Error(`no announce URL ${start}… among ${announceUrls.join(" ")}`);
      return url;
    },
    stop: () => stopTask(task),
  };
}

/** A configuration for tests: the given blocks, nothing else listening, short intervals. */
export function trackerConfig(options: TrackerProcessOptions): string {
  const keys = {
    log_console_interval: "0",
    interval: "5",
    interval_minimum: "5",
    api_key: '"a key for the tests"',
    ...options.keys,
  };
  const blocks = blocksOf(options);
  const lines = Object.entries(keys).map(([key, value]) => `${key} = ${value}`);
  // A kind of block that is left out falls back to its default: a fixed port, which may be taken.
  for (const table of ["udp_server", "http_server", "api_server"]) {
    if (!blocks.some((block) => block.table === table)) lines.push(`${table} = []`);
  }
  for (const { table, address, isSecure } of blocks) {
    lines.push("", `[[${table}]]`, "enabled = true", `bind_address = "${address}"`);
    if (!isSecure) continue;
    if (options.certificate === undefined) throw new Error("https wants a certificate");
    lines.push("ssl = true", `ssl_cert = "${options.certificate.certPath}"`);
    lines.push(`ssl_key = "${options.certificate.keyPath}"`);
  }
  return lines.join("\n") + "\n";
}

/** The announce URLs in the program's output, each once, in order. */
export function loggedAnnounceUrls(output: string): string[] {
  return [...new Set(output.match(/\b(?:udp|https?):\/\/[^\s"'/]+:\d+\/announce\b/g) ?? [])];
}

/** The roots of the API in the program's output: the URLs that lead to `/api…` or `/webgui…`. */
export function loggedApiUrls(output: string): string[] {
  const urls = output.matchAll(/\b(https?:\/\/[^\s"'/]+:\d+)\/(?:api|webgui)\b/g);
  return [...new Set([...urls].map((match) => match[1]!))];
}

function blocksOf(options: TrackerProcessOptions) {
  const block = (table: string, isSecure: boolean) => (address: string) => ({ table, address, isSecure });
  return [
    ...(options.udp ?? []).map(block("udp_server", false)),
    ...(options.http ?? []).map(block("http_server", false)),
    ...(options.https ?? []).map(block("http_server", true)),
    ...(options.api ?? []).map(block("api_server", false)),
  ];
}

async function stopTask(task: ReturnType<typeof startProgram>): Promise<void> {
  const family = [task.pid, ...descendantsOf(task.pid)];
  // `deno task` passes SIGTERM on to the program and ends with its exit code.
  signalProcess(task.pid, "SIGTERM");
  let code: number | undefined;
  try {
    code = (await task.waitForExit(stopLimitMs)).code;
  } finally {
    if (code === undefined) await endAll(task.pid);
  }
  const left = family.filter(isRunning);
  left.forEach((pid) => signalProcess(pid, "SIGKILL"));
  if (left.length > 0) throw new Error(`processes left behind: ${left.join(", ")}\n${task.output()}`);
  if (code !== 0) throw new Error(`the tracker ended with code ${code}:\n${task.output()}`);
}

/** The last resort, so that a failed test leaves nothing running. */
async function endAll(pid: number): Promise<void> {
  const family = [pid, ...descendantsOf(pid)];
  family.forEach((member) => signalProcess(member, "SIGKILL"));
  for (let i = 0; i < 100 && family.some(isRunning); i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
