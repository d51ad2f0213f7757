/** npm's bittorrent-tracker, installed once into a folder of its own outside the repository. */
import { tmpdir } from "node:os";
import { spawnSync } from "node:child_process";

const PACKAGE = "bittorrent-tracker";
const VERSION = "11.2.3";
const INSTALL_MILLISECONDS = 120_000;

let known: Promise<string | undefined> | undefined;

/** The folder that has it in `node_modules`; `undefined` where Node.js or npm are missing or the network fails. */
export function installedNpmTracker(): Promise<string | undefined> {
  return known ??= Promise.resolve(install());
}

function install(): string | undefined {
  const folder = `${Deno.env.get("DENO_DIR") ?? tmpdir()}/denotrack-bench-${PACKAGE}-${VERSION}`;
  if (isInstalled(folder)) return folder;
  if (spawnSync("node", ["--version"]).status !== 0) return undefined;
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${folder}/package.json`, "{}");
  // Its clients for browsers want a compiler at the installation; the server does without them.
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  spawnSync("npm", ["install", ...flags, `${PACKAGE}@${VERSION}`], {
    cwd: folder,
    timeout: INSTALL_MILLISECONDS,
  });
  return isInstalled(folder) ? folder : undefined;
}

function isInstalled(folder: string): boolean {
  try {
    return Deno.statSync(`${folder}/node_modules/${PACKAGE}/server.js`).isFile;
  } catch {
    return false;
  }
}
