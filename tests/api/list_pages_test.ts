// Lists page by page, searched by the beginning, and all at once.

import assert from "node:assert/strict";
import { createTestApi, hexOf, START_UNIX, type TestApi } from "./test_api.ts";

type Entry = string | [string, number];

interface Page {
  entries: Entry[];
  next: string | null;
}

const LISTS = ["whitelist", "blacklist", "keys"] as const;

async function page(api: TestApi, list: string, query: string): Promise<Page> {
  const [status, body] = await api.askJson(`/api/${list}?${query}`);
  assert.equal(status, 200, `${query}: ${JSON.stringify(body)}`);
  return body as Page;
}

async function allPages(api: TestApi, list: string, query: string): Promise<Page[]> {
  const pages = [await page(api, list, query)];
  for (let next = pages[0].next; next !== null; next = pages.at(-1)!.next) {
    pages.push(await page(api, list, `${query}&cursor=${next}`));
    assert.ok(pages.length < 10_000, "it does not end");
  }
  return pages;
}

const hashesOf = (pages: Page[]) =>
  pages.flatMap(({ entries }) => entries.map((entry) => typeof entry === "string" ? entry : entry[0]));

/** A hash that begins with the number. */
const name = (number: number) => number.toString(16).padStart(4, "0").padEnd(40, "7");

function fill({ tracker }: TestApi, list: (typeof LISTS)[number], count: number): void {
  for (let i = 0; i < count; i++) {
    tracker.access[list].set(new Int32Array(Uint8Array.fromHex(name(i)).buffer), 0, 0);
  }
}

for (const list of LISTS) {
  Deno.test(`${list}: every entry comes once, page by page, and all in one stream without parameters`, async () => {
    const api = createTestApi();
    fill(api, list, 1000);
    for (const limit of [1, 7, 100, 1000]) {
      const pages = await allPages(api, list, `limit=${limit}`);
      const hashes = hashesOf(pages);
      assert.deepEqual([hashes.length, new Set(hashes).size], [1000, 1000], `limit ${limit}`);
      if (limit >= 100) assert.ok(pages.every(({ entries }) => entries.length <= limit));
    }
    const [, whole] = await api.askJson(`/api/${list}`);
    assert.deepEqual(
      hashesOf([{ entries: whole as Entry[], next: null }]).sort(),
      Array.from({ length: 1000 }, (_, i) => name(i)),
    );
  });

  Deno.test(`${list}: by prefix, by a whole hash, behind the end`, async () => {
    const api = createTestApi();
    fill(api, list, 1000);
    const prefixed = hashesOf(await allPages(api, list, "prefix=012&limit=5"));
    assert.deepEqual(prefixed.sort(), Array.from({ length: 16 }, (_, i) => name(0x120 + i)));
    assert.deepEqual(hashesOf(await allPages(api, list, "prefix=01AB")), [name(0x1ab)]);
    assert.deepEqual(hashesOf([await page(api, list, `prefix=${name(5)}`)]), [name(5)]);
    assert.deepEqual(await page(api, list, `prefix=${hexOf(1)}`), { entries: [], next: null });
    assert.deepEqual(await page(api, list, "cursor=64-0"), { entries: [], next: null });
    for (
      const [query, parameter] of [["limit=0", "limit"], ["limit=1001", "limit"], ["prefix=g", "prefix"], [
        "cursor=1",
        "cursor",
      ], ["prefix=", "prefix"]]
    ) {
      assert.deepEqual(await api.askJson(`/api/${list}?${query}`), [400, { status: `invalid ${parameter}` }]);
    }
  });
}

Deno.test("keys whose time has come are on no page", async () => {
  const api = createTestApi();
  const { keys } = api.tracker.access;
  const key = (number: number) => new Int32Array(Uint8Array.fromHex(name(number)).buffer);
  keys.set(key(1), 0, START_UNIX + 1000);
  keys.set(key(2), 0, START_UNIX + 1001);
  assert.deepEqual(await page(api, "keys", "limit=10"), {
    entries: [[name(2), START_UNIX + 1001]],
    next: null,
  });
  assert.deepEqual(await page(api, "keys", `prefix=${name(1)}`), { entries: [], next: null });
  assert.deepEqual(await page(api, "keys", `prefix=${name(2)}`), {
    entries: [[name(2), START_UNIX + 1001]],
    next: null,
  });
});
