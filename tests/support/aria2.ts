// Drives aria2c. Established with 1.36.0 (Debian 12):
// - It connects to peers on 127.0.0.1 and ::1, so it needs no namespace.
// - It speaks to UDP trackers only with `--enable-dht=true` (its manual: "It also enables UDP tracker support"), through
//   the DHT's socket. No entry point is given and the torrents are private, so no DHT is used for them.
// - It has no UDP trackers over IPv6: requests go out of the IPv4 socket only ("Exception thrown while sending UDP
//   tracker request" in its log, and no packet arrives), also with `--enable-dht6=true`.
// - HTTP over IPv6 and HTTPS work. It reads `peers` and `peers6` of compact answers.
// - It announces no `completed`: a leecher told not to seed says `stopped` with `left=0`.

import { type ClientOptions, inside, type TorrentClient } from "./torrent_client.ts";
import { startProgram } from "./program.ts";

export function startAria2(options: ClientOptions): TorrentClient {
  const { directory, settingsDirectory, address, port, certificatePath } = options;
  const program = startProgram({
    command: inside(options.namespace, [
      "aria2c",
      "--no-conf=true",
      `--dir=${directory}`,
      `--interface=${address}`,
      `--listen-port=${port}`,
      `--dht-listen-port=${port}`,
      `--dht-file-path=${settingsDirectory}/dht.dat`,
      "--enable-dht=true",
      "--enable-dht6=false",
      "--enable-peer-exchange=false",
      "--bt-enable-lpd=false",
      ...(certificatePath === undefined ? [] : [`--ca-certificate=${certificatePath}`]),
      "--check-integrity=true",
      "--seed-ratio=0",
      "--file-allocation=none",
      "--enable-color=false",
      "--console-log-level=info",
      "--summary-interval=0",
      options.torrentPath,
    ]),
  });
  return {
    name: "aria2",
    log: program.output,
    ready: async () => {
      await program.waitForOutput((output) => output.includes("listening on TCP port"), 20_000);
    },
    stop: async () => {
      await program.stop();
    },
  };
}
