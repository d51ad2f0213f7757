/** Starts the UDP servers by the backend that fits the system and the configuration. */
import { logger } from "./base/log.ts";
import { binding, type Block, type Building, cannotListen, enabledBlocks } from "./building.ts";
import type { Config } from "./config/config.ts";
import { type BindAddress, holdUdpPort, probeUdp, sharesPort } from "./transport/binding.ts";
import type { Libc } from "./transport/linux_ffi.ts";
import { openUdpSockets } from "./transport/udp_linux.ts";

type UdpBlock = Block<Config["udp_server"][number]>;

const log = logger("udp");

/** Binds and serves all `[[udp_server]]` blocks. Gives where they listen. */
export async function startUdpServers(building: Building): Promise<BindAddress[]> {
  const blocks = enabledBlocks("udp_server", building.config.udp_server);
  if (blocks.length === 0) return [];
  const libc = linuxBackend(building);
  return libc === undefined
    ? await startPortable(building, blocks)
    : await startLinux(building, blocks, libc);
}

/** The C library if the Linux backend is to be used; says why not where it was to be expected. */
function linuxBackend({ config, libc }: Building): Libc | undefined {
  if (config.udp_backend === "portable") return undefined;
  if (!("unavailable" in libc)) return libc;
  const wanted = config.udp_backend === "linux" || Deno.build.os === "linux";
  const message = `UDP runs on the portable backend, which is slower: ${libc.unavailable}`;
  if (wanted) log.warn(message);
  else log.info(message);
  return undefined;
}

/** One Worker for all: of several sockets on one port only the last would get anything. */
async function startPortable({ workers, stops }: Building, blocks: UdpBlock[]): Promise<BindAddress[]> {
  const binds = blocks.map(({ bind }) => bind);
  for (const block of blocks) binding(block, () => probeUdp(block.bind));
  const ports = blocks.map((block) => binding(block, () => holdUdpPort(block.bind)));
  const listeners = blocks.map(({ bind }, i) => (
    { bind: ports[i].bind, sharesPort: sharesPort(bind, binds) || ports[i].isHeld }
  ));
  stops.push(() => workers.stop());
  try {
    await workers.start({ kind: "portable udp", listeners });
    log.debug("a Worker that answers UDP one datagram at a time");
  } catch (error) {
    throw cannotListen(blocks[0], error);
  } finally {
    for (const port of ports) port.release();
  }
  return listeners.map(({ bind }) => bind);
}

/** Opens a socket a block for every Worker here, where a failure is known at once, and then starts the Workers. */
async function startLinux(building: Building, blocks: UdpBlock[], libc: Libc): Promise<BindAddress[]> {
  const { config, workers, stops, udpSockets } = building;
  const count = config.udp_workers || suggestedWorkers();
  const opened = blocks.map((block) => {
    const sockets = binding(block, () => openUdpSockets(libc, block.bind, count));
    // Workers stop before sockets are closed: what is pushed later is undone earlier.
    for (const { fd } of sockets.sockets) udpSockets.add(fd);
    stops.push(() => {
      for (const { fd } of sockets.sockets) {
        udpSockets.delete(fd);
        libc.close(fd);
      }
    });
    return sockets;
  });
  stops.push(() => workers.stop());
  for (let i = 0; i < count; i++) {
    await workers.start({ kind: "udp", sockets: opened.map(({ sockets }) => sockets[i]) });
  }
  log.debug(`Workers that answer UDP in batches: ${count}`);
  return opened.map(({ address }) => address);
}

/** A core is left for everything else. */
function suggestedWorkers(): number {
  return Math.min(Math.max(navigator.hardwareConcurrency - 1, 1), 64);
}
