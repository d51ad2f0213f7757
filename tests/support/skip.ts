// Tests that need something of the machine. Where it is missing they are skipped, with the reason in their name; where
// CI is "true" they fail instead, so that nothing is quietly left untested.

import process from "node:process";
import { spawnSync } from "node:child_process";
import { type Libc, openLibc } from "../../src/transport/linux_ffi.ts";

export interface Needs {
  /** Programs that must be found in PATH. */
  programs?: readonly string[];
  /** Modules that Debian's own Python must be able to import. */
  pythonModules?: readonly string[];
  /** Network and mount namespaces of one's own (Linux, root). */
  namespaces?: boolean;
  /** The right to become another user. */
  root?: boolean;
  /** Operating systems, as `Deno.build.os` names them. */
  systems?: readonly string[];
}

export type TestBody = (context: Deno.TestContext) => void | Promise<void>;

/**
 * A test that runs only where its needs are met, to be registered where it is written, so that reports name the right
 * file: `Deno.test(withNeeds({ programs: ["aria2c"] }, "a name", body))`.
 */
export function withNeeds(needs: Needs, name: string, body: TestBody): Deno.TestDefinition {
  return unless(missingNeed(needs), name, body);
}

/** As `withNeeds`, for a test that makes the system calls of Linux. */
export function withLibc(name: string, body: (libc: Libc) => void | Promise<void>): Deno.TestDefinition {
  const libc = openLibc();
  return "unavailable" in libc ? unless(libc.unavailable, name, () => {}) : { name, fn: () => body(libc) };
}

function unless(reason: string | undefined, name: string, body: TestBody): Deno.TestDefinition {
  if (reason === undefined) return { name, fn: body };
  if (process.env.CI !== "true") return { name: skippedName(name, reason), ignore: true, fn: body };
  return {
    name,
    fn: () => {
      throw new Error(`skipped tests are failures when CI=true, and this one would be: ${reason}`);
    },
  };
}

/** How a skipped test is called; `tests/run.ts` takes the reason from between the brackets. */
export function skippedName(name: string, reason: string): string {
  return `${name} [skipped: ${reason}]`;
}

/** The first need that this machine does not meet, in words; `undefined` when it meets all. */
export function missingNeed(needs: Needs): string | undefined {
  if (needs.systems !== undefined && !needs.systems.includes(Deno.build.os)) {
    return `needs ${needs.systems.join(" or ")}, this is ${Deno.build.os}`;
  }
  const missing = (needs.programs ?? []).filter((program) => findProgram(program) === undefined);
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  const modules = (needs.pythonModules ?? []).filter((module) => !canImport(module));
  if (modules.length > 0) return `not installed: ${modules.map((module) => `python3-${module}`).join(", ")}`;
  if (needs.root === true && Deno.uid() !== 0) return "not root";
  if (needs.namespaces === true && !canMakeNamespaces()) return "no right to make network namespaces";
  return undefined;
}

/** The full path of a program in PATH. */
export function findProgram(name: string): string | undefined {
  const isWindows = Deno.build.os === "windows";
  for (const directory of (process.env.PATH ?? "").split(isWindows ? ";" : ":")) {
    const path = `${directory}/${name}${isWindows ? ".exe" : ""}`;
    try {
      const info = Deno.statSync(path);
      if (info.isFile && (isWindows || ((info.mode ?? 0) & 0o111) !== 0)) return path;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

/** Debian's own Python, which is the one that has Debian's modules. */
export const PYTHON = "/usr/bin/python3";

function canImport(module: string): boolean {
  return spawnSync(PYTHON, ["-c", `import ${module}`]).status === 0;
}

let namespacesKnown: boolean | undefined;

function canMakeNamespaces(): boolean {
  namespacesKnown ??=
    spawnSync("unshare", ["--net", "--mount", "ip", "link", "set", "lo", "up"]).status === 0;
  return namespacesKnown;
}
