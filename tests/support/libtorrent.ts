// Drives libtorrent (Rasterbar), the engine of qBittorrent and Deluge, by its Python binding. Established with 2.0.8
// (Debian 12's python3-libtorrent):
// - It connects to peers on 127.0.0.1, so it needs no namespace.
// - It sends BEP 41 options: a UDP tracker learns the path of the announce URL, and with it the key.

import { type ClientOptions, inside, type TorrentClient } from "./torrent_client.ts";
import { startProgram } from "./program.ts";
import { PYTHON } from "./skip.ts";

const SCRIPT = `
import signal, sys, time
import libtorrent as lt
directory, torrent, address, port = sys.argv[1:5]
session = lt.session({
    "listen_interfaces": address + ":" + port,
    "outgoing_interfaces": address,
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "allow_multiple_connections_per_ip": True,
    "alert_mask": lt.alert.category_t.tracker_notification | lt.alert.category_t.status_notification
        | lt.alert.category_t.error_notification | lt.alert.category_t.peer_notification,
})
handle = session.add_torrent({"ti": lt.torrent_info(torrent), "save_path": directory})
running = True
def stop(*_):
    global running
    running = False
signal.signal(signal.SIGTERM, stop)
checked = False
while running:
    for alert in session.pop_alerts():
        print(alert.message(), flush=True)
    state = handle.status().state
    if not checked and state in (lt.torrent_status.states.seeding, lt.torrent_status.states.downloading):
        checked = True
        print("checked what there is", flush=True)
    time.sleep(0.05)
session.remove_torrent(handle)
time.sleep(0.3)
`;

export function startLibtorrent(options: ClientOptions): TorrentClient {
  const { directory, torrentPath, address, port } = options;
  const program = startProgram({
    command: inside(options.namespace, [
      PYTHON,
      "-c",
      SCRIPT,
      directory,
      torrentPath,
      address,
      String(port),
    ]),
  });
  return {
    name: "libtorrent",
    log: program.output,
    ready: async () => {
      await program.waitForOutput((output) => output.includes("checked what there is"), 20_000);
    },
    stop: async () => {
      await program.stop();
    },
  };
}
