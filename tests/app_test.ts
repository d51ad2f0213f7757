import assert from "node:assert/strict";
import { freePort } from "./support/program.ts";
import { httpGet, percentEncode } from "./support/http_client.ts";
import { StartError } from "../src/app.ts";
import { API_KEY, startTracker, stopTracker, withTracker } from "./support/running_tracker.ts";
import { UdpClient } from "./support/udp_client.ts";

const HASH = new Uint8Array(20).fill(0x77);

Deno.test("UDP, HTTP and the API run over one memory", () =>
  withTracker(
    { udp: ["127.0.0.1:0"], http: ["127.0.0.1:0"], api: ["127.0.0.1:0"] },
    async ({ listening }) => {
      const client = new UdpClient(listening.udp[0]);
      await client.connect();
      await client.announce({ infoHash: HASH, port: 1 });
      const target = `/announce?info_hash=${percentEncode(HASH)}&peer_id=${"p".repeat(20)}&port=2&left=0`;
      await httpGet(listening.http[0], target);
      const { peers, seeders, leechers } = await client.announce({ infoHash: HASH, port: 1 });
      assert.deepEqual([peers.map(({ port }) => port), seeders, leechers], [[2], 1, 1]);
      await client.close();
      const { status, body } = await httpGet(listening.api[0], `/api/stats?token=${API_KEY}`);
      const stats = JSON.parse(new TextDecoder().decode(body));
      assert.deepEqual([status, stats.torrents, stats.seeds, stats.peers], [200, 1, 1, 1]);
      assert.deepEqual([stats.udp4_announces_handled, stats.tcp4_announces_handled], [2, 1]);
      assert.equal(stats.tcp4_api_handled, 1);
    },
  ));

Deno.test("with statistics off nothing is counted, and everything works", () => {
  const options = { settings: "statistics_enabled = false", udp: ["127.0.0.1:0"], api: ["127.0.0.1:0"] };
  return withTracker(options, async ({ listening }) => {
    const client = new UdpClient(listening.udp[0]);
    await client.connect();
    await client.announce({ infoHash: HASH });
    await client.close();
    const { body } = await httpGet(listening.api[0], `/api/stats?token=${API_KEY}`);
    const stats = JSON.parse(new TextDecoder().decode(body));
    assert.deepEqual([stats.peers, stats.udp4_announces_handled, stats.tcp4_api_handled], [1, 0, 0]);
  });
});

Deno.test("the addresses come back with their real ports, one for each block", () =>
  withTracker({ udp: ["127.0.0.1:0", "[::1]:0"], http: ["[::1]:0"] }, ({ listening }) => {
    assert.deepEqual(listening.udp.map(({ hostname }) => hostname), ["127.0.0.1", "::1"]);
    assert.deepEqual(listening.http.map(({ hostname }) => hostname), ["::1"]);
    assert.deepEqual(listening.api, []);
    assert.ok([...listening.udp, ...listening.http].every(({ port }) => port > 0));
    return Promise.resolve();
  }));

Deno.test("what was begun is undone when a later part cannot start", async () => {
  const taken = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  for (const workers of [1, 2]) {
    const [http, api] = [freePort("127.0.0.1"), freePort("127.0.0.1")];
    const settings = `http_workers = ${workers}`;
    const options = { settings, http: [`127.0.0.1:${http}`], api: [`127.0.0.1:${api}`] };
    await assert.rejects(startTracker({ ...options, udp: [`127.0.0.1:${port}`] }), StartError);
    for (const free of [http, api]) Deno.listen({ hostname: "127.0.0.1", port: free }).close();
  }
  taken.close();
});

Deno.test("stopping twice, and at once after the start, does no harm", async () => {
  const tracker = await startTracker({
    udp: ["127.0.0.1:0"],
    http: ["127.0.0.1:0"],
    settings: "http_workers = 2",
  });
  await Promise.all([stopTracker(tracker), stopTracker(tracker)]);
  await stopTracker(tracker);
});

Deno.test("after a stop nothing listens", async () => {
  const tracker = await startTracker({ udp: ["127.0.0.1:0"], http: ["127.0.0.1:0"], api: ["127.0.0.1:0"] });
  const { udp, http, api } = tracker.listening;
  await stopTracker(tracker);
  for (const { hostname, port } of [...http, ...api]) {
    await assert.rejects(Deno.connect({ hostname, port }), Deno.errors.ConnectionRefused);
  }
  for (const { hostname, port } of udp) Deno.listenDatagram({ transport: "udp", hostname, port }).close();
});

Deno.test("several programs' worth of trackers live side by side in one process", async () => {
  const trackers = await Promise.all([1, 2, 3].map(() => startTracker({ udp: ["127.0.0.1:0"] })));
  for (const tracker of trackers) {
    const client = new UdpClient(tracker.listening.udp[0]);
    await client.connect();
    assert.equal((await client.announce({ infoHash: HASH })).leechers, 1, "a swarm of its own");
    await client.close();
  }
  await Promise.all(trackers.map(stopTracker));
});
