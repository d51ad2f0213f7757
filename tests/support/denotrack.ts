// How the tests start the program: from the source, or, in the second run of `deno task test`, as the executable.

import process from "node:process";
import { repositoryRoot } from "./program.ts";

/** The executable that this run is about; `undefined` where it is about the source. */
export const EXECUTABLE: string | undefined = process.env.DENOTRACK_TEST_EXECUTABLE;

/** The command that runs the program with these arguments. */
export function denotrackCommand(args: readonly string[]): string[] {
  if (EXECUTABLE !== undefined) return [EXECUTABLE, ...args];
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-check",
    "--allow-all",
    `${repositoryRoot}/main.ts`,
    ...args,
  ];
}

/** The variables of this process that are not for the program, and these. */
export function denotrackEnvironment(more: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("DENOTRACK_"));
  return { ...Object.fromEntries(inherited) as Record<string, string>, NO_COLOR: "1", ...more };
}
