import assert from "node:assert/strict";
import { createTestApi, hexOf, START_UNIX } from "./test_api.ts";

const KEY = hexOf(0xbeef);
const OK = [200, { status: "ok" }];
const NOT_FOUND = [404, { status: "not found" }];
const NOW = START_UNIX + 1000;

Deno.test("add, check, list, change, remove", async () => {
  const { askJson } = createTestApi();
  assert.deepEqual(await askJson(`/api/keys/${KEY}`), NOT_FOUND);
  assert.deepEqual(await askJson(`/api/keys/${KEY}/60`, { method: "PATCH" }), NOT_FOUND);
  assert.deepEqual(await askJson(`/api/keys/${KEY}/60`, { method: "POST" }), OK);
  assert.deepEqual(await askJson(`/api/keys/${KEY.toUpperCase()}`), OK);
  assert.deepEqual(await askJson("/api/keys"), [200, [[KEY, NOW + 60]]]);
  assert.deepEqual(await askJson(`/api/keys/${KEY}/90`, { method: "POST" }), OK);
  assert.deepEqual(await askJson("/api/keys"), [200, [[KEY, NOW + 90]]]);
  assert.deepEqual(await askJson(`/api/keys/${KEY}/0`, { method: "PATCH" }), OK);
  assert.deepEqual(await askJson("/api/keys"), [200, [[KEY, 0]]]);
  assert.deepEqual(await askJson(`/api/keys/${KEY}`, { method: "DELETE" }), OK);
  assert.deepEqual(await askJson(`/api/keys/${KEY}`, { method: "DELETE" }), NOT_FOUND);
  assert.deepEqual(await askJson("/api/keys"), [200, []]);
});

Deno.test("a key whose time has come is none, swept or not", async () => {
  const { askJson, clock } = createTestApi();
  await askJson(`/api/keys/${KEY}/60`, { method: "POST" });
  clock.now += 59;
  assert.deepEqual(await askJson(`/api/keys/${KEY}`), OK);
  clock.now += 1;
  assert.deepEqual(await askJson(`/api/keys/${KEY}`), NOT_FOUND);
  assert.deepEqual(await askJson("/api/keys"), [200, []]);
  assert.deepEqual(await askJson(`/api/keys/${KEY}/60`, { method: "PATCH" }), NOT_FOUND);
  assert.deepEqual(await askJson(`/api/keys/${KEY}`, { method: "DELETE" }), NOT_FOUND);
});

Deno.test("the longest time ends before the clock of the keys does", async () => {
  const { askJson, clock } = createTestApi();
  clock.unixSeconds = () => 2 ** 32 - 100;
  assert.deepEqual(await askJson(`/api/keys/${KEY}/2000000000`, { method: "POST" }), OK);
  assert.deepEqual(await askJson("/api/keys"), [200, [[KEY, 2 ** 32 - 1]]]);
});

Deno.test("new keys are random", async () => {
  const { askJson, tracker } = createTestApi();
  const keys = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const [status, answer] = await askJson("/api/keys?timeout=60", { method: "POST" });
    const { key, timeout } = answer as { key: string; timeout: number };
    assert.deepEqual([status, timeout], [200, NOW + 60]);
    assert.match(key, /^[0-9a-f]{40}$/);
    assert.deepEqual(await askJson(`/api/keys/${key}`), OK);
    keys.add(key);
  }
  assert.deepEqual([keys.size, tracker.access.keys.size()], [20, 20]);
  assert.deepEqual(await askJson("/api/keys?timeout=", { method: "POST" }), [400, {
    status: "invalid timeout",
  }]);
  assert.deepEqual(await askJson("/api/keys", { method: "POST" }), [400, { status: "invalid timeout" }]);
  const [, answer] = await askJson("/api/keys?timeout=0", { method: "POST" });
  assert.equal((answer as { timeout: number }).timeout, 0);
});

Deno.test("all keys are removed only if that is confirmed", async () => {
  const { askJson } = createTestApi();
  for (let i = 0; i < 30; i++) await askJson(`/api/keys/${hexOf(i)}/0`, { method: "POST" });
  assert.deepEqual(await askJson("/api/keys", { method: "DELETE" }), [400, { status: "invalid confirm" }]);
  const cleared = await askJson("/api/keys?confirm=true", { method: "DELETE" });
  assert.deepEqual(cleared, [200, { status: "ok", removed: 30 }]);
});

Deno.test("bad keys and bad times are refused and change nothing", async () => {
  const { askJson, tracker } = createTestApi();
  for (const key of ["x", KEY.slice(1), KEY + "0", KEY.slice(1) + "g", "%zz"]) {
    for (const [method, rest] of [["GET", ""], ["DELETE", ""], ["POST", "/60"], ["PATCH", "/60"]]) {
      const answer = await askJson(`/api/keys/${key}${rest}`, { method });
      assert.deepEqual(answer, [400, { status: "invalid key" }], `${method} ${key}`);
    }
  }
  for (const timeout of ["-1", "1.5", "x", "2000000001", "1e9", "0x10", "%20", "99999999999999999999"]) {
    for (const method of ["POST", "PATCH"]) {
      const answer = await askJson(`/api/keys/${KEY}/${timeout}`, { method });
      assert.deepEqual(answer, [400, { status: "invalid timeout" }], `${method} ${timeout}`);
    }
  }
  assert.equal(tracker.access.keys.size(), 0);
});

Deno.test("a list that is full takes no more keys", async () => {
  const { askJson } = createTestApi();
  let answer: unknown[] = [];
  for (let i = 0; i < 10_000 && answer[0] !== 507; i++) {
    answer = await askJson("/api/keys?timeout=0", { method: "POST" });
  }
  assert.deepEqual(answer, [507, { status: "no room" }]);
  answer = [];
  for (let i = 0; i < 10_000 && answer[0] !== 507; i++) {
    answer = await askJson(`/api/keys/${hexOf(i)}/0`, { method: "POST" });
  }
  assert.deepEqual(answer, [507, { status: "no room" }]);
});

Deno.test("many keys at once, as JSON or lines, each with its time or that of the request", async () => {
  const { askJson, tracker } = createTestApi();
  const post = (query: string, body: string) => askJson(`/api/keys${query}`, { method: "POST", body });
  const listed = async () => ((await askJson("/api/keys"))[1] as [string, number][]).sort();
  const end = NOW + 500;
  const json = JSON.stringify([hexOf(1), [hexOf(2), end], [hexOf(3), 0]]);
  assert.deepEqual(await post("?timeout=60", json), [200, { status: "ok", changed: 3, unchanged: 0 }]);
  const expected = [[hexOf(1), NOW + 60], [hexOf(2), end], [hexOf(3), 0]];
  assert.deepEqual(await listed(), expected);
  assert.deepEqual(await post("?timeout=60", json), [200, { status: "ok", changed: 0, unchanged: 3 }]);

  const lines = `${hexOf(1)} ${end}\r\n\n${hexOf(2)}\t${end} \n  ${hexOf(4).toUpperCase()}`;
  assert.deepEqual(await post("", lines), [200, { status: "ok", changed: 2, unchanged: 1 }]);
  assert.deepEqual(await listed(), [[hexOf(1), end], [hexOf(2), end], [hexOf(3), 0], [hexOf(4), 0]]);

  // What the list gives can be given back.
  const [, all] = await askJson("/api/keys");
  assert.deepEqual(await askJson("/api/keys?confirm=true", { method: "DELETE" }), [200, {
    status: "ok",
    removed: 4,
  }]);
  assert.equal((await post("", JSON.stringify(all)))[0], 200);
  assert.equal((await listed()).length, 4);

  const some = `${hexOf(1)} 1\n${hexOf(2)}\n${hexOf(99)}\n`;
  assert.deepEqual(await post("?action=remove", some), [200, { status: "ok", changed: 2, unchanged: 1 }]);
  assert.equal(tracker.access.keys.size(), 2);
});

Deno.test("one bad key or time changes nothing", async () => {
  const { askJson, tracker } = createTestApi();
  const good = Array.from({ length: 9 }, (_, i) => hexOf(i));
  const status = async (body: string) => (await askJson("/api/keys", { method: "POST", body }))[1];
  for (const bad of ["x", KEY + "0", KEY.slice(1), `"${KEY}"`]) {
    assert.deepEqual(await status([...good, bad].join("\n")), { status: "invalid key: entry 10" }, bad);
  }
  for (const bad of [`${KEY} x`, `${KEY} -1`, `${KEY} 0 2`, `${KEY} 4294967296`, `${KEY} ${KEY}`]) {
    assert.deepEqual(await status([...good, bad].join("\n")), { status: "invalid timeout: entry 10" }, bad);
  }
  for (const bad of ["-1", "1.5", "1e9", '"5"', "null", "4294967296", "[]"]) {
    const body = JSON.stringify(good).replace("]", `,["${KEY}",${bad}]]`);
    assert.deepEqual(await status(body), { status: "invalid timeout: entry 10" }, bad);
  }
  const noList = "invalid JSON: expected a list of texts, or of texts with a number each";
  for (const bad of [`["${KEY}"]`, `["${KEY}",]`, `[]`, `[1]`, `{}`, `["${KEY}" 1]`]) {
    assert.deepEqual(await status(`[${bad}]`), { status: noList }, bad);
  }
  // Who takes the time for a number of seconds is told.
  const over = "invalid timeout: entry 2 ends at a UNIX time that is over";
  assert.deepEqual(await status(JSON.stringify([KEY, [hexOf(1), 3600]])), { status: over });
  assert.deepEqual(await status(`${KEY}\n${hexOf(1)} ${NOW}`), { status: over });
  assert.equal(tracker.access.keys.size(), 0);
});

Deno.test("more keys than the limit change nothing; a body of no keys makes none", async () => {
  const { askJson, tracker } = createTestApi();
  const body = Array.from({ length: 1025 }, (_, i) => hexOf(i)).join("\n");
  assert.deepEqual(await askJson("/api/keys", { method: "POST", body }), [507, {
    status: "no room",
    changed: 0,
  }]);
  const empty = { method: "POST", headers: { "content-type": "text/plain" } };
  assert.deepEqual(await askJson("/api/keys?timeout=60", empty), [200, {
    status: "ok",
    changed: 0,
    unchanged: 0,
  }]);
  assert.equal(tracker.access.keys.size(), 0);
});

Deno.test("many random keys at once, all of them or none", async () => {
  const { askJson, tracker } = createTestApi({ config: { max_list_entries: 1000 } });
  const [status, body] = await askJson("/api/keys?timeout=60&count=900", { method: "POST" });
  const { keys, timeout } = body as { keys: string[]; timeout: number };
  assert.deepEqual([status, timeout, new Set(keys).size], [200, NOW + 60, 900]);
  assert.equal(tracker.access.keys.size(), 900);
  for (const key of keys.slice(0, 20)) assert.deepEqual(await askJson(`/api/keys/${key}`), OK);
  const more = await askJson("/api/keys?timeout=60&count=101", { method: "POST" });
  assert.deepEqual(more, [507, { status: "no room" }]);
  assert.equal(tracker.access.keys.size(), 900);
  for (const count of ["0", "10001", "x", ""]) {
    const answer = await askJson(`/api/keys?timeout=60&count=${count}`, { method: "POST" });
    assert.deepEqual(answer, [400, { status: "invalid count" }]);
  }
});
