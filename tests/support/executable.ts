// The executable for the second run of the tests, where a base binary for it is at hand.

import { existsSync } from "node:fs";
import process from "node:process";
import { compile, executableName, THIS_MACHINE } from "../../.ci/compile.ts";
import { repositoryRoot } from "./program.ts";

/** Beside the checkout, where several checkouts can share it. */
const SHARED_BASE_BINARY = `${repositoryRoot}/../shared/denort/denort`;

/**
 * Compiles it into `folder`; or says why it cannot be, for want of a base binary. Nothing is fetched for it. Throws a
 * CompileError when there is a base binary and it does not do.
 */
export async function makeExecutable(folder: string): Promise<{ path: string } | { missing: string }> {
  const given = process.env.DENORT_BIN ?? "";
  if (given === "" && existsSync(SHARED_BASE_BINARY)) process.env.DENORT_BIN = SHARED_BASE_BINARY;
  else if (given === "" && !isDownloaded()) {
    return {
      missing:
        `no base binary: DENORT_BIN is not set, ../shared/denort/denort is not there, and none is downloaded ` +
        `(deno task compile does it)`,
    };
  }
  const path = `${folder}/${executableName(THIS_MACHINE)}`;
  await compile(THIS_MACHINE, path);
  return { path };
}

/** Whether Deno has fetched it before. */
function isDownloaded(): boolean {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string };
  return existsSync(`${denoDir}/dl/release/v${Deno.version.deno}/denort-${THIS_MACHINE.triple}.zip`);
}
