import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_SCRAPE_HASHES, parseAnnounceQuery, parseScrapeQuery } from "../../src/protocol/http_query.ts";
import { AnnounceRequest, COMPLETED, NONE, PAUSED, STARTED, STOPPED } from "../../src/protocol/messages.ts";
import { percentEncode } from "../support/http_client.ts";
import { bytesOf, propertyTest } from "../support/properties.ts";

const HASH = "info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A";
const PEER_ID = "peer_id=-qB4520-abcdefghijkl";
const REQUIRED = `${HASH}&${PEER_ID}&port=6881`;

function announce(query: string): AnnounceRequest {
  const request = new AnnounceRequest();
  assert.equal(parseAnnounceQuery(query, 0, request), null, query);
  return request;
}

function failure(query: string): string | null {
  return parseAnnounceQuery(query, 0, new AnnounceRequest());
}

function amount(request: AnnounceRequest, index: number): bigint {
  const [low, high] = [request.amounts[index], request.amounts[index + 1]];
  return BigInt.asUintN(32, BigInt(low)) | BigInt.asUintN(32, BigInt(high)) << 32n;
}

Deno.test("an announce as clients send it (BEP 3)", () => {
  const query =
    `${REQUIRED}&uploaded=1&downloaded=5000000000&left=4294967296&compact=1&event=started&numwant=50`;
  const request = announce(query);
  const hash = "123456789abcdef123456789abcdef123456789a".match(/../g)!.map((pair) => parseInt(pair, 16));
  assert.deepEqual([...request.infoHashBytes], hash);
  assert.deepEqual(request.peerIdBytes, new TextEncoder().encode("-qB4520-abcdefghijkl"));
  assert.equal(request.port, 0xe11a, "as it lies in memory: 0x1ae1 in the order of the network");
  assert.deepEqual([0, 2, 4].map((i) => amount(request, i)), [4294967296n, 1n, 5000000000n]);
  assert.equal(request.event, STARTED);
  assert.equal(request.wanted, 50);
  assert.equal(request.compact, true);
  assert.equal(request.noPeerId, false);
});

Deno.test("what is left out has its default: a leecher who wants compact peers", () => {
  const request = announce(REQUIRED);
  assert.notEqual(amount(request, 0), 0n);
  assert.deepEqual([amount(request, 2), amount(request, 4)], [0n, 0n]);
  assert.deepEqual([request.event, request.wanted, request.compact], [NONE, -1, true]);
});

Deno.test("nothing of the request before is left", () => {
  const request = new AnnounceRequest();
  const first = `${REQUIRED}&left=0&uploaded=5&downloaded=6&event=stopped&numwant=3&compact=0&no_peer_id=1`;
  assert.equal(parseAnnounceQuery(first, 0, request), null);
  assert.equal(parseAnnounceQuery(REQUIRED, 0, request), null);
  const fresh = announce(REQUIRED);
  assert.deepEqual(request, fresh);
});

Deno.test("events by name, any other is none", () => {
  for (
    const [name, event] of [
      ["started", STARTED],
      ["completed", COMPLETED],
      ["stopped", STOPPED],
      ["paused", PAUSED],
      ["", NONE],
      ["Started", NONE],
      ["0", NONE],
      ["constructor", NONE],
    ] as const
  ) {
    assert.equal(announce(`${REQUIRED}&event=${name}`).event, event, name);
  }
});

Deno.test("numwant: a whole number is honoured, anything else is the default", () => {
  for (
    const [text, wanted] of [
      ["0", 0],
      ["1", 1],
      ["200", 200],
      ["007", 7],
      ["2147483647", 0x7fffffff],
      ["99999999999999999999999", 0x7fffffff],
      ["9".repeat(400), 0x7fffffff],
      ["-1", -1],
      ["-50", -1],
      ["", -1],
      ["5x", -1],
      ["1e3", -1],
      ["%35", -1],
    ] as const
  ) {
    assert.equal(announce(`${REQUIRED}&numwant=${text}`).wanted, wanted, text);
  }
});

Deno.test("compact is on unless it is 0 (BEP 23); no_peer_id is off unless it is 1", () => {
  for (const [text, compact] of [["0", false], ["1", true], ["", true], ["2", true]] as const) {
    assert.equal(announce(`${REQUIRED}&compact=${text}`).compact, compact, text);
  }
  for (const [text, noPeerId] of [["1", true], ["0", false], ["", false]] as const) {
    assert.equal(announce(`${REQUIRED}&no_peer_id=${text}`).noPeerId, noPeerId, text);
  }
});

Deno.test("a plus sign is a plus sign, escapes come in either case", () => {
  const hash = (text: string) => announce(`info_hash=${text}&${PEER_ID}&port=1`).infoHashBytes;
  assert.deepEqual(hash("+".repeat(20)), new Uint8Array(20).fill(0x2b));
  assert.deepEqual(hash("%00".repeat(20)), new Uint8Array(20));
  assert.deepEqual(hash("%fF".repeat(20)), new Uint8Array(20).fill(0xff));
  assert.deepEqual(hash("=".repeat(20)), new Uint8Array(20).fill(0x3d));
});

Deno.test("what is missing or wrong is named, in the words of COMPATIBILITY", () => {
  for (
    const [query, reason] of [
      ["", "missing info_hash"],
      [`${PEER_ID}&port=1`, "missing info_hash"],
      [`${HASH}&port=1`, "missing peer_id"],
      [`${HASH}&${PEER_ID}`, "missing port"],
      [`info_hash&${PEER_ID}&port=1`, "missing or invalid info_hash"],
      [`info_hash=&${PEER_ID}&port=1`, "missing or invalid info_hash"],
      [`${HASH}&peer_id=&port=1`, "missing or invalid peer_id"],
      [`info_hash=abc&${PEER_ID}&port=1`, "invalid info_hash size"],
      [`info_hash=${"a".repeat(21)}&${PEER_ID}&port=1`, "invalid info_hash size"],
      [`info_hash=${"a".repeat(10_000)}&${PEER_ID}&port=1`, "invalid info_hash size"],
      [`${HASH}&peer_id=abc&port=1`, "invalid peer_id size"],
      [`${HASH}&peer_id=${"a".repeat(21)}&port=1`, "invalid peer_id size"],
      [`info_hash=%GG${"a".repeat(19)}&${PEER_ID}&port=1`, "invalid info_hash"],
      [`info_hash=${"a".repeat(19)}%&${PEER_ID}&port=1`, "invalid info_hash"],
      [`info_hash=${"a".repeat(19)}%f&${PEER_ID}&port=1`, "invalid info_hash"],
      [`info_hash=${"a".repeat(19)}\u0100&${PEER_ID}&port=1`, "invalid info_hash"],
      [`info_hash=${"\xe9".repeat(20)}&${PEER_ID}&port=1`, "invalid info_hash"],
      [`${HASH}&peer_id=%&port=1`, "invalid peer_id"],
      [`${HASH}&${PEER_ID}&port=`, "invalid port"],
      [`${HASH}&${PEER_ID}&port`, "invalid port"],
      [`${HASH}&${PEER_ID}&port=65536`, "invalid port"],
      [`${HASH}&${PEER_ID}&port=-1`, "invalid port"],
      [`${HASH}&${PEER_ID}&port=1x`, "invalid port"],
      [`${HASH}&${PEER_ID}&port=${"9".repeat(400)}`, "invalid port"],
      [`${REQUIRED}&left=x`, "invalid left"],
      [`${REQUIRED}&left=-1`, "invalid left"],
      [`${REQUIRED}&uploaded=1.5`, "invalid uploaded"],
      [`${REQUIRED}&downloaded=1e9`, "invalid downloaded"],
      [`left=x&${HASH}`, "missing peer_id"],
    ] as const
  ) {
    assert.equal(failure(query), reason, query.slice(0, 100));
  }
});

Deno.test("an escape at the very end is whole", () => {
  assert.equal(failure(`port=1&${PEER_ID}&info_hash=${"a".repeat(19)}%ff`), null);
  assert.equal(failure(`port=1&${PEER_ID}&info_hash=${"a".repeat(19)}%f`), "invalid info_hash");
});

Deno.test("an empty amount says nothing; one beyond all measure is a leecher's", () => {
  assert.notEqual(amount(announce(`${REQUIRED}&left=`), 0), 0n);
  assert.equal(amount(announce(`${REQUIRED}&left=0`), 0), 0n);
  assert.equal(amount(announce(`${REQUIRED}&left=000`), 0), 0n);
  for (
    const left of ["18446744073709551615", "18446744073709551616", "9223372036854775808", "9".repeat(400)]
  ) {
    assert.notEqual(amount(announce(`${REQUIRED}&left=${left}`), 0), 0n, left);
  }
});

Deno.test("the first hash and peer id count; addresses in the query are ignored", () => {
  const other = "info_hash=" + "b".repeat(20);
  const request = announce(`${REQUIRED}&${other}&ip=6.6.6.6&ipv4=6.6.6.6&ipv6=%3A%3A1`);
  assert.deepEqual(request.infoHashBytes, announce(REQUIRED).infoHashBytes);
  assert.deepEqual([...request.address], [0, 0, 0, 0]);
});

Deno.test("the query may begin anywhere in the text", () => {
  const url = `http://tracker/announce?${REQUIRED}`;
  assert.equal(parseAnnounceQuery(url, url.indexOf("?") + 1, new AnnounceRequest()), null);
  assert.equal(parseAnnounceQuery(url, url.length, new AnnounceRequest()), "missing info_hash");
});

Deno.test("thousands of parameters, empty ones among them, are passed over", () => {
  assert.equal(failure(`${"&".repeat(5000)}${REQUIRED}${"&x=y".repeat(5000)}`), null);
});

Deno.test("a scrape has up to 100 hashes (BEP 48)", () => {
  const hashes = new Uint8Array(MAX_SCRAPE_HASHES * 20);
  assert.equal(parseScrapeQuery("", 0, hashes), 0);
  assert.equal(parseScrapeQuery("a=b&&c", 0, hashes), 0);
  assert.equal(parseScrapeQuery(HASH, 0, hashes), 1);
  assert.equal(parseScrapeQuery(Array(100).fill(HASH).join("&"), 0, hashes), 100);
  assert.deepEqual(hashes.subarray(1980), hashes.subarray(0, 20));
  const tooMany = parseScrapeQuery(Array(101).fill(HASH).join("&"), 0, hashes);
  assert.equal(tooMany, "too many info_hash, at most 100");
});

Deno.test("a bad hash spoils the scrape", () => {
  const hashes = new Uint8Array(MAX_SCRAPE_HASHES * 20);
  for (
    const [value, reason] of [
      ["", "missing or invalid info_hash"],
      ["a", "invalid info_hash size"],
      ["a".repeat(21), "invalid info_hash size"],
      ["%", "invalid info_hash"],
    ]
  ) {
    assert.equal(parseScrapeQuery(`${HASH}&info_hash=${value}&${HASH}`, 0, hashes), reason);
  }
});

const wire = fc.record({
  infoHash: bytesOf(20),
  peerId: bytesOf(20),
  port: fc.nat(0xffff),
  left: fc.maxSafeNat(),
  uploaded: fc.maxSafeNat(),
  downloaded: fc.maxSafeNat(),
  numwant: fc.nat(0x7fffffff),
  order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
});

Deno.test(propertyTest(
  "every announce that an independent encoder writes is read as it was meant, in any order",
  fc.property(wire, (sent) => {
    const parameters = [
      `info_hash=${percentEncode(sent.infoHash)}`,
      `peer_id=${percentEncode(sent.peerId)}`,
      `port=${sent.port}`,
      `left=${sent.left}`,
      `uploaded=${sent.uploaded}`,
      `downloaded=${sent.downloaded}`,
      `numwant=${sent.numwant}`,
    ];
    const request = announce(sent.order.map((i) => parameters[i]).join("&"));
    assert.deepEqual(request.infoHashBytes, sent.infoHash);
    assert.deepEqual(request.peerIdBytes, sent.peerId);
    assert.equal(request.port, (sent.port & 0xff) << 8 | sent.port >> 8);
    assert.deepEqual(
      [0, 2, 4].map((i) => amount(request, i)),
      [sent.left, sent.uploaded, sent.downloaded].map(BigInt),
    );
    assert.equal(request.wanted, sent.numwant);
  }),
  3_000,
  1_000_000,
));

const piece = fc.oneof(
  fc.constantFrom("&", "=", "%", "%0", "%zz", "+", "?", "#", "info_hash", "peer_id", "port", "left", "event"),
  fc.constantFrom("numwant=", "port=6881", "compact=0", HASH, PEER_ID, "uploaded=", "downloaded="),
  bytesOf(20).map(percentEncode),
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.integer().map(String),
);
const query = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

const FAILURES =
  /^(missing|invalid|missing or invalid) (info_hash|peer_id|port|left|uploaded|downloaded)$|^invalid (info_hash|peer_id) size$/;

Deno.test(propertyTest(
  "any text gives a request within its ranges or a known reason, and never a throw",
  fc.property(query, (text) => {
    const request = new AnnounceRequest();
    const reason = parseAnnounceQuery(text, 0, request);
    if (reason !== null) return assert.match(reason, FAILURES);
    assert.ok(request.port >= 0 && request.port <= 0xffff);
    assert.ok(request.wanted >= -1 && request.wanted <= 0x7fffffff);
    assert.ok(request.event >= NONE && request.event <= PAUSED);
  }),
  10_000,
  1_000_000,
));

Deno.test(propertyTest(
  "any text is a scrape of 0 to 100 hashes or has a known reason",
  fc.property(query, (text) => {
    const hashes = new Uint8Array(MAX_SCRAPE_HASHES * 20);
    const result = parseScrapeQuery(text, 0, hashes);
    if (typeof result === "string") assert.match(result, FAILURES);
    else assert.ok(result >= 0 && result <= MAX_SCRAPE_HASHES);
  }),
  5_000,
  1_000_000,
));
