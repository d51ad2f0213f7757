import assert from "node:assert/strict";
import { announce, createTestApi, hexOf, type TestApi } from "./test_api.ts";

interface Page {
  torrents: { info_hash: string; seeders: number; leechers: number; completed: number }[];
  next: string | null;
  age_seconds: number | null;
}

async function page(api: TestApi, query: string): Promise<Page> {
  const [status, body] = await api.askJson(`/api/torrents?${query}`);
  assert.equal(status, 200, `${query}: ${JSON.stringify(body)}`);
  return body as Page;
}

/** All pages, one after the other. */
async function allPages(api: TestApi, query: string): Promise<Page[]> {
  const pages = [await page(api, query)];
  for (let next = pages[0].next; next !== null; next = pages.at(-1)!.next) {
    pages.push(await page(api, `${query}&cursor=${next}`));
    assert.ok(pages.length < 10_000, "it does not end");
  }
  return pages;
}

const hashesOf = (pages: Page[]) =>
  pages.flatMap(({ torrents }) => torrents.map(({ info_hash }) => info_hash));

/** A hash that begins with the number. */
const name = (number: number) => number.toString(16).padStart(4, "0").padEnd(40, "7");

function createFilledApi(torrents: number): TestApi {
  const api = createTestApi({ limits: { torrents: 20_000, keepTorrents: true } });
  for (let i = 0; i < torrents; i++) {
    api.tracker.store.setCompleted(new Int32Array(Uint8Array.fromHex(name(i)).buffer), i);
  }
  return api;
}

Deno.test("every torrent comes once, page by page", async () => {
  const api = createFilledApi(3000);
  for (const limit of [1, 7, 100, 1000]) {
    const pages = await allPages(api, `limit=${limit}`);
    const hashes = hashesOf(pages);
    assert.deepEqual([hashes.length, new Set(hashes).size], [3000, 3000], `limit ${limit}`);
    if (limit >= 100) assert.ok(pages.every(({ torrents }) => torrents.length <= limit));
  }
  const first = await page(api, "");
  assert.deepEqual([first.torrents.length <= 100, first.age_seconds], [true, null]);
});

Deno.test("by prefix, by a whole hash, active ones only", async () => {
  const api = createFilledApi(3000);
  announce(api.tracker, { torrent: name(0x123) });
  announce(api.tracker, { torrent: name(0x124), left: 1 });
  const prefixed = hashesOf(await allPages(api, "prefix=012"));
  assert.deepEqual(prefixed.sort(), Array.from({ length: 16 }, (_, i) => name(0x120 + i)));
  assert.deepEqual(hashesOf(await allPages(api, "prefix=01AB")), [name(0x1ab)]);
  assert.deepEqual(hashesOf(await allPages(api, `prefix=${name(5)}`)), [name(5)]);
  assert.deepEqual(await page(api, `prefix=${hexOf(1)}`), { torrents: [], next: null, age_seconds: null });
  assert.deepEqual(hashesOf(await allPages(api, "active=true")).sort(), [name(0x123), name(0x124)]);
  assert.deepEqual(hashesOf(await allPages(api, `active=true&prefix=${name(5)}`)), []);
  assert.equal(hashesOf(await allPages(api, "active=false")).length, 3000);
  const { torrents } = await page(api, `active=true&prefix=${name(0x124)}`);
  assert.deepEqual(torrents, [{ info_hash: name(0x124), seeders: 0, leechers: 1, completed: 0x124 }]);
});

Deno.test("the highest first, of this moment in a small store", async () => {
  const api = createFilledApi(2500);
  const pages = await allPages(api, "sort=completed&limit=1000");
  assert.deepEqual(pages.map(({ torrents }) => torrents.length), [1000, 1000, 500]);
  assert.deepEqual(pages.flatMap(({ torrents }) => torrents.map(({ completed }) => completed)), [
    ...Array.from({ length: 2500 }, (_, i) => 2499 - i),
  ]);
  for (let i = 0; i < 3; i++) announce(api.tracker, { torrent: name(9), port: 1 + i });
  announce(api.tracker, { torrent: name(8), left: 1 });
  const names = async (query: string) => hashesOf([await page(api, query)]);
  assert.deepEqual(await names("sort=seeders&active=true"), [name(9), name(8)]);
  assert.deepEqual(await names("sort=leechers&limit=1"), [name(8)]);
  assert.deepEqual(await names("sort=peers&limit=2"), [name(9), name(8)]);
  assert.deepEqual(await names("sort=completed&prefix=000&limit=2"), [name(15), name(14)]);
  assert.equal((await page(api, "sort=peers")).age_seconds, 0);
});

Deno.test("a large store is ranked in the background", async () => {
  const api = createFilledApi(6000);
  const early = await api.ask("/api/torrents?sort=completed");
  assert.deepEqual([early.status, early.headers.get("retry-after")], [503, "10"]);
  assert.deepEqual(await early.json(), { status: "not counted yet" });
  assert.equal((await api.ask("/api/clients")).status, 503);
});

Deno.test("clients by software", async () => {
  const api = createTestApi();
  announce(api.tracker, { torrent: hexOf(1), port: 1 });
  announce(api.tracker, { torrent: hexOf(2), port: 2, peerId: "-TR4050-xxxxxxxxxxxx" });
  announce(api.tracker, { torrent: hexOf(2), port: 3 });
  assert.deepEqual(await api.askJson("/api/clients"), [200, {
    age_seconds: 0,
    clients: [
      { software: "qBittorrent", peers: 2, versions: [{ version: "4.5.0", peers: 2 }] },
      { software: "Transmission", peers: 1, versions: [{ version: "4.0.5", peers: 1 }] },
    ],
  }]);
});

Deno.test("bad parameters of the list are named", async () => {
  const { askJson } = createTestApi();
  const cases = ["sort=size", "prefix=", "prefix=xyz", `prefix=${"0".repeat(41)}`, "active=1", "limit=0"];
  for (const query of [...cases, "limit=1001", "limit=ten", "cursor=x", "cursor=1", "cursor=1-99999999999"]) {
    const answer = await askJson(`/api/torrents?${query}`);
    assert.deepEqual(answer, [400, { status: `invalid ${query.split("=")[0]}` }], query);
  }
});

Deno.test("a place behind the end is the end", async () => {
  const api = createFilledApi(10);
  for (const query of ["cursor=64-0", "cursor=9999-0", "sort=peers&cursor=0-9999999999"]) {
    const { torrents, next } = await page(api, query);
    assert.deepEqual([torrents, next], [[], null], query);
  }
});
