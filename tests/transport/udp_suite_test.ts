// One suite for UDP on real sockets, run on both backends as the app starts them.

import assert from "node:assert/strict";
import { StartError } from "../../src/app.ts";
import { COUNTER } from "../../src/tracker/stats.ts";
import type { BindAddress } from "../../src/transport/binding.ts";
import { openLibc } from "../../src/transport/linux_ffi.ts";
import { delay, freePort, pollUntil } from "../support/program.ts";
import {
  API_KEY,
  type RunningTracker,
  startTracker,
  stopTracker,
  type TrackerOptions,
  withTracker,
} from "../support/running_tracker.ts";
import { httpGet } from "../support/http_client.ts";
import { captureLog } from "../support/captured_log.ts";
import { skippedName } from "../support/skip.ts";
import { encodeAnnounce, encodeConnect, encodeHeader, UdpClient, urlPath } from "../support/udp_client.ts";

const HASH = new Uint8Array(20).fill(0x61);
const libc = openLibc();
const noLibc = "unavailable" in libc ? libc.unavailable : undefined;
if (!("unavailable" in libc)) libc.unload();

registerSuite("portable", undefined);
registerSuite("linux", noLibc);

/** `reason` says why the backend is not to be had here. */
function registerSuite(backend: "portable" | "linux", reason: string | undefined): void {
  const test = (name: string, run: () => Promise<void>): void => {
    const fullName = `UDP ${backend}: ${name}`;
    if (reason === undefined) Deno.test(fullName, run);
    else Deno.test({ name: skippedName(fullName, reason), ignore: true, fn: run });
  };
  const withBackend = (options: TrackerOptions): TrackerOptions => ({
    ...options,
    settings: `udp_backend = "${backend}"\n${options.settings ?? ""}`,
  });
  const run = (options: TrackerOptions, use: (tracker: RunningTracker) => Promise<void>) =>
    withTracker(withBackend(options), use);

  for (const address of ["127.0.0.1:0", "[::1]:0"]) {
    test(`connect, announce, scrape on ${address}`, () => run({ udp: [address] }, speaks));
  }

  test("errors carry the transaction id and are no longer than the request", () =>
    run({ udp: ["127.0.0.1:0"] }, async ({ listening }) => {
      await withClient(listening.udp[0], async (client) => {
        const wrongId = await client.askBytes((id) => encodeHeader(30, 0xbadn, 1, id));
        assert.equal(new TextDecoder().decode(wrongId.subarray(8)), "connection id mismatch");
        const connectionId = await client.connect();
        const bad = await client.ask((id) => encodeHeader(16, connectionId, 9, id));
        assert.deepEqual([bad.action, "message" in bad && bad.message], ["error", "bad request"]);
      });
    }));

  test("whitelist, blacklist and keys are those of the shared memory", () =>
    run({ udp: ["127.0.0.1:0"], settings: "whitelist = true\nblacklist = true\nkeys = true" }, refuses));

  test("200 clients at once are all answered", () =>
    run({ udp: ["127.0.0.1:0"] }, async ({ listening, tracker }) => {
      await serveMany(listening.udp[0], 200);
      assert.equal(tracker.store.totals().leechers, 200);
    }));

  test("garbage of every length up to 3000 bytes is survived, and a good client answered after it", () =>
    run({ udp: ["127.0.0.1:0", "[::1]:0"] }, async ({ listening, tracker }) => {
      for (const address of listening.udp) await sendGarbage(address);
      for (const address of listening.udp) await serveMany(address, 3);
      assert.deepEqual([tracker.store.totals().torrents, tracker.store.totals().leechers], [1, 6]);
    }));

  test("the longest requests: a scrape of 74 hashes, an announce with long options", () =>
    run({ udp: ["127.0.0.1:0"] }, async ({ listening }) => {
      await withClient(listening.udp[0], async (client) => {
        await client.connect();
        assert.equal((await client.scrape(Array(74).fill(HASH))).length, 74);
        const options = new Uint8Array(2044 - 98).fill(1);
        assert.equal((await client.announce({ infoHash: HASH, options })).leechers, 1);
        // Far too long, and no longer than macOS sends.
        await client.send(encodeAnnounce({ connectionId: 1n, options: new Uint8Array(9_000) }));
        assert.equal((await client.announce({ infoHash: HASH })).leechers, 1);
      });
    }));

  test("the longest answers: 242 peers over IPv4, 65 over IPv6", () =>
    run({ udp: ["127.0.0.1:0", "[::1]:0"], settings: "peers_returned = 500" }, async ({ listening }) => {
      for (const [i, most] of [[0, 242], [1, 65]]) {
        await withClient(listening.udp[i], async (client) => {
          await client.connect();
          for (let port = 1; port <= 250; port++) await client.announce({ infoHash: HASH, port, numWant: 0 });
          const { peers } = await client.announce({ infoHash: HASH, port: 9999, numWant: 500 });
          assert.equal(new Set(peers.map(({ port }) => port)).size, most);
        });
      }
    }));

  test("IPv4 and IPv6 stand side by side on one port, on every address of the machine", async () => {
    const port = freePort("127.0.0.1");
    await run({ udp: [`0.0.0.0:${port}`, `[::]:${port}`] }, bothFamilies);
    await run({ udp: [`[::]:${port}`, `0.0.0.0:${port}`] }, bothFamilies);
  });

  test("IPv4 and IPv6 stand side by side on one port, on loopback", async () => {
    const port = freePort("127.0.0.1");
    await run({ udp: [`127.0.0.1:${port}`, `[::1]:${port}`] }, bothFamilies);
  });

  test("two servers on two ports share one swarm", () =>
    run({ udp: ["127.0.0.1:0", "127.0.0.1:0"] }, async ({ listening }) => {
      assert.equal(listening.udp.length, 2);
      await withClient(listening.udp[0], async (client) => {
        await client.connect();
        await client.announce({ infoHash: HASH, port: 1 });
      });
      await withClient(listening.udp[1], async (client) => {
        await client.connect();
        const { peers } = await client.announce({ infoHash: HASH, port: 2 });
        assert.deepEqual(peers.map(({ port }) => port), [1]);
      });
    }));

  for (const workers of [2, 4]) {
    test(`udp_workers = ${workers}: clients are spread, the swarm is one`, () =>
      run({ udp: ["127.0.0.1:0", "[::1]:0"], settings: `udp_workers = ${workers}` }, async (app) => {
        for (const address of app.listening.udp) await serveMany(address, 60);
        assert.equal(app.tracker.store.totals().leechers, 120);
      }));
  }

  test("the id that one Worker issued is good at every other", () =>
    run({ udp: ["127.0.0.1:0", "127.0.0.1:0"], settings: "udp_workers = 4" }, idsAreShared));

  test("it is this backend that answers, apart from the main thread", async () => {
    const lines = await captureLog(() =>
      run({ udp: ["127.0.0.1:0"], settings: 'log_level = "debug"' }, async ({ listening, tracker }) => {
        await serveMany(listening.udp[0], 5);
        assert.equal(tracker.counters[COUNTER.udp4_announces_handled], 0);
      })
    );
    const wanted = backend === "portable" ? /one datagram at a time$/ : /in batches: \d+$/;
    assert.equal(lines.filter((line) => wanted.test(line)).length, 1, lines.join("\n"));
  });

  test("what is served is counted, by family", () =>
    run({ udp: ["127.0.0.1:0", "[::1]:0"], api: ["127.0.0.1:0"] }, countsStatistics));

  test("a block that is not enabled is not opened", async () => {
    const settings = '[[udp_server]]\nenabled = false\nbind_address = "127.0.0.1:0"';
    await run({ settings, udp: ["127.0.0.1:0"] }, ({ listening }) => {
      assert.equal(listening.udp.length, 1);
      return Promise.resolve();
    });
  });

  test("stops within 3 seconds under load, and gives the port back", async () => {
    const tracker = await startTracker(withBackend({ udp: ["127.0.0.1:0"] }));
    const [address] = tracker.listening.udp;
    const load = startLoad(address);
    const start = performance.now();
    assert.ok(await pollUntil(() => Promise.resolve(load.answered() > 100), 10_000), "the load is answered");
    await stopTracker(tracker);
    await load.stop();
    assert.ok(performance.now() - start < 20_000);
    Deno.listenDatagram({ transport: "udp", hostname: address.hostname, port: address.port }).close();
  });

  test("starts again on the same port at once", async () => {
    const port = freePort("127.0.0.1");
    for (let i = 0; i < 3; i++) await run({ udp: [`127.0.0.1:${port}`] }, speaks);
  });

  test("a port in use is one clear line, and nothing is left listening", async () => {
    const taken = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    const other = freePort("127.0.0.1");
    const options = { udp: [`127.0.0.1:${other}`, `127.0.0.1:${port}`], http: [`127.0.0.1:${other}`] };
    try {
      const message = `udp_server[1].bind_address: cannot listen on 127.0.0.1:${port}: ` +
        "another program uses this address and port";
      await assert.rejects(startTracker(withBackend(options)), isStartError(message));
      Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: other }).close();
      Deno.listen({ hostname: "127.0.0.1", port: other }).close();
    } finally {
      taken.close();
    }
  });

  test("the port of a tracker that runs is in use", () =>
    run({ udp: ["127.0.0.1:0"] }, async ({ listening }) => {
      const { port } = listening.udp[0];
      const second = startTracker(withBackend({ udp: [`127.0.0.1:${port}`] }));
      const message = `udp_server[0].bind_address: cannot listen on 127.0.0.1:${port}: ` +
        "another program uses this address and port";
      await assert.rejects(second, isStartError(message));
      await serveMany(listening.udp[0], 5);
    }));

  test("an address that this machine has not is one clear line", async () => {
    for (const address of ["192.0.2.1:0", "[2001:db8::1]:0"]) {
      const message =
        `udp_server[0].bind_address: cannot listen on ${address}: this machine has no such address`;
      await assert.rejects(startTracker(withBackend({ udp: [address] })), isStartError(message));
    }
  });
}

function isStartError(message: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StartError, String(error));
    assert.equal(error.message, message);
    return true;
  };
}

async function withClient(address: BindAddress, use: (client: UdpClient) => Promise<void>, from?: string) {
  const client = new UdpClient(address, from);
  try {
    await use(client);
  } finally {
    await client.close();
  }
}

async function speaks({ listening, config }: RunningTracker): Promise<void> {
  const [address] = listening.udp;
  assert.ok(address.port > 0);
  await withClient(address, async (client) => {
    await client.connect();
    const first = await client.announce({ infoHash: HASH, port: 1000, left: 0n, event: 2 });
    assert.deepEqual([first.interval, first.seeders, first.leechers], [config.interval, 1, 0]);
    assert.deepEqual(first.peers, []);
    const second = await client.announce({ infoHash: HASH, port: 1001 });
    assert.deepEqual([second.seeders, second.leechers], [1, 1]);
    const isIpv4 = address.hostname === "127.0.0.1";
    const loopback = isIpv4 ? Uint8Array.of(127, 0, 0, 1) : new Uint8Array(16).with(15, 1);
    assert.deepEqual(second.peers, [{ address: loopback, port: 1000 }]);
    const unknown = new Uint8Array(20);
    assert.deepEqual(await client.scrape([HASH, unknown]), [
      { seeders: 1, completed: 0, leechers: 1 },
      { seeders: 0, completed: 0, leechers: 0 },
    ]);
  });
}

async function refuses({ listening, tracker }: RunningTracker): Promise<void> {
  const { whitelist, blacklist, keys } = tracker.access;
  const hash = new Int32Array(HASH.slice().buffer);
  const key = new Uint8Array(20).fill(0xab);
  const options = urlPath(`/announce/${"ab".repeat(20)}`);
  await withClient(listening.udp[0], async (client) => {
    const connectionId = await client.connect();
    const ask = async () => {
      const announce = { connectionId, infoHash: HASH, options };
      const reply = await client.ask((transactionId) => encodeAnnounce({ ...announce, transactionId }));
      return reply.action === "error" ? reply.message : reply.action;
    };
    assert.equal(await ask(), "unknown key");
    keys.set(new Int32Array(key.buffer), 0, 0);
    assert.equal(await ask(), "torrent not on whitelist");
    whitelist.set(hash, 0, 0);
    blacklist.set(hash, 0, 0);
    assert.equal(await ask(), "torrent blacklist");
    assert.equal(tracker.store.totals().torrents, 0);
    blacklist.remove(hash, 0);
    assert.equal(await ask(), "announce");
  });
}

/** So many clients, each with a socket of its own, connect and announce side by side. */
async function serveMany(address: BindAddress, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () =>
    withClient(address, async (client) => {
      await client.connect();
      const { leechers } = await client.announce({ infoHash: HASH, port: client.port });
      assert.ok(leechers >= 1);
    })));
}

async function sendGarbage(address: BindAddress): Promise<void> {
  await withClient(address, async (client) => {
    const garbage = crypto.getRandomValues(new Uint8Array(3000));
    for (let length = 0; length <= 3000; length++) {
      // Every other one looks like a request at its beginning.
      if (length % 2 === 1) {
        garbage.set(length % 4 === 1 ? encodeConnect(0) : encodeHeader(16, 7n, length % 3, 0));
      } else crypto.getRandomValues(garbage.subarray(0, 16));
      await client.send(garbage.subarray(0, length));
    }
  });
}

async function bothFamilies({ listening, tracker }: RunningTracker): Promise<void> {
  const before = tracker.store.totals().leechers;
  for (const { hostname } of listening.udp) {
    await withClient({ hostname, port: listening.udp[0].port }, async (client) => {
      await client.connect();
      const { peers } = await client.announce({ infoHash: HASH, port: 1 });
      assert.deepEqual(peers, [], "the peer of the other family is not handed out");
    });
  }
  assert.equal(tracker.store.totals().leechers, before + 2);
  const own = await Promise.all(listening.udp.map(async ({ hostname, port }) => {
    let address = "";
    await withClient({ hostname, port }, async (client) => {
      await client.connect();
      const { peers } = await client.announce({ infoHash: HASH, port: 2 });
      address = [...peers[0].address].join(".");
    });
    return address;
  }));
  assert.deepEqual(own.sort(), ["0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1", "127.0.0.1"]);
}

/** Sockets of one address, whose datagrams the kernel spreads over the Workers by their ports. */
async function idsAreShared({ listening }: RunningTracker): Promise<void> {
  const clients = Array.from({ length: 16 }, (_, i) => new UdpClient(listening.udp[i % 2]));
  try {
    const ids = await Promise.all(clients.map((client) => client.connect()));
    for (const connectionId of ids) {
      for (const client of clients) {
        await client.announce({ connectionId, infoHash: HASH, port: client.port });
      }
    }
    assert.equal((await clients[0].scrape([HASH]))[0].leechers, 16);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function countsStatistics({ listening }: RunningTracker): Promise<void> {
  for (const [i, announces] of [[0, 3], [1, 5]]) {
    await withClient(listening.udp[i], async (client) => {
      await client.connect();
      for (let n = 0; n < announces; n++) await client.announce({ infoHash: HASH });
      await client.scrape([HASH]);
    });
  }
  const { body } = await httpGet(listening.api[0], `/api/stats?token=${API_KEY}`);
  const stats = JSON.parse(new TextDecoder().decode(body));
  assert.deepEqual(
    [stats.udp4_connections_handled, stats.udp4_announces_handled, stats.udp4_scrapes_handled],
    [1, 3, 1],
  );
  assert.deepEqual(
    [stats.udp6_connections_handled, stats.udp6_announces_handled, stats.udp6_scrapes_handled],
    [1, 5, 1],
  );
  assert.deepEqual([stats.torrents, stats.seeds, stats.peers], [1, 0, 2]);
}

/** Connects as fast as it can, from several sockets, until it is stopped. */
function startLoad(address: BindAddress): { answered(): number; stop(): Promise<void> } {
  let answered = 0;
  let stopped = false;
  const server = { transport: "udp" as const, hostname: address.hostname, port: address.port };
  const sockets = Array.from(
    { length: 4 },
    () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  );
  const receiving = sockets.map(async (socket) => {
    for (;;) {
      const received = await socket.receive().catch(() => null);
      if (received === null) return;
      answered++;
    }
  });
  const sending = sockets.map(async (socket) => {
    while (!stopped) {
      for (let i = 0; i < 50; i++) await socket.send(encodeConnect(i), server).catch(() => {});
      await delay(1);
    }
  });
  return {
    answered: () => answered,
    async stop() {
      stopped = true;
      await Promise.all(sending);
      for (const socket of sockets) socket.close();
      await Promise.all(receiving);
    },
  };
}
