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
