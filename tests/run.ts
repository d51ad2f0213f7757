// What `deno task test` runs. Arguments go to `deno test`: paths, or flags such as `--filter WORD`.
//
// The test files run one after the other, without `--parallel`: some measure time, some keep every core busy, and the
// end-to-end tests run their waits side by side by themselves. Types are left to `deno task check`.

import { resolve } from "node:path";
import process from "node:process";
import { descendantsOf, repositoryRoot, signalProcess, startTimeLimit } from "./support/program.ts";
import { readReport, summaryLine, type TestReport, withSkippedAsFailed } from "./support/test_report.ts";

/**
 * The rights of `deno task start`, and to run programs; the network is this machine's own, and two addresses that no
 * machine has.
 */
const permissions = [
  "--allow-net=127.0.0.0/8,[::1],localhost,0.0.0.0,[::],192.0.2.1,[2001:db8::1]",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  "--allow-ffi",
  "--allow-run",
];
const timeLimitMs = 25 * 60_000;

if (import.meta.main) process.exitCode = await main(Deno.args);

/** The exit code: 0 when tests ran and none failed. */
async function main(args: readonly string[]): Promise<number> {
  const reportPath = await Deno.makeTempFile({ prefix: "denotrack-tests-", suffix: ".xml" });
  try {
    const trouble = await runTests([...args, ...(args.some(isPath) ? [] : ["tests/"])], reportPath);
    const found = readReport(await Deno.readTextFile(reportPath));
    if (trouble !== undefined && found.failed.length === 0) found.failed.push(trouble);
    const report = process.env.CI === "true" ? withSkippedAsFailed(found) : found;
    printReport(report);
    return report.failed.length === 0 && report.passed > 0 ? 0 : 1;
  } finally {
    await Deno.remove(reportPath);
  }
}

/** Streams the tests' output. What went wrong with the run as a whole, or `undefined`. */
async function runTests(args: readonly string[], reportPath: string): Promise<string | undefined> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", ...permissions, `--junit-path=${reportPath}`, ...args],
    cwd: repositoryRoot,
    stdin: "null",
  }).spawn();
  const limit = startTimeLimit(timeLimitMs, () => {
    [child.pid, ...descendantsOf(child.pid)].forEach((pid) => signalProcess(pid, "SIGKILL"));
  });
  const { code, signal } = await child.status;
  limit.stop();
  if (limit.isOver) return `stopped after ${timeLimitMs / 60_000} minutes: a test does not come to an end`;
  if (signal !== null) return `the tests were ended by ${signal}`;
  return code === 0
    ? undefined
    : `deno test ended with code ${code}: outside any test, for instance at import`;
}

function printReport(report: TestReport): void {
  for (const { name, reason } of report.skipped) console.log(`skipped: ${name}: ${reason}`);
  for (const name of report.failed) console.log(`failed: ${name}`);
  if (report.failed.length + report.passed === 0) console.log("no test ran");
  console.log(summaryLine(report));
}

/** Whether an argument names a file or folder to test, rather than a flag or a flag's value. */
function isPath(arg: string, index: number, args: readonly string[]): boolean {
  if (arg.startsWith("-") || args[index - 1] === "--filter") return false;
  try {
    Deno.statSync(resolve(repositoryRoot, arg));
    return true;
  } catch {
    return false;
  }
}
