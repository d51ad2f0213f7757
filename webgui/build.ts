/**
 * Bundles the web interface's script into webgui/dist, unless what is there was made of the same sources. With
 * `--if-possible` a failure is a warning: a tracker serves clients without its web interface.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("./", import.meta.url);
const DIST = new URL("dist/", FOLDER);
/** Holds the digest of the sources that the rest was made of. */
const STAMP = new URL("sources.sha256", DIST);

if (import.meta.main) await main(Deno.args.includes("--if-possible"));

async function main(isOptional: boolean): Promise<void> {
  try {
    await build();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`${isOptional ? "warning: " : ""}the web interface was not built: ${reason}`);
    if (!isOptional) Deno.exit(1);
  }
}

/** Builds beside the old file and then moves the new one there, so that builds side by side do no harm. */
async function build(): Promise<void> {
  const sources = digestOfSources();
  if (readStamp() === sources) return;
  const folder = new URL(`dist-${Deno.pid}/`, FOLDER);
  Deno.mkdirSync(folder, { recursive: true });
  try {
    const script = new URL("app.js", folder);
    await bundle(new URL("source/app.tsx", FOLDER), script);
    Deno.mkdirSync(DIST, { recursive: true });
    Deno.renameSync(script, new URL("app.js", DIST));
    Deno.writeTextFileSync(STAMP, sources);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function bundle(entry: URL, output: URL): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--minify",
      "--platform=browser",
      "--output",
      fileURLToPath(output),
      fileURLToPath(entry),
    ],
    cwd: FOLDER,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}

/** The libraries are known by the lock file, and how to build by this one. */
function digestOfSources(): string {
  const hash = createHash("sha256").update(Deno.version.deno);
  const sources = [...Deno.readDirSync(new URL("source/", FOLDER))].map(({ name }) => `source/${name}`);
  for (const path of [...sources.sort(), "build.ts", "../deno.json", "../deno.lock"]) {
    hash.update(`\n${path}\n`).update(Deno.readFileSync(new URL(path, FOLDER)));
  }
  return hash.digest("hex");
}

function readStamp(): string {
  try {
    return Deno.readTextFileSync(STAMP);
  } catch {
    return "";
  }
}
