/** A server under measurement: started on its core, known by its process id, and ended whatever happens. */
import { type Program, type ProgramOptions, startProgram } from "../../tests/support/program.ts";
import { pinned, SERVER_CORE } from "../machine.ts";

export interface Server {
  readonly name: string;
  readonly pid: number;
  readonly udpPort: number;
  /** Ports for HTTP and HTTPS; 0 where it has none. */
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly apiPort: number;
  /** Everything that it wrote. */
  output(): string;
  /** Resolves with the output once the pattern is found in it; throws when time is up. */
  logged(pattern: RegExp, timeLimitMs?: number): Promise<string>;
  signal(signal: Deno.Signal): void;
  /** Gives the seconds that the stop took. */
  stop(): Promise<number>;
}

/** The ports of a server, in the order in which programs are given them. */
export type Ports = Partial<Pick<Server, "udpPort" | "httpPort" | "httpsPort" | "apiPort">>;

const START_MILLISECONDS = 60_000;
const STOP_MILLISECONDS = 60_000;

/** All that run now, so that none outlives the benchmark. */
const running = new Set<Program>();
/** Once everything is being ended, nothing new begins. */
let isEnding = false;

export interface ServerOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly cores?: string;
  readonly directory?: string;
  /** What it writes when it is ready; without it, it counts as ready at once. */
  readonly ready?: RegExp;
  readonly timeLimitMs?: number;
  /** Reads the ports from what it wrote. */
  readonly ports: (output: string) => Ports;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const program = begin({
    command: pinned(options.cores ?? SERVER_CORE, options.command),
    environment: { NO_COLOR: "1" },
    ...(options.directory === undefined ? {} : { directory: options.directory }),
  });
  const { ready, timeLimitMs = START_MILLISECONDS } = options;
  if (ready !== undefined) await program.waitForOutput((text) => ready.test(text), timeLimitMs);
  return {
    name: options.name,
    pid: program.pid,
    udpPort: 0,
    httpPort: 0,
    httpsPort: 0,
    apiPort: 0,
    ...options.ports(program.output()),
    output: program.output,
    logged: (pattern, limit = START_MILLISECONDS) =>
      program.waitForOutput((text) => pattern.test(text), limit),
    signal: (signal) => Deno.kill(program.pid, signal),
    async stop() {
      const began = performance.now();
      await program.stop(STOP_MILLISECONDS);
      running.delete(program);
      return (performance.now() - began) / 1000;
    },
  };
}

/** Runs a program of the load to its end and gives what it wrote; throws when it fails or time is up. */
export async function runOnce(
  command: readonly string[],
  cores: string,
  timeLimitMs: number,
): Promise<string> {
  const program = begin({ command: pinned(cores, command), environment: { NO_COLOR: "1" } });
  try {
    const { code } = await program.waitForExit(timeLimitMs);
    if (code !== 0) throw new Error(`${command.join(" ")} ended with code ${code}:\n${program.output()}`);
    return program.output();
  } finally {
    await program.stop(0);
    running.delete(program);
  }
}

function begin(options: ProgramOptions): Program {
  if (isEnding) throw new Error("the benchmark is being ended");
  const program = startProgram(options);
  running.add(program);
  return program;
}

/** Ends everything that still runs, without waiting for it to save anything; nothing can be started afterwards. */
export async function endAll(): Promise<void> {
  isEnding = true;
  await Promise.all([...running].map((program) => program.stop(0)));
  running.clear();
}
