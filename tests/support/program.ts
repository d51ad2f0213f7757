// A program started by a test: its output is collected, every wait has an end, and it is ended by its own process id.

import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How to start a program. `command` is the program and its arguments. */
export interface ProgramOptions {
  command: readonly string[];
  directory?: string;
  /** Variables beside those that it inherits. */
  environment?: Record<string, string>;
}

export interface Program {
  readonly pid: number;
  /** Everything written to stdout and stderr up to now, in the order in which it was read. */
  output(): string;
  /** Resolves with the output as soon as `found` accepts it; throws when time is up or the program has ended. */
  waitForOutput(found: (output: string) => boolean, timeLimitMs: number): Promise<string>;
  /** Resolves when the program has ended; throws when time is up. */
  waitForExit(timeLimitMs: number): Promise<Deno.CommandStatus>;
  /** SIGTERM, then SIGKILL when it has not ended within `timeLimitMs`. Does nothing to a program that has ended. */
  stop(timeLimitMs?: number): Promise<Deno.CommandStatus>;
}

/** The repository's root, without a slash at the end. */
export const repositoryRoot: string = fileURLToPath(new URL("../../", import.meta.url)).replace(/[/\\]$/, "");

/** Kept for the message of a failed test; a client that talks without end must not fill the memory. */
const maxOutputChars = 400_000;
const pollMs = 20;

export function startProgram(options: ProgramOptions): Program {
  const [file, ...args] = options.command;
  if (file === undefined) throw new Error("no program named");
  const child = new Deno.Command(file, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
    clearEnv: true,
    env: { ...inheritedEnvironment(), ...options.environment },
  }).spawn();
  return watchProgram(file, child);
}

/** The variables of this process, but for those that are settings of denotrack, or of its tests. */
export function inheritedEnvironment(): Record<string, string> {
  const variables = Object.entries(Deno.env.toObject());
  return Object.fromEntries(variables.filter(([name]) => !name.startsWith("DENOTRACK_")));
}

/** Takes over a child whose stdout and stderr are piped. */
export function watchProgram(name: string, child: Deno.ChildProcess): Program {
  let text = "";
  let status: Deno.CommandStatus | undefined;
  const append = (more: string) => text = (text + more).slice(-maxOutputChars);
  // The streams end with the program, so waiting for them before calling it ended loses no last words.
  const ended = Promise.all([child.status, collect(child.stdout, append), collect(child.stderr, append)])
    .then(([childStatus]) => status = childStatus);

  async function waitForOutput(found: (output: string) => boolean, timeLimitMs: number): Promise<string> {
    const deadline = Date.now() + timeLimitMs;
    while (!found(text)) {
      if (status !== undefined) throw new Error(`${name} ended with code ${status.code}:\n${text}`);
      if (Date.now() > deadline) {
        throw new Error(`${name}: nothing expected in ${timeLimitMs} ms; it wrote:\n${text}`);
      }
      await delay(pollMs);
    }
    return text;
  }

  async function waitForExit(timeLimitMs: number): Promise<Deno.CommandStatus> {
    const result = await withTimeLimit(ended, timeLimitMs);
    if (result === undefined) throw new Error(`${name} did not end in ${timeLimitMs} ms:\n${text}`);
    return result;
  }

  async function stop(timeLimitMs = 10_000): Promise<Deno.CommandStatus> {
    if (status !== undefined) return status;
    signalProcess(child.pid, "SIGTERM");
    const result = await withTimeLimit(ended, timeLimitMs);
    if (result !== undefined) return result;
    signalProcess(child.pid, "SIGKILL");
    return await ended;
  }

  return { pid: child.pid, output: () => text, waitForOutput, waitForExit, stop };
}

/** Resolves with the promise's value, or with `undefined` when time is up first. */
export async function withTimeLimit<T>(promise: Promise<T>, timeLimitMs: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeLimitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until `done` says yes; false when time is up. */
export async function pollUntil(done: () => Promise<boolean>, timeLimitMs: number): Promise<boolean> {
  const deadline = Date.now() + timeLimitMs;
  while (!await done()) {
    if (Date.now() > deadline) return false;
    await delay(100);
  }
  return true;
}

/** Calls `onOver` when time is up, unless stopped before. */
export function startTimeLimit(
  timeLimitMs: number,
  onOver: () => void,
): { stop(): void; readonly isOver: boolean } {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    onOver();
  }, timeLimitMs);
  return {
    stop: () => clearTimeout(timer),
    get isOver() {
      return isOver;
    },
  };
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The ids of a process's children, their children and so on (Linux). */
export function descendantsOf(pid: number): number[] {
  const children = readProcess(`${pid}/task/${pid}/children`).split(" ").filter((part) => part.trim() !== "");
  return children.map(Number).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** A zombie has ended already; it only waits for its parent to take notice. */
export function isRunning(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(readProcess(`${pid}/status`));
}

/** A process that has ended meanwhile is what the sender wanted. */
export function signalProcess(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** A TCP and UDP port that was free a moment ago, for programs that cannot choose one themselves. */
export function freePort(hostname: string): number {
  for (let attempt = 0; attempt < 50; attempt++) {
    const tcp = Deno.listen({ hostname, port: 0 });
    try {
      const port = tcp.addr.port;
      Deno.listenDatagram({ hostname, port, transport: "udp" }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    } finally {
      tcp.close();
    }
  }
  throw new Error(`no free port on ${hostname}`);
}

async function collect(stream: ReadableStream<Uint8Array>, append: (text: string) => void): Promise<void> {
  for await (const chunk of stream) append(Buffer.from(chunk).toString("utf8"));
}

/** A file below /proc, "" when it is not there. Deno itself reads these only with every permission, which tests lack. */
function readProcess(path: string): string {
  return spawnSync("cat", [`/proc/${path}`], { encoding: "utf8" }).stdout ?? "";
}
