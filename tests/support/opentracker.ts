// Debian's opentracker as a stand-in for the program: when a transfer fails, `E2E_TRACKER=opentracker deno task test
// tests/e2e` tells whether the client drivers or the tracker are to blame. It speaks IPv4 only, and serves only the
// torrents of its whitelist.

import { freePort, startProgram } from "./program.ts";
import type { NetworkNamespace } from "./network_namespace.ts";
import { inside } from "./torrent_client.ts";

export interface Opentracker {
  urls: string[];
  stop(): Promise<void>;
}

export async function startOpentracker(
  directory: string,
  address: string,
  infoHashes: readonly string[],
  namespace: NetworkNamespace | undefined,
): Promise<Opentracker> {
  // It changes its root to `directory` and gives up its rights, so the list must be readable to anybody there.
  Deno.chmodSync(directory, 0o755);
  Deno.writeTextFileSync(`${directory}/whitelist`, infoHashes.map((hash) => `${hash}\n`).join(""));
  const port = namespace === undefined ? freePort(address) : 6969;
  const where = ["-i", address, "-p", `${port}`, "-P", `${port}`];
  const program = startProgram({
    command: inside(namespace, ["opentracker", ...where, "-d", directory, "-w", "whitelist"]),
  });
  // It says nothing when it is ready; a client that comes too early asks again.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    urls: ["udp", "http"].map((protocol) => `${protocol}://${address}:${port}/announce`),
    stop: async () => {
      await program.stop();
    },
  };
}
