// The documented routes, and every described one, over HTTP and HTTPS, IPv4 and IPv6.

import assert from "node:assert/strict";
import fc from "fast-check";
import { amount, testSeed } from "../support/seeded.ts";
import { withNeeds } from "../support/skip.ts";
import { UdpClient } from "../support/udp_client.ts";
import {
  AnswerCheck,
  type DescribedRoute,
  type Description,
  requestsFor,
  routesOf,
} from "./described_routes.ts";
import documentedRoutes from "./documented_routes.json" with { type: "json" };
import { HOSTS, type LiveApi, SCHEMES, withLiveApi } from "./live_api.ts";

/** The hash, and the key, of the documented examples. */
const EXAMPLE = "1234567890123456789012345678901234567890";

const SETTINGS = "statistics_enabled = true\nkeys = false\nmax_list_entries = 20000\n";

for (const scheme of SCHEMES) {
  for (const host of HOSTS) {
    const needs = scheme === "https" ? { programs: ["openssl"] } : {};
    const test = (name: string, use: (api: LiveApi) => Promise<void>) =>
      withNeeds(
        needs,
        `${scheme}, ${host}: ${name}`,
        () => withLiveApi({ scheme, host, settings: SETTINGS }, use),
      );
    Deno.test(test("each documented route answers as documented", answersAsDocumented));
    Deno.test(
      test("every described route answers as described, whatever the parameters", answersAsDescribed),
    );
    Deno.test(test("peers of the API's own network appear with their addresses", showsPeers));
  }
}

async function answersAsDocumented({ ask, tracker }: LiveApi): Promise<void> {
  assert.equal(documentedRoutes.length, 15);
  for (const { method, path, answer } of documentedRoutes) {
    await prepareFor(method, path, ask);
    const target = path.replace("[TORRENT_HASH]", EXAMPLE).replace("[KEY]", EXAMPLE).replace(
      "[TIMEOUT]",
      "3600",
    );
    const response = await ask(target, { method });
    assert.equal(response.status, 200, `${method} ${path}`);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    const found = await response.json();
    compareShapes(found, answer, `${method} ${path}`);
    if (path === "/api/stats") compareOrder(found, answer);
  }
  assert.equal(tracker.tracker.store.totals().torrents, 0, "the last of them was removed");
}

/** Brings about what a documented answer shows. */
async function prepareFor(method: string, path: string, ask: LiveApi["ask"]): Promise<void> {
  const list = /^\/api\/(whitelist|blacklist|keys)/.exec(path)?.[1];
  const target = list === "keys"
    ? `/api/keys/${EXAMPLE}/60`
    : list === undefined
    ? `/api/torrent/${EXAMPLE}?completed=0`
    : `/api/${list}/${EXAMPLE}`;
  if (method === "GET" && path === "/api/stats") return;
  await (await ask(target, { method: "POST" })).body?.cancel();
}

/** Every documented field is there with its type; a list is as its first entry is documented. */
function compareShapes(found: unknown, documented: unknown, at: string): void {
  if (Array.isArray(documented)) {
    assert.ok(Array.isArray(found), at);
    // An entry of a list that is itself a list is a pair.
    const isPair = at.endsWith("]");
    if (isPair) assert.equal(found.length, documented.length, at);
    if (isPair) return documented.forEach((value, i) => compareShapes(found[i], value, `${at}[${i}]`));
    found.forEach((value, i) => compareShapes(value, documented[0], `${at}[${i}]`));
  } else if (typeof documented === "object" && documented !== null) {
    assert.ok(typeof found === "object" && found !== null, at);
    for (const [name, value] of Object.entries(documented)) {
      assert.ok(name in found, `${at}.${name} is missing`);
      compareShapes((found as Record<string, unknown>)[name], value, `${at}.${name}`);
    }
  } else if (at === "GET /api/keys[0][1]") {
    // The document shows a text; the program that it documents sent a number.
    assert.equal(typeof found, "number");
  } else {
    assert.equal(typeof found, typeof documented, at);
    if (documented === "ok") assert.equal(found, "ok", at);
  }
}

function compareOrder(found: object, documented: object): void {
  const names = Object.keys(found).filter((name) => name !== "timestamp_run_keys_timeout");
  assert.deepEqual(names, Object.keys(documented));
  const all = Object.keys(found);
  assert.equal(all.indexOf("timestamp_run_keys_timeout"), all.indexOf("timestamp_run_console") + 1);
}

async function answersAsDescribed({ ask }: LiveApi): Promise<void> {
  const description: Description = await (await ask("/api/openapi.json")).json();
  const check = new AnswerCheck(description);
  const routes = routesOf(description);
  assert.ok(routes.length > 30, `${routes.length} routes`);
  for (const route of routes) {
    for (const isValid of [true, false]) await checkRoute(route, isValid, check, ask);
  }
}

async function checkRoute(
  route: DescribedRoute,
  isValid: boolean,
  check: AnswerCheck,
  ask: LiveApi["ask"],
): Promise<void> {
  const { method, path } = route;
  const hasInput = route.operation.parameters !== undefined || route.operation.requestBody !== undefined;
  const seed = testSeed();
  await fc.assert(
    fc.asyncProperty(requestsFor(route, isValid), async ({ target, body }) => {
      const response = await ask(target, { method, ...(body === undefined ? {} : { body }) });
      assert.notEqual(response.status, 500, `${method} ${target}`);
      assert.ok(!isValid || response.status !== 400, `${method} ${target} is good and was refused`);
      await check.check(route, response);
    }),
    { seed: seed | 0, numRuns: hasInput ? amount(12, 200) : 1 },
  ).catch((error) => {
    throw new Error(`${method} ${path}, with DENOTRACK_TEST_SEED=${seed}: ${error.message}`, {
      cause: error,
    });
  });
}

async function showsPeers({ ask, tracker }: LiveApi): Promise<void> {
  const client = new UdpClient(tracker.listening.udp[0]);
  await client.connect();
  const infoHash = Uint8Array.fromHex(EXAMPLE);
  await client.announce({ infoHash, port: 6881 });
  await client.close();
  const { hostname } = tracker.listening.udp[0];
  const torrent = await (await ask(`/api/torrent/${EXAMPLE}`)).json();
  const documented = documentedRoutes.find(({ method, path }) =>
    method === "GET" && path === "/api/torrent/[TORRENT_HASH]"
  );
  compareShapes(torrent, documented?.answer, "torrent");
  const ip = hostname.includes(":") ? `[${hostname}]` : hostname;
  assert.equal(torrent.peers[0][1].ip, `${ip}:6881`);
  const stats = await (await ask("/api/stats")).json();
  const family = hostname.includes(":") ? 6 : 4;
  assert.deepEqual([stats[`tcp${family}_api_handled`], stats[`udp${family}_announces_handled`]], [2, 1]);
}

Deno.test("a client that says that its body has no bytes gets a new key", () =>
  withLiveApi({ scheme: "http", host: "127.0.0.1" }, async ({ ask }) => {
    const answer = await (await ask("/api/keys?timeout=60", { method: "POST", body: new Uint8Array(0) }))
      .json();
    assert.match(answer.key, /^[0-9a-f]{40}$/);
  }));
