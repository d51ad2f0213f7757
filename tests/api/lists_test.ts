import assert from "node:assert/strict";
import { createTestApi, hexOf, type TestApi } from "./test_api.ts";

const OK = [200, { status: "ok" }];
const NOT_FOUND = [404, { status: "not found" }];

for (const name of ["whitelist", "blacklist"] as const) {
  Deno.test(`${name}: add, check, list, remove`, async () => {
    const { askJson, tracker } = createTestApi();
    const path = `/api/${name}/${hexOf(0xabc).toUpperCase()}`;
    assert.deepEqual(await askJson(path), NOT_FOUND);
    assert.deepEqual(await askJson(path, { method: "DELETE" }), NOT_FOUND);
    assert.deepEqual(await askJson(path, { method: "POST" }), OK);
    assert.deepEqual(await askJson(path, { method: "POST" }), OK, "twice is as good as once");
    assert.deepEqual(await askJson(path), OK);
    assert.deepEqual(await askJson(`/api/${name}`), [200, [hexOf(0xabc)]]);
    assert.equal(tracker.access[name].size(), 1);
    assert.deepEqual(await askJson(path, { method: "DELETE" }), OK);
    assert.deepEqual(await askJson(path), NOT_FOUND);
    assert.deepEqual(await askJson(`/api/${name}`), [200, []]);
  });

  Deno.test(`${name}: many at once, added, removed, cleared`, async () => {
    const { askJson } = createTestApi();
    const hashes = Array.from({ length: 1000 }, (_, i) => hexOf(i));
    const json = { method: "POST", body: JSON.stringify(hashes) };
    assert.deepEqual(await askJson(`/api/${name}`, json), [200, {
      status: "ok",
      changed: 1000,
      unchanged: 0,
    }]);
    assert.deepEqual(await askJson(`/api/${name}`, json), [200, {
      status: "ok",
      changed: 0,
      unchanged: 1000,
    }]);
    const [, all] = await askJson(`/api/${name}`);
    assert.deepEqual((all as string[]).sort(), hashes);
    const lines = { method: "POST", body: [...hashes.slice(0, 300), hexOf(5000)].join("\n") };
    const removed = await askJson(`/api/${name}?action=remove`, lines);
    assert.deepEqual(removed, [200, { status: "ok", changed: 300, unchanged: 1 }]);
    const clear = { method: "DELETE" };
    assert.deepEqual(await askJson(`/api/${name}`, clear), [400, { status: "invalid confirm" }]);
    assert.deepEqual(await askJson(`/api/${name}?confirm=1`, clear), [400, { status: "invalid confirm" }]);
    assert.deepEqual(await askJson(`/api/${name}?confirm=true`, clear), [200, {
      status: "ok",
      removed: 700,
    }]);
    assert.deepEqual(await askJson(`/api/${name}`), [200, []]);
  });
}

Deno.test("a bulk change with one bad entry changes nothing", async () => {
  const { askJson, tracker } = createTestApi();
  const good = Array.from({ length: 99 }, (_, i) => hexOf(i));
  const bodies = [JSON.stringify([...good, "x"]), [...good, "x"].join("\n")];
  for (const body of bodies) {
    const answer = await askJson("/api/whitelist", { method: "POST", body });
    assert.deepEqual(answer, [400, { status: "invalid info_hash: entry 100" }]);
  }
  const broken = { method: "POST", body: JSON.stringify(good).slice(0, -1) };
  assert.deepEqual(await askJson("/api/whitelist", broken), [400, { status: "invalid JSON" }]);
  assert.equal(tracker.access.whitelist.size(), 0);
});

Deno.test("what the request says of its body counts", async () => {
  const { askJson } = createTestApi();
  const post = (type: string, body: string) =>
    askJson("/api/whitelist", { method: "POST", body, headers: { "content-type": type } });
  assert.equal((await post("application/json; charset=utf-8", `["${hexOf(1)}"]`))[0], 200);
  assert.equal((await post("text/plain", hexOf(2)))[0], 200);
  assert.equal((await post("application/x-www-form-urlencoded", hexOf(3)))[0], 200);
  assert.deepEqual((await post("application/json", hexOf(1)))[0], 400);
  assert.equal((await post("text/plain", `["${hexOf(4)}"]`))[0], 200, "what fetch says of any text");
});

Deno.test("an action that is none is refused before the body is read", async () => {
  const { askJson } = createTestApi();
  for (const action of ["", "x", "ADD"]) {
    const answer = await askJson(`/api/whitelist?action=${action}`, { method: "POST", body: hexOf(1) });
    assert.deepEqual(answer, [400, { status: "invalid action" }], action);
  }
});

Deno.test("more than the limit changes nothing", async () => {
  const { askJson, tracker } = createTestApi();
  const fill = (from: number, count: number) =>
    askJson("/api/whitelist", {
      method: "POST",
      body: Array.from({ length: count }, (_, i) => hexOf(from + i)).join("\n"),
    });
  assert.deepEqual((await fill(0, 1000))[0], 200);
  assert.deepEqual(await fill(500, 1000), [507, { status: "no room", changed: 0 }]);
  assert.equal(tracker.access.whitelist.size(), 1000);
  assert.equal((await fill(500, 524))[0], 200, "those that are there already need no room");
});

Deno.test("a list that is full takes no more by one either", async () => {
  const { askJson } = createTestApi();
  let answer: unknown[] = [];
  for (let i = 0; i < 10_000 && answer[0] !== 507; i++) {
    answer = await askJson(`/api/blacklist/${hexOf(i)}`, { method: "POST" });
  }
  assert.deepEqual(answer, [507, { status: "no room" }]);
});

Deno.test("a body above the limit is refused, told beforehand or not", async () => {
  const { ask, tracker } = createTestApi({ config: { api_body_limit: 1 } });
  const line = new TextEncoder().encode(`${hexOf(1)}\n`);
  let read = 0;
  const body = new ReadableStream({
    pull(controller) {
      read += 1000 * line.length;
      controller.enqueue(new TextEncoder().encode(`${hexOf(1)}\n`.repeat(1000)));
    },
  });
  const streamed = await ask("/api/whitelist", { method: "POST", body });
  assert.equal(streamed.status, 413);
  assert.deepEqual(await streamed.json(), { status: "the body is longer than 1 MiB" });
  assert.ok(read < 2 * 1024 * 1024, `${read} bytes were read`);
  const headers = { "content-length": String(100 * 1024 * 1024) };
  assert.equal((await ask("/api/whitelist", { method: "POST", body: "x", headers })).status, 413);
  assert.equal(tracker.access.whitelist.size(), 0);
});

Deno.test("a body that breaks off changes nothing", async () => {
  const { askJson, tracker } = createTestApi();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(`${hexOf(1)}\n`));
    },
    pull: (controller) => controller.error(new Error("connection reset")),
  });
  const answer = await askJson("/api/whitelist", { method: "POST", body });
  assert.deepEqual(answer, [400, { status: "the body is not complete" }]);
  assert.equal(tracker.access.whitelist.size(), 0);
});

Deno.test("a long list is made while it is sent, and no further than it is taken", async () => {
  const { ask, tracker } = createTestApi();
  await fillSet({ tracker }, 900);
  const reader = (await ask("/api/whitelist")).body!.getReader();
  const first = await reader.read();
  assert.ok(first.value!.length > 1000);
  await reader.cancel();
});

function fillSet({ tracker }: Pick<TestApi, "tracker">, count: number): void {
  for (let i = 0; i < count; i++) tracker.access.whitelist.set(Int32Array.of(i, 0, 0, 0, 0), 0, 0);
}
