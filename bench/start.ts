/**
 * From the start of the program to its first answer, and its memory then: of dist/denotrack where `deno task compile` has
 * made one, of the source otherwise, or of the command that is given.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { executableName, permissions, THIS_MACHINE } from "../.ci/compile.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const RUNS = 11;

/** Long enough for what was allocated to start with to be let go. */
const SETTLE_MILLISECONDS = 1000;

const ANY_PORT = {
  DENOTRACK_UDP_SERVER__0__BIND_ADDRESS: "127.0.0.1:0",
  DENOTRACK_HTTP_SERVER__0__BIND_ADDRESS: "127.0.0.1:0",
  DENOTRACK_API_SERVER__0__BIND_ADDRESS: "127.0.0.1:0",
};

interface Figures {
  milliseconds: number;
  megabytes: number;
}

const command = Deno.args.length > 0 ? Deno.args : defaultCommand();
const runs: Figures[] = [];
for (let i = 0; i <= RUNS; i++) runs.push(await measure(command));
// The first run fills caches.
const [first, ...others] = runs;
console.log(`command              ${command.map((part) => part.replace(ROOT, "")).join(" ")}`);
if (command.length === 1) console.log(`size                 ${megabytes(Deno.statSync(command[0]).size)} MB`);
console.log(
  `to the first answer  ${
    Math.round(median(others.map(({ milliseconds }) => milliseconds)))
  } ms, median of ` +
    `${RUNS} starts; the very first ${Math.round(first.milliseconds)} ms`,
);
console.log(
  `memory then          ${median(others.map(({ megabytes }) => megabytes)).toFixed(0)} MB resident`,
);

function defaultCommand(): string[] {
  const executable = join(ROOT, "dist", executableName(THIS_MACHINE));
  if (isFile(executable)) return [executable];
  console.log("dist/denotrack is not there, so this is about the source; deno task compile makes it");
  return [Deno.execPath(), "run", ...permissions(), join(ROOT, "main.ts")];
}

async function measure([file, ...args]: readonly string[]): Promise<Figures> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-start-" });
  const began = performance.now();
  const child = new Deno.Command(file, { args, cwd: folder, env: ANY_PORT, stdout: "piped", stderr: "null" })
    .spawn();
  try {
    const api = await apiAddress(child.stdout);
    await (await fetch(`${api}/health`)).body?.cancel();
    const milliseconds = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
    return { milliseconds, megabytes: residentMegabytes(child.pid) };
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
}

/** The API's, as the program's log tells it. */
async function apiAddress(log: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const reader = log.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended before it served:\n${text}`);
    text += value;
    const found = /the API is at (\S+)\/api\//.exec(text);
    if (found !== null) return found[1];
  }
}

/** Read by another program, since Deno itself wants every permission for it. */
function residentMegabytes(pid: number): number {
  const { stdout } = new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] }).outputSync();
  return Number(new TextDecoder().decode(stdout)) / 1024;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
