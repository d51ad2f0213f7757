/**
 * The servers that this tracker is compared with, each started in the form that suits it best on one core. `undefined`
 * stands for one that is not installed here; `reasonMissing` says so.
 */
import type { CertificateFiles } from "../../tests/support/certificate.ts";
import { findProgram } from "../../tests/support/skip.ts";
import { freePort, repositoryRoot } from "../../tests/support/program.ts";
import { infoHashHex } from "../load/swarms.ts";
import { installedNpmTracker } from "./npm_install.ts";
import { type Server, startServer } from "./server.ts";

const HOST = "127.0.0.1";

/** Where `cargo install aquatic_udp --root /opt/aquatic` puts it, when it is not in PATH. */
const AQUATIC_PLACES = ["aquatic_udp", "/opt/aquatic/bin/aquatic_udp"];

/** The batched or portable null responder, with so many peers in an answer. */
export function startNullResponder(name: string, isPortable: boolean, peers: number): Promise<Server> {
  const program = `${repositoryRoot}/bench/servers/null_responder.ts`;
  const flags = ["--peers", `${peers}`, ...(isPortable ? ["--portable"] : [])];
  return startServer({
    name,
    command: [Deno.execPath(), "run", "--allow-all", program, ...flags],
    ready: /listening on \d+/,
    ports: (output) => ({ udpPort: Number(/listening on (\d+)/.exec(output)![1]) }),
  });
}

/** A Hono route that answers every announce with the same bytes, over HTTP and HTTPS. */
export function startNullRoute(
  name: string,
  peers: number,
  certificate: CertificateFiles,
): Promise<Server> {
  const program = `${repositoryRoot}/bench/servers/null_route.ts`;
  const flags = ["--peers", `${peers}`, "--certificate", certificate.certPath, "--key", certificate.keyPath];
  return startServer({
    name,
    command: [Deno.execPath(), "run", "--allow-all", program, ...flags],
    ready: /listening on \d+ \d+/,
    ports: (output) => {
      const [, http, https] = /listening on (\d+) (\d+)/.exec(output)!;
      return { httpPort: Number(http), httpsPort: Number(https) };
    },
  });
}

/** Debian's opentracker. It serves only what is on its whitelist, so it gets all torrents of the load there. */
export async function startOpentracker(
  name: string,
  folder: string,
  torrents: number,
): Promise<Server | undefined> {
  const program = findProgram("opentracker");
  if (program === undefined) return undefined;
  const directory = `${folder}/opentracker`;
  Deno.mkdirSync(directory, { recursive: true });
  // It changes its root to this directory and gives up its rights: anybody must be able to read the list there.
  Deno.chmodSync(folder, 0o755);
  await writeWhitelist(`${directory}/whitelist`, torrents);
  const port = freePort(HOST);
  return startServer({
    name,
    command: [program, "-i", HOST, "-p", `${port}`, "-P", `${port}`, "-d", directory, "-w", "whitelist"],
    ports: () => ({ udpPort: port, httpPort: port }),
  });
}

/** aquatic_udp, only where somebody has built it: building takes minutes. */
export async function startAquatic(name: string, folder: string): Promise<Server | undefined> {
  const program = findAquatic();
  if (program === undefined) return undefined;
  const port = freePort(HOST);
  const config = `${folder}/aquatic.toml`;
  // One socket worker, which keeps the swarms itself; its own statistics and access list are off by default.
  Deno.writeTextFileSync(
    config,
    `socket_workers = 1\n[network]\naddress = "${HOST}:${port}"\n[protocol]\nmax_response_peers = 30\n`,
  );
  return await startServer({
    name,
    command: [program, "-c", config],
    ports: () => ({ udpPort: port }),
  });
}

/** npm's bittorrent-tracker on Node.js. */
export async function startNpmTracker(name: string): Promise<Server | undefined> {
  const installed = await installedNpmTracker();
  if (installed === undefined) return undefined;
  return startServer({
    name,
    command: ["node", `${repositoryRoot}/bench/servers/npm_tracker.mjs`, installed],
    ready: /listening on \d+ \d+/,
    ports: (output) => {
      const [, udp, http] = /listening on (\d+) (\d+)/.exec(output)!;
      return { udpPort: Number(udp), httpPort: Number(http) };
    },
  });
}

/** Why a server cannot be started here, `undefined` where it can. */
export async function reasonMissing(server: "opentracker" | "aquatic" | "npm"): Promise<string | undefined> {
  switch (server) {
    case "opentracker":
      return findProgram("opentracker") === undefined ? "opentracker is not installed" : undefined;
    case "aquatic":
      return findAquatic() === undefined
        ? "aquatic_udp is not built: cargo install aquatic_udp --root /opt/aquatic"
        : undefined;
    case "npm":
      return await installedNpmTracker() === undefined
        ? "bittorrent-tracker could not be installed by npm"
        : undefined;
  }
}

function findAquatic(): string | undefined {
  return AQUATIC_PLACES.map((place) => place.includes("/") && isFile(place) ? place : findProgram(place))
    .find((path) => path !== undefined);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function writeWhitelist(path: string, torrents: number): Promise<void> {
  const STEP = 100_000;
  using file = await Deno.open(path, { create: true, write: true, truncate: true });
  const writer = file.writable.getWriter();
  for (let first = 0; first < torrents; first += STEP) {
    const count = Math.min(STEP, torrents - first);
    const lines = Array.from({ length: count }, (_, i) => `${infoHashHex(first + i)}\n`).join("");
    await writer.write(new TextEncoder().encode(lines));
  }
  await writer.close();
}
