// Stand-ins for Deno's base binary: what is compiled with one is written as always, but does not run.

import process from "node:process";
import { findProgram } from "./skip.ts";

/** Runs `use` with DENORT_BIN naming `folder`, in which a small program stands under this name. */
export async function withBaseBinary(name: string, folder: string, use: () => Promise<void>): Promise<void> {
  const before = process.env.DENORT_BIN;
  Deno.copyFileSync(findProgram("true")!, `${folder}/${name}`);
  process.env.DENORT_BIN = folder;
  try {
    await use();
  } finally {
    if (before === undefined) delete process.env.DENORT_BIN;
    else process.env.DENORT_BIN = before;
  }
}
