/** The machine that a run was made on, and how programs are kept apart on it. Linux. */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { repositoryRoot } from "../tests/support/program.ts";

/** The core that a server has for itself, and the one that the load and everything else share. */
export const SERVER_CORE = "1";
export const LOAD_CORE = "0";
export const BOTH_CORES = "0,1";

export interface Machine {
  processor: string;
  cores: number;
  memoryGigabytes: number;
  kernel: string;
  deno: string;
  node: string;
  commit: string;
  /** The share of all cores that others took just before, while the benchmark itself slept. */
  busyBeforehand: number;
}

const LOOK_MILLISECONDS = 500;

export async function describeMachine(): Promise<Machine> {
  const before = processorTimes();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  const after = processorTimes();
  return {
    processor: found(/model name\s*:\s*(.+)/, Deno.readTextFileSync("/proc/cpuinfo")),
    cores: availableParallelism(),
    memoryGigabytes: Math.round(Deno.systemMemoryInfo().total / 1e9),
    kernel: Deno.osRelease(),
    deno: Deno.version.deno,
    node: outputOf("node", "--version"),
    commit: outputOf("git", "rev-parse", "--short", "HEAD"),
    busyBeforehand: (after.busy - before.busy) / (after.all - before.all),
  };
}

/** A command that runs on those cores only. */
export function pinned(cores: string, command: readonly string[]): string[] {
  return ["taskset", "--cpu-list", cores, ...command];
}

/** Moves a running process with all of its threads. */
export function pinRunning(pid: number, cores: string): void {
  spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", cores, `${pid}`]);
}

/** Moves this process and its threads to the load's core, so that it never runs on the server's. */
export function pinMyself(): void {
  pinRunning(Deno.pid, LOAD_CORE);
}

/** Why nothing can be measured here; `undefined` where it can. */
export function missingMachine(): string | undefined {
  if (Deno.build.os !== "linux") {
    return `this measures through /proc and libc of Linux, not on ${Deno.build.os}`;
  }
  if (spawnSync("taskset", ["--version"]).status !== 0) return "taskset (util-linux) is not installed";
  return availableParallelism() < 2 ? "one core for the server and one for the load are wanted" : undefined;
}

/** Ticks of all cores since the start of the machine: idle and waiting for disks are not busy, stolen time is. */
function processorTimes(): { busy: number; all: number } {
  const [line] = Deno.readTextFileSync("/proc/stat").split("\n");
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, each) => sum + each, 0);
  return { all, busy: all - ticks[3] - ticks[4] };
}

function found(pattern: RegExp, text: string): string {
  return pattern.exec(text)?.[1]?.trim() ?? "unknown";
}

function outputOf(program: string, ...args: string[]): string {
  const { status, stdout } = spawnSync(program, args, { cwd: repositoryRoot, encoding: "utf8" });
  return status === 0 ? stdout.trim() : "none";
}
