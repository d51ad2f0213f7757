// One suite for what an announce means, run over UDP (both backends) and over HTTP (compact and dictionaries).

import assert from "node:assert/strict";
import { formatIp } from "../../src/base/ip.ts";
import { openLibc } from "../../src/transport/linux_ffi.ts";
import { type Bencoded, decodeDictionary, latin1 } from "../support/bencode_decoder.ts";
import { httpGet, percentEncode } from "../support/http_client.ts";
import { type RunningTracker, startTracker, stopTracker } from "../support/running_tracker.ts";
import { skippedName } from "../support/skip.ts";
import { decodePeers, UdpClient, type UdpPeer } from "../support/udp_client.ts";

type Event = "started" | "completed" | "stopped" | "paused";

/** A peer is its port: all of them are on the loopback address of their family. */
interface Ask {
  infoHash: Uint8Array;
  port: number;
  family?: 4 | 6;
  left?: bigint;
  event?: Event;
  wanted?: number;
}

interface Answer {
  seeders: number;
  leechers: number;
  interval: number;
  /** As `address:port`. */
  peers: string[];
}

interface Counts {
  seeders: number;
  completed: number;
  leechers: number;
}

/** A client side of the tracker. */
interface Announcer {
  announce(ask: Ask): Promise<Answer>;
  scrape(infoHash: Uint8Array): Promise<Counts>;
  stop(): Promise<void>;
}

const PEERS_RETURNED = 40;
const libc = openLibc();
const noLibc = "unavailable" in libc ? libc.unavailable : undefined;
if (!("unavailable" in libc)) libc.unload();

registerSuite("UDP portable", () => udpAnnouncer("portable"));
registerSuite("UDP linux", () => udpAnnouncer("linux"), noLibc);
registerSuite("HTTP compact", () => httpAnnouncer("compact=1"));
registerSuite("HTTP dictionaries", () => httpAnnouncer("compact=0"));

const cases: Record<string, (announcer: Announcer, infoHash: Uint8Array) => Promise<void>> = {
  async "a first peer is alone, a second finds it, the first then finds the second"(announcer, infoHash) {
    const first = await announcer.announce({ infoHash, port: 1, event: "started" });
    assert.deepEqual(first, { seeders: 0, leechers: 1, interval: 1234, peers: [] });
    const second = await announcer.announce({ infoHash, port: 2, event: "started" });
    assert.deepEqual(second, { seeders: 0, leechers: 2, interval: 1234, peers: ["127.0.0.1:1"] });
    assert.deepEqual((await announcer.announce({ infoHash, port: 1 })).peers, ["127.0.0.1:2"]);
  },

  async "stopped: gone at once, no peers for the one who leaves, nothing for one never seen"(
    announcer,
    infoHash,
  ) {
    await announcer.announce({ infoHash, port: 1, left: 0n });
    await announcer.announce({ infoHash, port: 2 });
    const stranger = await announcer.announce({ infoHash, port: 3, event: "stopped" });
    assert.deepEqual([stranger.seeders, stranger.leechers, stranger.peers], [1, 1, []]);
    const leaving = await announcer.announce({ infoHash, port: 2, event: "stopped" });
    assert.deepEqual([leaving.seeders, leaving.leechers, leaving.peers], [1, 0, []]);
    const seederLeaves = await announcer.announce({ infoHash, port: 1, left: 0n, event: "stopped" });
    assert.deepEqual([seederLeaves.seeders, seederLeaves.leechers], [0, 0]);
    const again = await announcer.announce({ infoHash, port: 2, event: "started" });
    assert.deepEqual([again.leechers, again.peers], [1, []]);
  },

  async "stopping twice does not count twice"(announcer, infoHash) {
    await announcer.announce({ infoHash, port: 1 });
    await announcer.announce({ infoHash, port: 2 });
    for (let i = 0; i < 3; i++) {
      const { leechers } = await announcer.announce({ infoHash, port: 2, event: "stopped" });
      assert.equal(leechers, 1);
    }
  },

  async "seeders get leechers only, leechers get both"(announcer, infoHash) {
    for (const port of [1, 2, 3]) await announcer.announce({ infoHash, port, left: 0n });
    for (const port of [4, 5]) await announcer.announce({ infoHash, port });
    const seeder = await announcer.announce({ infoHash, port: 1, left: 0n });
    assert.deepEqual(seeder.peers.sort(), ["127.0.0.1:4", "127.0.0.1:5"]);
    const leecher = await announcer.announce({ infoHash, port: 4 });
    assert.deepEqual(leecher.peers.sort(), [1, 2, 3, 5].map((port) => `127.0.0.1:${port}`));
    assert.deepEqual([leecher.seeders, leecher.leechers], [3, 2]);
  },

  async "the asker is never in its own answer, whatever it is told and however often"(announcer, infoHash) {
    for (let port = 1; port <= 12; port++) await announcer.announce({ infoHash, port });
    for (let i = 0; i < 30; i++) {
      const { peers } = await announcer.announce({ infoHash, port: 5, wanted: 1 + i % 12 });
      assert.ok(!peers.includes("127.0.0.1:5"));
      assert.equal(new Set(peers).size, Math.min(1 + i % 12, 11), "no peer twice");
    }
  },

  async "numwant: 0 is none, 5 is five, negative and absurd are the default"(announcer, infoHash) {
    for (let port = 1; port <= 50; port++) await announcer.announce({ infoHash, port, wanted: 0 });
    const count = async (wanted?: number) => {
      const ask = { infoHash, port: 99, ...(wanted === undefined ? {} : { wanted }) };
      return (await announcer.announce(ask)).peers.length;
    };
    assert.equal(await count(0), 0);
    assert.equal(await count(5), 5);
    assert.equal(await count(PEERS_RETURNED), PEERS_RETURNED);
    for (const wanted of [undefined, -1, -2, -0x80000000, PEERS_RETURNED + 1, 10_000, 0x7fffffff]) {
      assert.equal(await count(wanted), PEERS_RETURNED, `numwant ${wanted}`);
    }
  },

  async "the choice is random: every peer comes up sooner or later"(announcer, infoHash) {
    for (let port = 1; port <= 30; port++) await announcer.announce({ infoHash, port, wanted: 0 });
    const seen = new Set<string>();
    for (let i = 0; i < 300 && seen.size < 30; i++) {
      const { peers } = await announcer.announce({ infoHash, port: 99, wanted: 5 });
      peers.forEach((peer) => seen.add(peer));
    }
    assert.equal(seen.size, 30);
  },

  async "completed counts once a peer"(announcer, infoHash) {
    const completed = async () => (await announcer.scrape(infoHash)).completed;
    await announcer.announce({ infoHash, port: 1, event: "started" });
    assert.equal(await completed(), 0);
    for (let i = 0; i < 3; i++) {
      await announcer.announce({ infoHash, port: 1, left: 0n, event: "completed" });
      assert.equal(await completed(), 1);
    }
    await announcer.announce({ infoHash, port: 2, left: 5n, event: "completed" });
    assert.equal(await completed(), 1, "one who lacks something has not completed");
    await announcer.announce({ infoHash, port: 3, left: 0n, event: "started" });
    await announcer.announce({ infoHash, port: 3, left: 0n, event: "completed" });
    assert.equal(await completed(), 1, "one who was a seeder already has not completed");
    await announcer.announce({ infoHash, port: 4, left: 0n, event: "completed" });
    assert.equal(await completed(), 2, "a new peer that says so has");
    await announcer.announce({ infoHash, port: 2, left: 0n });
    assert.deepEqual(await announcer.scrape(infoHash), { seeders: 4, completed: 2, leechers: 0 });
  },

  async "a seeder that lacks something again is a leecher again"(announcer, infoHash) {
    await announcer.announce({ infoHash, port: 1, left: 0n });
    const { seeders, leechers } = await announcer.announce({ infoHash, port: 1, left: 7n });
    assert.deepEqual([seeders, leechers], [0, 1]);
  },

  async "a left beyond 32 bits is a leecher's"(announcer, infoHash) {
    for (const left of [1n << 32n, 1n << 40n, (1n << 53n) - 1n]) {
      const { seeders, leechers } = await announcer.announce({ infoHash, port: 1, left });
      assert.deepEqual([seeders, leechers], [0, 1], `left ${left}`);
    }
  },

  async "paused: a partial seed is a leecher that gets no peers, and is handed out (BEP 21)"(
    announcer,
    infoHash,
  ) {
    await announcer.announce({ infoHash, port: 1, left: 0n });
    const paused = await announcer.announce({ infoHash, port: 2, left: 9n, event: "paused" });
    assert.deepEqual([paused.seeders, paused.leechers, paused.peers], [1, 1, []]);
    const other = await announcer.announce({ infoHash, port: 3 });
    assert.deepEqual(other.peers.sort(), ["127.0.0.1:1", "127.0.0.1:2"]);
    assert.deepEqual(await announcer.scrape(infoHash), { seeders: 1, completed: 0, leechers: 2 });
  },

  async "counts are over both families, peers are of the asker's own (BEP 7)"(announcer, infoHash) {
    await announcer.announce({ infoHash, port: 1, left: 0n });
    await announcer.announce({ infoHash, port: 2, family: 6 });
    const ipv4 = await announcer.announce({ infoHash, port: 3 });
    assert.deepEqual([ipv4.seeders, ipv4.leechers, ipv4.peers], [1, 2, ["127.0.0.1:1"]]);
    const ipv6 = await announcer.announce({ infoHash, port: 1, family: 6 });
    assert.deepEqual([ipv6.seeders, ipv6.leechers, ipv6.peers], [1, 3, ["::1:2"]]);
    assert.deepEqual(await announcer.scrape(infoHash), { seeders: 1, completed: 0, leechers: 3 });
  },

  async "a client reached over both families leaves each by itself"(announcer, infoHash) {
    await announcer.announce({ infoHash, port: 1 });
    await announcer.announce({ infoHash, port: 1, family: 6 });
    const { leechers } = await announcer.announce({ infoHash, port: 1, event: "stopped" });
    assert.equal(leechers, 1);
    assert.equal((await announcer.announce({ infoHash, port: 2, family: 6 })).peers.length, 1);
  },

  async "a private torrent's swarm is its own: no peer of another comes in (BEP 27)"(announcer, infoHash) {
    const other = infoHash.with(19, infoHash[19] ^ 1);
    await announcer.announce({ infoHash: other, port: 1, left: 0n });
    assert.deepEqual((await announcer.announce({ infoHash, port: 2 })).peers, []);
    await announcer.announce({ infoHash, port: 3 });
    assert.deepEqual((await announcer.announce({ infoHash, port: 2 })).peers, ["127.0.0.1:3"]);
    assert.deepEqual((await announcer.announce({ infoHash: other, port: 4 })).peers, ["127.0.0.1:1"]);
  },

  async "the first 20 bytes of a v2 hash are a torrent of their own (BEP 52)"(announcer) {
    const v2 = new Uint8Array(
      await crypto.subtle.digest("SHA-256", crypto.getRandomValues(new Uint8Array(9))),
    );
    const infoHash = v2.slice(0, 20);
    await announcer.announce({ infoHash, port: 1, left: 0n });
    assert.deepEqual((await announcer.announce({ infoHash, port: 2 })).peers, ["127.0.0.1:1"]);
  },

  async "hashes of any bytes: zeros, ones, the signs that URLs use"(announcer) {
    for (const byte of [0x00, 0xff, 0x2b, 0x25, 0x26, 0x3d, 0x20, 0x0a, 0x80]) {
      const infoHash = new Uint8Array(20).fill(byte);
      await announcer.announce({ infoHash, port: 1 });
      const { peers, leechers } = await announcer.announce({ infoHash, port: 2 });
      assert.deepEqual([peers, leechers], [["127.0.0.1:1"], 2], `byte ${byte}`);
      assert.deepEqual(await announcer.scrape(infoHash), { seeders: 0, completed: 0, leechers: 2 });
    }
  },

  async "port 0 is answered and not stored"(announcer, infoHash) {
    await announcer.announce({ infoHash, port: 1 });
    const reply = await announcer.announce({ infoHash, port: 0 });
    assert.deepEqual([reply.leechers, reply.peers], [1, []]);
    assert.deepEqual(await announcer.scrape(infoHash), { seeders: 0, completed: 0, leechers: 1 });
  },

  async "ports of any value come back as they were"(announcer, infoHash) {
    const ports = [1, 255, 256, 6881, 0x1234, 65535];
    for (const port of ports) await announcer.announce({ infoHash, port });
    const { peers } = await announcer.announce({ infoHash, port: 2 });
    assert.deepEqual(peers.sort(), ports.map((port) => `127.0.0.1:${port}`).sort());
  },

  async "scraping changes nothing, and an unknown torrent is zeros"(announcer, infoHash) {
    const zeros = { seeders: 0, completed: 0, leechers: 0 };
    assert.deepEqual(await announcer.scrape(infoHash), zeros);
    assert.deepEqual(await announcer.scrape(infoHash), zeros);
    assert.equal((await announcer.announce({ infoHash, port: 1 })).leechers, 1);
  },
};

/** One tracker for all cases, each with a torrent of its own. */
function registerSuite(name: string, start: () => Promise<Announcer>, reason?: string): void {
  const fullName = `announces over ${name}`;
  if (reason !== undefined) {
    Deno.test({ name: skippedName(fullName, reason), ignore: true, fn: () => {} });
    return;
  }
  Deno.test(fullName, async (context) => {
    const announcer = await start();
    try {
      for (const [what, run] of Object.entries(cases)) {
        await context.step(what, () => run(announcer, crypto.getRandomValues(new Uint8Array(20))));
      }
    } finally {
      await announcer.stop();
    }
  });
}

const SETTINGS = `peers_returned = ${PEERS_RETURNED}\ninterval = 1234\n`;
const EVENTS: Record<Event, number> = { completed: 1, started: 2, stopped: 3, paused: 4 };

async function udpAnnouncer(backend: string): Promise<Announcer> {
  const settings = `${SETTINGS}udp_backend = "${backend}"`;
  const tracker = await startTracker({ settings, udp: ["127.0.0.1:0", "[::1]:0"] });
  const clients = tracker.listening.udp.map((address) => new UdpClient(address));
  for (const client of clients) await client.connect();
  return {
    async announce({ infoHash, port, family = 4, left = 1n, event, wanted = -1 }) {
      const number = event === undefined ? 0 : EVENTS[event];
      const fields = { infoHash, port, left, event: number, numWant: wanted };
      const reply = await clients[family === 4 ? 0 : 1].announce(fields);
      const { seeders, leechers, interval, peers } = reply;
      return { seeders, leechers, interval, peers: peers.map(textOf) };
    },
    async scrape(infoHash) {
      return (await clients[0].scrape([infoHash]))[0];
    },
    async stop() {
      for (const client of clients) await client.close();
      await stopTracker(tracker);
    },
  };
}

async function httpAnnouncer(form: string): Promise<Announcer> {
  const tracker = await startTracker({ settings: SETTINGS, http: ["127.0.0.1:0", "[::1]:0"] });
  return {
    announce: (ask) => announceByHttp(tracker, ask, form),
    async scrape(infoHash) {
      const target = `/scrape?info_hash=${percentEncode(infoHash)}`;
      const { body } = await httpGet(tracker.listening.http[0], target);
      const entry = mapOf(mapOf(decodeDictionary(body).get("files")).get(latin1(infoHash)));
      const [seeders, completed, leechers] = ["complete", "downloaded", "incomplete"].map((key) =>
        numberOf(entry.get(key))
      );
      return { seeders, completed, leechers };
    },
    stop: () => stopTracker(tracker),
  };
}

async function announceByHttp({ listening }: RunningTracker, ask: Ask, form: string): Promise<Answer> {
  const { infoHash, port, family = 4, left = 1n, event, wanted } = ask;
  const target = `/announce?info_hash=${percentEncode(infoHash)}&peer_id=-XX0001-abcdefghijkl&port=${port}` +
    `&uploaded=0&downloaded=0&left=${left}&${form}` +
    (event === undefined ? "" : `&event=${event}`) + (wanted === undefined ? "" : `&numwant=${wanted}`);
  const { body } = await httpGet(listening.http[family === 4 ? 0 : 1], target);
  const reply = decodeDictionary(body);
  return {
    seeders: numberOf(reply.get("complete")),
    leechers: numberOf(reply.get("incomplete")),
    interval: numberOf(reply.get("interval")),
    peers: httpPeers(reply, family),
  };
}

function httpPeers(reply: Map<string, Bencoded>, family: 4 | 6): string[] {
  const peers = reply.get("peers");
  if (Array.isArray(peers)) {
    return peers.map(mapOf).map((peer) => `${latin1(bytesOf(peer.get("ip")))}:${numberOf(peer.get("port"))}`);
  }
  const compact = family === 4 ? peers : reply.get("peers6");
  return decodePeers(bytesOf(compact), family === 4).map(textOf);
}

function textOf({ address, port }: UdpPeer): string {
  return `${formatIp(address.length === 4 ? 4 : 6, new Int32Array(address.slice().buffer))}:${port}`;
}

function numberOf(value: Bencoded | undefined): number {
  assert.ok(typeof value === "number", "not a number");
  return value;
}

function bytesOf(value: Bencoded | undefined): Uint8Array {
  assert.ok(value instanceof Uint8Array, "not a byte string");
  return value;
}

function mapOf(value: Bencoded | undefined): Map<string, Bencoded> {
  assert.ok(value instanceof Map, "not a dictionary");
  return value;
}
