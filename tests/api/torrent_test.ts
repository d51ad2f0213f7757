import assert from "node:assert/strict";
import { announce, createTestApi, hexOf } from "./test_api.ts";

const HASH = "1234567890abcdef1234567890abcdef12345678";

Deno.test("a torrent with its peers of both families", async () => {
  const { askJson, tracker } = createTestApi();
  announce(tracker, { torrent: HASH, ip: "192.0.2.1", port: 6881, seconds: 990, uploaded: 5, downloaded: 7 });
  announce(tracker, {
    ...{ torrent: HASH, ip: "2001:db8::1", port: 51413, peerId: "-TR4050-lmnopqrstuvw" },
    ...{ left: 2 ** 47 + 3, uploaded: 2 ** 40, event: 0 },
  });
  const id = (text: string) => new TextEncoder().encode(text).toHex();
  assert.deepEqual(await askJson(`/api/torrent/${HASH.toUpperCase()}`), [200, {
    info_hash: HASH,
    completed: 0,
    seeders: 1,
    leechers: 1,
    peers: [
      [
        { client: "qBittorrent 4.5.0", id: id("-qB4500-abcdefghijkl") },
        { downloaded: 7, event: "Started", ip: "192.0.2.1:6881", left: 0, updated: 10, uploaded: 5 },
      ],
      [
        { client: "Transmission 4.0.5", id: id("-TR4050-lmnopqrstuvw") },
        {
          ...{ downloaded: 0, event: "None", ip: "[2001:db8::1]:51413", updated: 0 },
          ...{ left: 2 ** 47 + 3, uploaded: 2 ** 40 },
        },
      ],
    ],
  }]);
});

Deno.test("completed peers, and one that another thread heard of in the next second", async () => {
  const { askJson, tracker } = createTestApi();
  announce(tracker, { torrent: HASH, event: 1, seconds: 1001 });
  const [, torrent] = await askJson(`/api/torrent/${HASH}`);
  const { completed, peers } = torrent as {
    completed: number;
    peers: [unknown, { event: string; updated: number }][];
  };
  assert.deepEqual([completed, peers[0][1].event, peers[0][1].updated], [1, "Completed", 0]);
});

Deno.test("a torrent of many peers comes in pieces, every peer once", async () => {
  const { ask, tracker } = createTestApi({});
  for (let i = 0; i < 1500; i++) {
    announce(tracker, { torrent: HASH, ip: `10.0.${i >> 8}.${i & 255}`, left: i % 2 });
  }
  const response = await ask(`/api/torrent/${HASH}`);
  let pieces = 0;
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body!) {
    text += decoder.decode(piece, { stream: true });
    pieces++;
  }
  const torrent = JSON.parse(text);
  assert.deepEqual([torrent.seeders, torrent.leechers, torrent.peers.length], [750, 750, 1500]);
  const addresses = new Set(torrent.peers.map(([, { ip }]: [unknown, { ip: string }]) => ip));
  assert.equal(addresses.size, 1500);
  assert.ok(pieces > 5, `${pieces} pieces`);
});

Deno.test("a torrent without peers has an empty list; an unknown one is none", async () => {
  const { askJson } = createTestApi({ limits: { keepTorrents: true } });
  assert.deepEqual(await askJson(`/api/torrent/${HASH}?completed=7`, { method: "POST" }), [200, {
    status: "ok",
  }]);
  const empty = { info_hash: HASH, completed: 7, seeders: 0, leechers: 0, peers: [] };
  assert.deepEqual(await askJson(`/api/torrent/${HASH}`), [200, empty]);
  assert.deepEqual(await askJson(`/api/torrent/${hexOf(1)}`), [404, { status: "unknown torrent" }]);
});

Deno.test("a removed torrent is gone with its peers, and with its row at the next save", async () => {
  for (const keepTorrents of [false, true]) {
    const { askJson, tracker } = createTestApi({ limits: { keepTorrents } });
    for (let i = 0; i < 1200; i++) announce(tracker, { torrent: HASH, ip: `10.0.${i >> 8}.${i & 255}` });
    const remove = { method: "DELETE" };
    assert.deepEqual(await askJson(`/api/torrent/${HASH}`, remove), [200, { status: "ok" }]);
    assert.deepEqual(await askJson(`/api/torrent/${HASH}`, remove), [404, { status: "unknown torrent" }]);
    const { torrents, seeders } = tracker.store.totals();
    assert.deepEqual([torrents, seeders, tracker.store.removed.changes()], [0, 0, keepTorrents ? 1 : 0]);
  }
});

Deno.test("a count must be a whole number that the database can hold", async () => {
  const { askJson, tracker } = createTestApi();
  const bad = ["", "?completed=", "?completed=-1", "?completed=1.5", "?completed=x", "?completed=2147483648"];
  for (
    const query of [...bad, "?completed=1e3", "?completed=1&completed=2", "?completed=99999999999999999"]
  ) {
    const answer = await askJson(`/api/torrent/${HASH}${query}`, { method: "POST" });
    assert.deepEqual(answer, [400, { status: "invalid completed" }], query);
  }
  assert.equal(tracker.store.totals().torrents, 0);
  const most = await askJson(`/api/torrent/${HASH}?completed=2147483647`, { method: "POST" });
  assert.equal(most[0], 200);
  assert.equal(tracker.store.totals().completed, 2147483647);
});

Deno.test("where there is no room for a torrent, the answer says so", async () => {
  const { askJson } = createTestApi({ limits: { torrents: 64 } });
  let answer: unknown[] = [];
  for (let i = 0; i < 5000 && answer[0] !== 507; i++) {
    answer = await askJson(`/api/torrent/${hexOf(i)}?completed=1`, { method: "POST" });
  }
  assert.deepEqual(answer, [507, { status: "no room" }]);
});

Deno.test("what is no hash is refused, whatever is done with it", async () => {
  const { askJson } = createTestApi();
  for (
    const hash of [
      "x",
      HASH.slice(1),
      HASH + "0",
      `${HASH.slice(1)}g`,
      "%zz",
      "%00".repeat(40),
      "é".repeat(20),
    ]
  ) {
    for (const method of ["GET", "DELETE", "POST"]) {
      const answer = await askJson(`/api/torrent/${hash}?completed=1`, { method });
      assert.deepEqual(answer, [400, { status: "invalid info_hash" }], `${method} ${hash}`);
    }
  }
});

Deno.test("the peers of a large torrent page by page, every peer once, in both families", async () => {
  const { askJson, tracker } = createTestApi({});
  for (let i = 0; i < 1100; i++) {
    announce(tracker, { torrent: HASH, ip: `10.0.${i >> 8}.${i & 255}`, left: i % 3 });
    if (i < 300) announce(tracker, { torrent: HASH, ip: `2001:db8::${i.toString(16)}` });
  }
  for (const limit of [1, 100, 256, 300, 1000]) {
    const ips: string[] = [];
    let pages = 0;
    for (let cursor: string | null = "4-0"; cursor !== null; pages++) {
      const [status, body] = await askJson(`/api/torrent/${HASH}?limit=${limit}&cursor=${cursor}`);
      const { peers, next, seeders } = body as {
        peers: [unknown, { ip: string }][];
        next: string | null;
        seeders: number;
      };
      assert.deepEqual([status, seeders], [200, 367 + 300]);
      assert.ok(peers.length <= limit && (next === null || peers.length === limit), `${peers.length} peers`);
      ips.push(...peers.map(([, { ip }]) => ip));
      cursor = next;
    }
    assert.deepEqual([ips.length, new Set(ips).size], [1400, 1400], `limit ${limit}`);
    assert.ok(pages <= Math.ceil(1400 / limit) + 1);
  }
  const bad = { "limit=0": "limit", "limit=1001": "limit", "cursor=5-1": "cursor", "cursor=x": "cursor" };
  for (const [query, name] of Object.entries(bad)) {
    assert.deepEqual(await askJson(`/api/torrent/${HASH}?${query}`), [400, { status: `invalid ${name}` }]);
  }
  const [, past] = await askJson(`/api/torrent/${HASH}?cursor=6-9999999999`);
  assert.deepEqual((past as { peers: unknown[]; next: null }).peers, []);
  assert.deepEqual(await askJson(`/api/torrent/${hexOf(9)}?limit=5`), [404, { status: "unknown torrent" }]);
});
