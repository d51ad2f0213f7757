// What clients get wrong, byte by byte on real connections: the right status, a reason, nothing changed.

import assert from "node:assert/strict";
import { exchange, type HttpReply, latin1Bytes, parseReplies } from "../support/http_client.ts";
import { API_KEY, withTracker } from "../support/running_tracker.ts";
import { hexOf } from "./test_api.ts";

const HASH = hexOf(1);
const AUTHORIZED = `Authorization: Bearer ${API_KEY}`;

/** What stands on the first line, status, reason; headers and body where they are what is bad. */
type BadRequest = readonly [
  line: string,
  status: number,
  reason: string,
  more?: { readonly headers?: readonly string[]; readonly body?: string; readonly token?: string },
];

const cases: readonly BadRequest[] = [
  // Hashes and keys.
  ["GET /api/torrent/x", 400, "invalid info_hash"],
  [`GET /api/torrent/${HASH}0`, 400, "invalid info_hash"],
  [`GET /api/torrent/${HASH.slice(1)}`, 400, "invalid info_hash"],
  [`GET /api/torrent/%`, 400, "invalid info_hash"],
  [`GET /api/torrent/${"%C3%A9".repeat(20)}`, 400, "invalid info_hash"],
  [`DELETE /api/torrent/${HASH.slice(1)}%00`, 400, "invalid info_hash"],
  [`DELETE /api/torrent/${HASH}`, 404, "unknown torrent"],
  [`GET /api/whitelist/..%2f..%2fkeys`, 400, "invalid info_hash"],
  [`POST /api/whitelist/${"g".repeat(40)}`, 400, "invalid info_hash"],
  [`POST /api/blacklist/${" ".repeat(40).replaceAll(" ", "%20")}`, 400, "invalid info_hash"],
  [`POST /api/keys/${"g".repeat(40)}/60`, 400, "invalid key"],
  [`DELETE /api/keys/${HASH}`, 404, "not found"],
  // Times and numbers.
  [`POST /api/keys/${HASH}/-1`, 400, "invalid timeout"],
  [`POST /api/keys/${HASH}/1.0`, 400, "invalid timeout"],
  [`POST /api/keys/${HASH}/${"9".repeat(400)}`, 400, "invalid timeout"],
  [`PATCH /api/keys/${HASH}/NaN`, 400, "invalid timeout"],
  ["POST /api/keys?timeout=Infinity", 400, "invalid timeout"],
  [`POST /api/torrent/${HASH}?completed=-0`, 400, "invalid completed"],
  ["GET /api/torrents?limit=1e3", 400, "invalid limit"],
  ["GET /api/torrents?cursor=../..", 400, "invalid cursor"],
  // Bodies.
  ["POST /api/whitelist", 400, "invalid JSON", { headers: ["Content-Type: application/json"], body: "[" }],
  ["POST /api/whitelist", 400, "invalid JSON: expected a list of texts", {
    headers: ["Content-Type: application/json"],
    body: '{"__proto__": []}',
  }],
  ["POST /api/whitelist", 400, "invalid info_hash: entry 2", { body: `${HASH}\n${"[".repeat(100_000)}` }],
  ["POST /api/whitelist?action=drop", 400, "invalid action", { body: HASH }],
  ["DELETE /api/whitelist", 400, "invalid confirm"],
  ["DELETE /api/keys?confirm=yes", 400, "invalid confirm"],
  // Methods and paths.
  ["PUT /api/stats", 405, "method not allowed"],
  ["OPTIONS /api/stats", 405, "method not allowed"],
  ["BREW /api/stats", 405, "method not allowed"],
  ["GET /api/save", 405, "method not allowed"],
  ["POST /health", 405, "method not allowed"],
  ["GET /api/stats/", 404, "not found"],
  ["GET /api//stats", 404, "not found"],
  ["GET /api/Stats", 404, "not found"],
  ["GET /api/", 404, "not found"],
  ["GET /api/keys/reload/x/y", 404, "not found"],
  ["GET /API/stats", 404, "not found"],
  [`GET /${"a".repeat(5000)}`, 404, "not found"],
  // Tokens and headers.
  ["GET /api/stats", 401, "invalid token", { token: "" }],
  ["GET /api/stats", 401, "invalid token", { token: "Authorization: Bearer" }],
  ["GET /api/stats", 401, "invalid token", { token: `Authorization: Basic ${btoa(`x:${API_KEY}`)}` }],
  ["GET /api/stats", 401, "invalid token", { token: `Authorization: ${API_KEY}` }],
  [`GET /api/stats?token=${API_KEY}%00`, 401, "invalid token", { token: "" }],
  ["GET /api/stats?token=%ff%fe", 401, "invalid token", { token: "" }],
];

function requestBytes([line, , , more = {}]: BadRequest, last: boolean): Uint8Array {
  const { headers = [], body = "", token = AUTHORIZED } = more;
  const lines = [`${line} HTTP/1.1`, "Host: tracker", `Content-Length: ${body.length}`, ...headers];
  if (token !== "") lines.push(token);
  if (last) lines.push("Connection: close");
  return latin1Bytes([...lines, "", body].join("\r\n"));
}

function reasonOf({ headers, body }: HttpReply): unknown {
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  return JSON.parse(new TextDecoder().decode(body));
}

Deno.test("what is bad is told why, changes nothing, and leaves the connection as it is", () =>
  withTracker({ udp: ["127.0.0.1:0"], api: ["127.0.0.1:0"] }, async ({ listening, tracker }) => {
    const [api] = listening.api;
    const good: BadRequest = ["GET /health", 200, "ok", { token: "" }];
    for (const bad of cases) {
      // A good request after the bad one, on the same connection.
      const bytes = [...requestBytes(bad, false), ...requestBytes(good, true)];
      const replies = parseReplies(await exchange(api, Uint8Array.from(bytes)));
      const [line, status, reason] = bad;
      assert.deepEqual([replies[0]?.status, reasonOf(replies[0])], [status, { status: reason }], line);
      if (replies[0].headers.get("connection") === "close") continue;
      assert.deepEqual([replies[1]?.status, reasonOf(replies[1])], [200, { status: "ok" }], `after ${line}`);
    }
    const { whitelist, blacklist, keys } = tracker.access;
    const changed = whitelist.size() + blacklist.size() + keys.size() + tracker.store.totals().torrents;
    assert.equal(changed, 0);
  }));

Deno.test("100 MB are refused and not read on, by length and without", () =>
  withTracker({ udp: ["127.0.0.1:0"], api: ["127.0.0.1:0"] }, async ({ listening, tracker }) => {
    const [api] = listening.api;
    const head = (line: string, ...more: string[]) =>
      latin1Bytes([`${line} HTTP/1.1`, "Host: tracker", AUTHORIZED, ...more, "", ""].join("\r\n"));
    const line = `${HASH}\n`;
    const chunk = latin1Bytes(`a000\r\n${line.repeat(1000).slice(0, 0xa000)}\r\n`);
    const tooLong = { status: "the body is longer than 32 MiB" };
    const told = await sendUntilAnswered(
      api,
      head("POST /api/whitelist", "Content-Length: 100000000"),
      chunk,
    );
    assert.deepEqual([told.reply.status, reasonOf(told.reply)], [413, tooLong]);
    assert.ok(told.sent < 20_000_000, `${told.sent} bytes were taken`);
    const untold = await sendUntilAnswered(
      api,
      head("POST /api/blacklist", "Transfer-Encoding: chunked"),
      chunk,
    );
    assert.equal(untold.reply.status, 400, "lines are cut by the chunks");
    const other = await sendUntilAnswered(api, head("GET /api/stats", "Content-Length: 100000000"), chunk);
    assert.equal(other.reply.status, 200, "what a route does not want it does not read");
    assert.ok(other.sent < 20_000_000, `${other.sent} bytes were taken`);
    assert.equal(tracker.access.whitelist.size() + tracker.access.blacklist.size(), 0);
  }));

/** Sends chunk after chunk, up to 100 MB, until an answer has come. */
async function sendUntilAnswered(
  { hostname, port }: { hostname: string; port: number },
  head: Uint8Array,
  chunk: Uint8Array,
): Promise<{ reply: HttpReply; sent: number }> {
  using connection = await Deno.connect({ hostname, port });
  let answer = "";
  const reading = (async () => {
    const buffer = new Uint8Array(65536);
    while (!isWhole(answer)) {
      const length = await connection.read(buffer).catch(() => null);
      if (length === null) return;
      answer += new TextDecoder("latin1").decode(buffer.subarray(0, length));
    }
  })();
  let sent = 0;
  try {
    for (await connection.write(head); sent < 100_000_000 && answer === "";) {
      sent += await connection.write(chunk);
    }
  } catch {
    // The other side no longer takes anything: the answer is there or on its way.
  }
  await reading;
  const [reply] = parseReplies(latin1Bytes(answer));
  assert.ok(reply !== undefined, "no answer");
  return { reply, sent };
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  const length = /content-length: (\d+)/i.exec(answer)?.[1];
  return end >= 0 && length !== undefined && answer.length >= end + 4 + Number(length);
}
