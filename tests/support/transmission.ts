// Drives transmission-daemon. Established with 3.00 (Debian 12):
// - It drops peers with loopback addresses, so it runs in a namespace (see network_namespace.ts).
// - UDP trackers over IPv4, HTTP and HTTPS over both families work. It checks certificates only when the
//   environment names the trusted ones (CURL_CA_BUNDLE).
// - It announces to UDP trackers over IPv6, when the tracker has a name rather than a bare address, but reads the
//   18-byte peers of the answer as three 6-byte ones (transmission issue 4719, mended in 4.x). As a seeder it is
//   found by others; as a leecher it finds nobody that way.
// - A seeder lets a new peer wait until its next round of unchoking, up to ten seconds.

import { type ClientOptions, inside, type TorrentClient } from "./torrent_client.ts";
import { startProgram } from "./program.ts";

/** Everything by which peers could meet without the tracker is off; so is remote control, which would need a port. */
const settings = {
  "dht-enabled": false,
  "lpd-enabled": false,
  "pex-enabled": false,
  "utp-enabled": false,
  "port-forwarding-enabled": false,
  "rpc-enabled": false,
  "ratio-limit-enabled": false,
};

export function startTransmission(options: ClientOptions): TorrentClient {
  const { directory, settingsDirectory, address, port } = options;
  Deno.writeTextFileSync(`${settingsDirectory}/settings.json`, JSON.stringify(settings));
  const watched = `${settingsDirectory}/watched`;
  Deno.mkdirSync(watched);
  Deno.copyFileSync(options.torrentPath, `${watched}/payload.torrent`);
  // Binding one family leaves the other at its default. Transmission binds its HTTP requests to the bound address, so
  // binding both would break the family that is not the tracker's.
  const bind = address.includes(":") ? "--bind-address-ipv6" : "--bind-address-ipv4";
  const program = startProgram({
    command: inside(options.namespace, [
      "transmission-daemon",
      "--foreground",
      "--log-debug",
      `--config-dir=${settingsDirectory}`,
      `--watch-dir=${watched}`,
      `--download-dir=${directory}`,
      `--peerport=${port}`,
      bind,
      address,
    ]),
    environment: { CURL_CA_BUNDLE: options.certificatePath ?? "" },
  });
  return {
    name: "transmission",
    log: program.output,
    ready: async () => {
      await program.waitForOutput((output) => output.includes("Announcing to tracker"), 20_000);
    },
    stop: async () => {
      await program.stop();
    },
  };
}
