/** How long announces stand still while the tracker does something else. */
import { ask, save, stats, untilStats } from "./load/api_client.ts";
import { infoHashHex, type Population } from "./load/swarms.ts";
import { prefill } from "./load/udp_process.ts";
import { BOTH_CORES } from "./machine.ts";
import type { Plan } from "./plan.ts";
import { type Phase, startProbes } from "./probe/probes.ts";
import { startDenotrack } from "./servers/denotrack.ts";
import type { Server } from "./servers/server.ts";

export interface Stalls {
  readonly torrents: number;
  readonly peers: number;
  readonly listed: number;
  /** Whether the probes go before all other threads. */
  readonly areFirst: boolean;
  readonly phases: readonly Phase[];
}

/** The first is how the machine is when the tracker has nothing else to do. */
export const IDLE = "nothing else";
/** With these, announces wait behind each other at a server that has all it can do. */
export const SATURATED = "growth";

const PEER_TIMEOUT_SECONDS = 60;
const LIMIT_MILLISECONDS = 300_000;
/** Hashes of the lists are numbered from here on, so that they are others than the torrents'. */
const FIRST_LISTED = 1_000_000_000;

export async function measureStalls(
  plan: Plan,
  folder: string,
  say: (line: string) => void,
): Promise<Stalls> {
  const { torrents, peers, listed, seconds, removesPeers } = plan.stalls;
  const population: Population = { torrents, peers, isUniform: false };
  const server = await startDenotrack({
    name: "denotrack",
    folder,
    listens: ["udp", "http", "api"],
    cores: BOTH_CORES,
    keys: [
      "persistence = true",
      `db_path = "sqlite://${folder}/torrents.db"`,
      "persistence_interval = 86400",
      "interval = 30",
      "interval_minimum = 30",
      "interval_cleanup = 1",
      // A list of two million hashes at once.
      "api_body_limit = 256",
      `peer_timeout = ${PEER_TIMEOUT_SECONDS}`,
    ],
  });
  const hashes = listBody(listed);
  const probes = await startProbes(server, 2);
  const phases: Phase[] = [];
  const during = async (name: string, work: () => Promise<unknown>) => {
    const phase = await probes.during(name, work);
    phases.push(phase);
    const { udp, http, machine } = phase;
    say(
      `${name}: ${phase.seconds.toFixed(1)} s, longest UDP ${udp.longest.toFixed(1)} ms, HTTP ` +
        `${http.longest.toFixed(1)} ms, machine ${machine.toFixed(1)} ms`,
    );
  };
  await during(IDLE, () => pause(seconds));
  await during(SATURATED, () => prefill(server, population));
  // With interval_cleanup = 1 the tracker is sweeping nearly all of the time.
  await during("sweep", () => pause(seconds));
  await during("save", () => save(server, LIMIT_MILLISECONDS));
  await during("bulk POST to a list", () => ask(server, "/api/whitelist", { method: "POST", body: hashes }));
  await during("a list as a whole", () => ask(server, "/api/whitelist"));
  await during("torrents page by page", () => again(seconds, () => ask(server, "/api/torrents?limit=1000")));
  await during("torrents by rank", () => again(seconds, () => ask(server, RANKED)));
  await during("statistics", () => again(seconds, () => ask(server, "/api/stats")));
  await during("metrics, clients", () => again(seconds, () => askBoth(server)));
  if (removesPeers) {
    await during("sweep that removes all peers", () => untilStats(server, hasFewPeers, LIMIT_MILLISECONDS));
  }
  await probes.stop();
  say(`${(await stats(server)).torrents} torrents at the end`);
  await server.stop();
  return { torrents, peers, listed, areFirst: probes.areFirst, phases };
}

const RANKED = "/api/torrents?sort=seeders&active=true&limit=1000";

async function askBoth(server: Server): Promise<void> {
  await ask(server, "/metrics");
  await ask(server, "/api/clients");
}

/** The probes' own peers stay. */
function hasFewPeers({ seeds, peers }: { seeds: number; peers: number }): boolean {
  return seeds + peers < 10;
}

function listBody(count: number): string {
  return Array.from({ length: count }, (_, i) => infoHashHex(FIRST_LISTED + i)).join("\n");
}

async function again(seconds: number, work: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) await work();
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
