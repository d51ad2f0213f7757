/** The UDP load in a process of its own, on its own core, so that no run inherits anything from the one before. */
import type { Population } from "./swarms.ts";
import { LOAD_CORE } from "../machine.ts";
import { runOnce, type Server } from "../servers/server.ts";
import type { UdpResult } from "../udp_load.ts";

const LIMIT_MILLISECONDS = 180_000;

/** Runs `bench/udp_load.ts` with these flags against the server. */
export async function runUdpLoad(
  server: Server,
  { torrents, peers, isUniform, firstTorrent = 0 }: Population,
  flags: readonly string[],
  timeLimitMs = LIMIT_MILLISECONDS,
): Promise<UdpResult> {
  const program = new URL("../udp_load.ts", import.meta.url).pathname;
  const target = ["--port", `${server.udpPort}`, "--pid", `${server.pid}`, "--json"];
  const whom = ["--torrents", `${torrents}`, "--peers", `${peers}`];
  const which = ["--first-torrent", `${firstTorrent}`, ...(isUniform ? ["--uniform"] : [])];
  const command = [Deno.execPath(), "run", "--allow-all", program, ...target, ...whom, ...which, ...flags];
  return JSON.parse(await runOnce(command, LOAD_CORE, timeLimitMs));
}

/** Every peer announces once; gives a line about it. */
export async function prefill(server: Server, population: Population, timeLimitMs?: number): Promise<string> {
  const { prefill } = await runUdpLoad(server, population, ["--prefill", "--seconds", "0"], timeLimitMs);
  const { announces, lost, seconds } = prefill!;
  return `${announces} peers announced in ${seconds.toFixed(1)} s, ${lost} were lost`;
}
