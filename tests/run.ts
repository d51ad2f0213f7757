// What `deno task test` runs. Arguments go to `deno test`: paths, or flags such as `--filter WORD`.
//
// The test files run one after the other, without `--parallel`: some measure time, some keep every core busy, and the
// end-to-end tests run their waits side by side by themselves. Types are left to `deno task check`.
//
// Those that start the program run a second time, against the executable, where a base binary for it is at hand.

import { resolve } from "node:path";
import process from "node:process";
import { descendantsOf, repositoryRoot, signalProcess, startTimeLimit } from "./support/program.ts";
import { makeExecutable } from "./support/executable.ts";
import {
  addReport,
  readReport,
  summaryLine,
  type TestReport,
  withSkippedAsFailed,
} from "./support/test_report.ts";

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

/** What runs again against the executable: the tests that start the program. */
const executableTests = [
  "tests/main_test.ts",
  "tests/health_test.ts",
  "tests/doctor/doctor_test.ts",
  "tests/e2e/clients_test.ts",
  "tests/e2e/executable_test.ts",
  "tests/e2e/kill_test.ts",
  "tests/e2e/private_test.ts",
  "tests/transfer/export_test.ts",
  "tests/transfer/import_test.ts",
];

if (import.meta.main) process.exitCode = await main(Deno.args);

/** The exit code: 0 when tests ran and none failed. */
async function main(args: readonly string[]): Promise<number> {
  const isStrict = process.env.CI === "true";
  const paths = args.filter(isPath);
  const flags = args.filter((arg) => !paths.includes(arg));
  const found = await runTests([...flags, ...(paths.length > 0 ? paths : ["tests/"])], {});
  const report = isStrict ? withSkippedAsFailed(found) : found;
  const again = executableTests.filter((file) =>
    paths.length === 0 || paths.some((path) => isBelow(file, path))
  );
  if (again.length > 0) addReport(report, "executable", await testExecutable([...flags, ...again], isStrict));
  printReport(report);
  return report.failed.length === 0 && report.passed > 0 ? 0 : 1;
}

/** A base binary comes from elsewhere, so that its absence is no failure, wherever the tests run. */
async function testExecutable(args: readonly string[], isStrict: boolean): Promise<TestReport> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-tests-" });
  try {
    const made = await makeExecutable(folder);
    if ("missing" in made) {
      return { passed: 0, failed: [], skipped: [{ name: "all tests against it", reason: made.missing }] };
    }
    console.log(`again, against the executable ${made.path}`);
    // Other users start it, too.
    await Deno.chmod(folder, 0o755);
    const found = await runTests(args, { DENOTRACK_TEST_EXECUTABLE: made.path });
    return isStrict ? withSkippedAsFailed(found) : found;
  } catch (error) {
    return { passed: 0, failed: [error instanceof Error ? error.message : String(error)], skipped: [] };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runTests(args: readonly string[], env: Record<string, string>): Promise<TestReport> {
  const reportPath = await Deno.makeTempFile({ prefix: "denotrack-tests-", suffix: ".xml" });
  try {
    const trouble = await runDeno(args, env, reportPath);
    const found = readReport(await Deno.readTextFile(reportPath));
    if (trouble !== undefined && found.failed.length === 0) found.failed.push(trouble);
    return found;
  } finally {
    await Deno.remove(reportPath);
  }
}

/** Streams the tests' output. What went wrong with the run as a whole, or `undefined`. */
async function runDeno(
  args: readonly string[],
  env: Record<string, string>,
  reportPath: string,
): Promise<string | undefined> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", ...permissions, `--junit-path=${reportPath}`, ...args],
    cwd: repositoryRoot,
    env,
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

/** Whether a test file is what an argument names, or lies in it. */
function isBelow(file: string, path: string): boolean {
  return `${resolve(repositoryRoot, file)}/`.startsWith(`${resolve(repositoryRoot, path)}/`);
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
