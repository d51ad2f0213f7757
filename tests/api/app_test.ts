import assert from "node:assert/strict";
import { readCounter } from "../../src/tracker/stats.ts";
import { createTestApi, hexOf, READ_TOKEN } from "./test_api.ts";

Deno.test("without the token every path of the API says so, known or not", async () => {
  const { ask } = createTestApi();
  for (const path of ["/api/stats", "/api/stats?token=x", "/api/nothing", "/api/", "/api", "/metrics"]) {
    const response = await ask(path, { token: "" });
    assert.equal(response.status, 401, path);
    assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/);
    assert.deepEqual(await response.json(), { status: "invalid token" });
  }
});

Deno.test("the token in the query or as a bearer", async () => {
  const { ask } = createTestApi();
  assert.equal((await ask("/api/stats?token=the+token", { token: "" })).status, 200);
  assert.equal((await ask("/api/stats?token=the%20token", { token: "" })).status, 200);
  assert.equal((await ask("/api/stats")).status, 200);
});

Deno.test("what is not there is 404 as JSON, and no secret is asked for outside of the API", async () => {
  const { askJson } = createTestApi();
  assert.deepEqual(await askJson("/api/nothing"), [404, { status: "not found" }]);
  assert.deepEqual(await askJson("/other", { token: "" }), [404, { status: "not found" }]);
});

Deno.test("a method that a path does not have is 405 and tells those that it has", async () => {
  const { ask } = createTestApi();
  const cases = [
    ["PUT", "/api/stats", "GET, HEAD"],
    ["POST", "/api/stats/stream", "GET, HEAD"],
    ["GET", "/api/save", "POST"],
    ["PATCH", `/api/torrent/${hexOf(1)}`, "GET, HEAD, DELETE, POST"],
    ["PUT", `/api/whitelist/${hexOf(1)}`, "GET, HEAD, POST, DELETE"],
    ["GET", `/api/keys/${hexOf(1)}/60`, "POST, PATCH"],
    ["POST", `/api/keys/${hexOf(1)}`, "GET, HEAD, DELETE"],
  ];
  for (const [method, path, allowed] of cases) {
    const response = await ask(path, { method });
    assert.equal(response.status, 405, `${method} ${path}`);
    assert.deepEqual(response.headers.get("allow")?.split(", ").sort(), allowed.split(", ").sort(), path);
    assert.deepEqual(await response.json(), { status: "method not allowed" });
  }
});

Deno.test("a read-only token reads everything and changes nothing", async () => {
  const { ask, askJson, tracker } = createTestApi();
  for (const path of ["/api/stats", "/api/whitelist", "/api/keys", "/api/config"]) {
    assert.equal((await ask(path, { token: READ_TOKEN })).status, 200, path);
  }
  const refused = [403, { status: "read-only token" }];
  const changes = [
    ["POST", `/api/whitelist/${hexOf(1)}`],
    ["POST", "/api/whitelist"],
    ["DELETE", "/api/whitelist?confirm=true"],
    ["DELETE", `/api/torrent/${hexOf(1)}`],
    ["POST", "/api/keys?timeout=0"],
    ["PATCH", `/api/keys/${hexOf(1)}/0`],
    ["POST", "/api/save"],
    ["GET", "/api/whitelist/reload"],
    ["HEAD", "/api/keys/reload"],
  ];
  for (const [method, path] of changes) {
    if (method === "HEAD") assert.equal((await ask(path, { method, token: READ_TOKEN })).status, 403);
    else assert.deepEqual(await askJson(path, { method, token: READ_TOKEN }), refused, `${method} ${path}`);
  }
  assert.equal(tracker.access.whitelist.size() + tracker.access.keys.size(), 0);
});

Deno.test("requests are counted by family, refused ones as well", async () => {
  const { ask, memory } = createTestApi();
  await ask("/api/stats");
  await ask("/api/stats", { token: "" });
  await ask("/health", { from: "2001:db8::1" });
  await ask("/api/stats", { from: "::ffff:1.2.3.4" });
  assert.equal(readCounter(memory.stats, "tcp4_api_handled"), 3);
  assert.equal(readCounter(memory.stats, "tcp6_api_handled"), 1);
  assert.equal(readCounter(memory.stats, "tcp4_connections_handled"), 3);
});

Deno.test("after ten wrong tokens a minute an address waits; an IPv6 /64 is one address", async () => {
  const { ask, askJson, clock } = createTestApi();
  for (let i = 0; i < 10; i++) {
    assert.equal((await ask("/api/stats", { token: `x${i}`, from: `2001:db8::${i}` })).status, 401);
  }
  const response = await ask("/api/stats", { token: "x", from: "2001:db8::99" });
  assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "60"]);
  assert.deepEqual(await response.json(), { status: "too many wrong tokens" });
  assert.equal(
    (await ask("/api/stats", { from: "2001:db8::99" })).status,
    429,
    "the right token tells nothing",
  );
  assert.equal((await ask("/api/stats", { from: "2001:db8:0:1::1" })).status, 200);
  assert.equal((await ask("/health", { token: "", from: "2001:db8::99" })).status, 200);
  clock.now += 60;
  assert.equal((await askJson("/api/stats", { from: "2001:db8::99" }))[0], 200);
});

Deno.test("a program with an old token is told to wait, and locks nobody out", async () => {
  const { ask } = createTestApi();
  for (let i = 0; i < 10; i++) assert.equal((await ask("/api/stats", { token: "old" })).status, 401);
  assert.equal((await ask("/api/stats", { token: "old" })).status, 429);
  assert.equal((await ask("/api/stats")).status, 200);
});

Deno.test("pages of other origins may use it only where the configuration names them", async () => {
  const origin = "https://admin.example.org";
  const preflight = {
    method: "OPTIONS",
    token: "",
    headers: { origin, "access-control-request-method": "DELETE" },
  };
  const closed = createTestApi();
  for (const response of [await closed.ask("/api/stats", preflight), await closed.ask("/api/stats")]) {
    assert.equal(response.headers.get("access-control-allow-origin"), null);
  }
  const open = createTestApi({ config: { cors_origins: [origin] } });
  const allowed = await open.ask("/api/stats", preflight);
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get("access-control-allow-origin"), origin);
  assert.match(allowed.headers.get("access-control-allow-methods") ?? "", /DELETE/);
  assert.match(allowed.headers.get("access-control-allow-headers") ?? "", /Authorization/);
  const refused = await open.ask("/api/stats", { token: "", headers: { origin } });
  assert.deepEqual([refused.status, refused.headers.get("access-control-allow-origin")], [401, origin]);
  const other = await open.ask("/api/stats", { headers: { origin: "https://example.com" } });
  assert.equal(other.headers.get("access-control-allow-origin"), null);
});

Deno.test("no answer is to be stored or compressed", async () => {
  const { ask } = createTestApi();
  for (
    const path of ["/api/stats", "/api/whitelist", `/api/whitelist/${hexOf(1)}`, "/health", "/api/nothing"]
  ) {
    assert.equal((await ask(path)).headers.get("cache-control"), "no-store, no-transform", path);
  }
});

Deno.test("the address of the web interface", async () => {
  const { ask } = createTestApi();
  assert.equal((await ask("/webgui", { token: "" })).headers.get("location"), "/webgui/");
  assert.equal((await ask("/webgui/", { token: "" })).status, 200);
});
