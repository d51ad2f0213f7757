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
