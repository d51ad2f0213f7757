/** A tracker with torrents and peers that announced themselves over UDP and HTTP. */
import { formatBindAddress } from "../../src/transport/binding.ts";
import { httpGet, percentEncode } from "../support/http_client.ts";
import { API_KEY, type RunningTracker, startTracker, stopTracker } from "../support/running_tracker.ts";
import { UdpClient } from "../support/udp_client.ts";

export const READ_KEY = "the-read-only-token-of-the-tests";
export const FULL_KEY = API_KEY;

/** 20 bytes that would do harm where they were taken for HTML. */
export const HOSTILE_ID = `"><script>alert(1)//`;

/** The torrent with the most peers. */
export const BUSY_HASH = "ab".repeat(20);
export const BUSY_PEERS = 5;

const TORRENTS = 60;

const SETTINGS = `
api_key_readonly = "${READ_KEY}"
db_path = "sqlite://:memory:"
`;

export interface BusyTracker {
  /** Where the web interface is. */
  readonly address: string;
  readonly origin: string;
  readonly running: RunningTracker;
  /** Some more announces. */
  announce(): Promise<void>;
}

export async function withBusyTracker(
  use: (tracker: BusyTracker) => Promise<void>,
  settings = "persistence = true\nmax_list_entries = 10000",
): Promise<void> {
  const running = await startTracker({
    settings: `${SETTINGS}${settings}\n`,
    udp: ["127.0.0.1:0"],
    http: ["127.0.0.1:0"],
    api: ["127.0.0.1:0"],
  });
  const { listening } = running;
  const client = new UdpClient(listening.udp[0]);
  try {
    await client.connect();
    const announce = () => announceAll(client, listening.http[0]);
    await announce();
    const origin = `http://${formatBindAddress(listening.api[0])}`;
    await use({ origin, address: `${origin}/webgui/`, running, announce });
  } finally {
    await client.close();
    await stopTracker(running);
  }
}

async function announceAll(udp: UdpClient, http: { hostname: string; port: number }): Promise<void> {
  for (let i = 0; i < TORRENTS; i++) {
    const infoHash = new Uint8Array(20).fill(i * 3 + 1);
    const peerId = new TextEncoder().encode(i % 3 === 0 ? "-TR4050-abcdefghijkl" : "-qB4500-abcdefghijkl");
    await udp.announce({ infoHash, peerId, left: BigInt(i % 2), port: 1000 + i, event: 2 });
  }
  const ids = [
    HOSTILE_ID,
    "-qB4500-abcdefghijk1",
    "-TR4050-abcdefghijk2",
    "-DE2110-abcdefghijk3",
    "-lt0D80-abcdefghijk4",
  ];
  for (const [i, id] of ids.entries()) {
    const fields = {
      info_hash: percentEncode(Uint8Array.fromHex(BUSY_HASH)),
      peer_id: percentEncode(new TextEncoder().encode(id)),
      port: 7000 + i,
      left: i * 123_456_789,
      uploaded: 5_000_000 * i,
      downloaded: 1_000_000,
      event: "started",
    };
    const query = Object.entries(fields).map(([name, value]) => `${name}=${value}`).join("&");
    await httpGet(http, `/announce?${query}`);
  }
}
