import assert from "node:assert/strict";
import fc from "fast-check";
import { parseIp } from "../../src/base/ip.ts";
import { DatagramBuffer, MAX_REQUEST_BYTES } from "../../src/protocol/udp.ts";
import { type CounterName, readCounters } from "../../src/tracker/stats.ts";
import type { TrackerSettings } from "../../src/tracker/tracker.ts";
import { ConnectionIds } from "../../src/transport/connection_id.ts";
import { SILENCE, UdpHandler } from "../../src/transport/udp_handler.ts";
import { anyBytes, propertyTest } from "../support/properties.ts";
import { createTestTracker, type TestLimits, type TestTracker, wordsOf } from "../support/test_tracker.ts";
import {
  type AnnounceFields,
  decodeReply,
  encodeAnnounce,
  encodeConnect,
  encodeHeader,
  encodeScrape,
  type UdpReply,
  urlPath,
} from "../support/udp_client.ts";

const HASH = new Uint8Array(20).fill(0x11);
const KEY = "00112233445566778899aabbccddeeff01234567";
const KEY_WORDS = wordsOf(Uint8Array.from(KEY.match(/../g)!, (pair) => parseInt(pair, 16)));

/** Neither datagram is the first of its buffer, as in a batch. */
const AT = 128;
const TO = 256;
const GUARD = 0xee;

/** A tracker that is handed datagrams as if they had come from anywhere. */
class Server {
  readonly handler: UdpHandler;
  readonly tracker: TestTracker["tracker"];
  readonly memory: TestTracker["memory"];
  readonly #input = new DatagramBuffer(AT + MAX_REQUEST_BYTES + 4);
  readonly #output = new DatagramBuffer(TO + 2048);

  constructor(settings: Partial<TrackerSettings> = {}, limits: Partial<TestLimits> = {}) {
    ({ tracker: this.tracker, memory: this.memory } = createTestTracker(settings, limits));
    this.handler = new UdpHandler(this.tracker, new ConnectionIds([1, 2]), this.#input, this.#output);
    this.handler.unixSeconds = 1_700_000_000;
  }

  /** The answer to a datagram, null for silence. */
  ask(from: string, datagram: Uint8Array): Uint8Array | null {
    const { request } = this.handler;
    request.isIpv4 = parseIp(from, request.address) === 4;
    this.#input.bytes.fill(0x5a);
    this.#input.bytes.set(datagram, AT);
    this.#output.bytes.fill(GUARD);
    const length = this.handler.handle(AT, datagram.length, TO);
    if (length === SILENCE) return null;
    assert.ok(this.#output.bytes.subarray(0, TO).every((byte) => byte === GUARD), "wrote before its place");
    return this.#output.bytes.slice(TO, TO + length);
  }

  reply(from: string, datagram: Uint8Array): UdpReply {
    const bytes = this.ask(from, datagram);
    assert.ok(bytes !== null, "silence");
    return decodeReply(bytes, this.handler.request.isIpv4);
  }

  connect(from: string): bigint {
    const reply = this.reply(from, encodeConnect(77));
    assert.ok(reply.action === "connect");
    return reply.connectionId;
  }

  announce(from: string, fields: Partial<AnnounceFields> = {}): Extract<UdpReply, { action: "announce" }> {
    const reply = this.tryAnnounce(from, fields);
    assert.ok(reply.action === "announce", JSON.stringify(reply));
    return reply;
  }

  tryAnnounce(from: string, fields: Partial<AnnounceFields> = {}): UdpReply {
    return this.reply(from, encodeAnnounce({ connectionId: this.connect(from), ...fields }));
  }

  errorOf(reply: UdpReply): string {
    return reply.action === "error" ? reply.message : reply.action;
  }

  counter(name: CounterName): number {
    return readCounters(this.memory.stats)[name];
  }

  assertEmpty(): void {
    const { torrents, seeders, leechers, dirty } = this.tracker.store.totals();
    assert.deepEqual({ torrents, seeders, leechers, dirty }, {
      torrents: 0,
      seeders: 0,
      leechers: 0,
      dirty: 0,
    });
  }
}

function textOf(peer: { address: Uint8Array; port: number }): string {
  return `${[...peer.address].join(".")}:${peer.port}`;
}

const FROM4 = "192.0.2.1";
const FROM6 = "2001:db8::1";

Deno.test("connect gives an id, echoes the transaction id, and is as long as it was asked for", () => {
  const server = new Server();
  for (const from of [FROM4, FROM6]) {
    const bytes = server.ask(from, encodeConnect(0xfedcba98));
    assert.equal(bytes?.length, 16);
    const reply = decodeReply(bytes, true);
    assert.deepEqual([reply.action, reply.transactionId], ["connect", 0xfedcba98]);
  }
  assert.equal(server.counter("udp4_connections_handled"), 1);
  assert.equal(server.counter("udp6_connections_handled"), 1);
});

Deno.test("a connect with bytes after it is still a connect", () => {
  const server = new Server();
  const long = new Uint8Array(300);
  long.set(encodeConnect(9));
  assert.equal(server.ask(FROM4, long)?.length, 16);
});

Deno.test("what is shorter than 16 bytes gets silence, whatever it is", () => {
  const server = new Server();
  for (let length = 0; length < 16; length++) {
    assert.equal(server.ask(FROM4, encodeConnect(1).subarray(0, length)), null);
    assert.equal(server.ask(FROM4, new Uint8Array(length).fill(0xff)), null);
  }
  assert.equal(server.counter("udp_junk"), 32);
  server.assertEmpty();
});

Deno.test("a wrong id gets an error no longer than the request, or silence", () => {
  const server = new Server();
  for (let length = 16; length <= 120; length++) {
    const bytes = server.ask(FROM4, encodeHeader(length, 0xbadn, 1 + length % 2, 0x01020304));
    if (length < 30) assert.equal(bytes, null, `${length} bytes`);
    else {
      assert.ok(bytes !== null && bytes.length <= length);
      const message = "connection id mismatch";
      assert.deepEqual(decodeReply(bytes, true), { action: "error", transactionId: 0x01020304, message });
    }
  }
  server.assertEmpty();
});

Deno.test("an id is good for its address, for two minutes", () => {
  const server = new Server();
  const connectionId = server.connect(FROM4);
  const datagram = encodeAnnounce({ connectionId });
  assert.equal(server.reply(FROM4, datagram).action, "announce");
  assert.equal(server.errorOf(server.reply("192.0.2.2", datagram)), "connection id mismatch");
  assert.equal(server.errorOf(server.reply(FROM6, datagram)), "connection id mismatch");
  server.handler.seconds = 120;
  assert.equal(server.reply(FROM4, datagram).action, "announce");
  server.handler.seconds = 121;
  assert.equal(server.errorOf(server.reply(FROM4, datagram)), "connection id mismatch");
  assert.equal(server.counter("udp_bad_connection_id"), 3);
});

Deno.test("the id of an IPv4 address is good for the same address mapped into IPv6", () => {
  const server = new Server();
  const connectionId = server.connect("::ffff:192.0.2.1");
  assert.equal(server.reply(FROM4, encodeAnnounce({ connectionId })).action, "announce");
  const reply = server.announce("::ffff:192.0.2.9", { port: 1 });
  assert.deepEqual(reply.peers.map(textOf), ["192.0.2.1:6881"]);
});

Deno.test("transaction ids are echoed in every kind of answer", () => {
  const server = new Server({ blacklist: true });
  const black = new Uint8Array(20).fill(0xbb);
  server.tracker.access.blacklist.set(wordsOf(black), 0, 0);
  const connectionId = server.connect(FROM4);
  for (const transactionId of [0, 1, 0x80000000, 0xffffffff, 0x12345678]) {
    for (
      const datagram of [
        encodeConnect(transactionId),
        encodeAnnounce({ connectionId, transactionId }),
        encodeAnnounce({ connectionId, transactionId, infoHash: black }),
        encodeScrape(connectionId, transactionId, [HASH]),
        encodeScrape(connectionId, transactionId, []),
        encodeAnnounce({ connectionId: connectionId ^ 1n, transactionId }),
      ]
    ) {
      assert.equal(server.reply(FROM4, datagram).transactionId, transactionId);
    }
  }
});

Deno.test("unknown actions, connect without its constant, and short announces are bad requests", () => {
  const server = new Server();
  const connectionId = server.connect(FROM4);
  for (const action of [0, 3, 4, 255, 256, 0x01000000, 0x80000001, 0xffffffff]) {
    const reply = server.reply(FROM4, encodeHeader(98, connectionId, action, 5));
    assert.deepEqual(reply, { action: "error", transactionId: 5, message: "bad request" });
  }
  const whole = encodeAnnounce({ connectionId });
  for (let length = 16; length < 98; length++) {
    assert.equal(server.errorOf(server.reply(FROM4, whole.subarray(0, length))), "bad request");
  }
  assert.equal(server.counter("udp_bad_request"), 8 + 82);
  server.assertEmpty();
});

Deno.test("a scrape has 1 to 74 whole hashes, anything else is a bad request", () => {
  const server = new Server();
  const connectionId = server.connect(FROM4);
  for (let length = 16; length <= 16 + 76 * 20; length++) {
    const reply = server.reply(FROM4, encodeHeader(length, connectionId, 2, 6));
    const hashes = (length - 16) / 20;
    if (Number.isInteger(hashes) && hashes >= 1 && hashes <= 74) {
      assert.ok(reply.action === "scrape" && reply.files.length === hashes, `${length} bytes`);
    } else {
      assert.equal(server.errorOf(reply), "bad request", `${length} bytes`);
    }
  }
  server.assertEmpty();
});

Deno.test("a scrape counts seeders, completed and leechers; what is unknown is zero", () => {
  const server = new Server();
  server.announce("192.0.2.1", { left: 0n, event: 1 });
  server.announce("192.0.2.2", { left: 5n });
  server.announce(FROM6, { left: 5n });
  const other = new Uint8Array(20).fill(0x22);
  const reply = server.reply(FROM4, encodeScrape(server.connect(FROM4), 1, [other, HASH, HASH]));
  assert.ok(reply.action === "scrape");
  const counted = { seeders: 1, completed: 1, leechers: 2 };
  assert.deepEqual(reply.files, [{ seeders: 0, completed: 0, leechers: 0 }, counted, counted]);
});

Deno.test("the source address counts, not the one in the packet", () => {
  const server = new Server();
  server.announce("192.0.2.1", { ip: 0x06060606, port: 0x1234 });
  const { peers } = server.announce("192.0.2.2");
  assert.deepEqual(peers.map(textOf), ["192.0.2.1:4660"]);
});

Deno.test("the answer has the interval and the counts of both families, and peers of the asker's", () => {
  const server = new Server({ interval: 123 });
  server.announce("192.0.2.1", { left: 0n });
  server.announce("192.0.2.2");
  server.announce(FROM6);
  const reply = server.announce("2001:db8::2");
  assert.deepEqual([reply.interval, reply.seeders, reply.leechers], [123, 1, 3]);
  assert.equal(reply.peers.length, 1);
  assert.deepEqual([...reply.peers[0].address.subarray(0, 4)], [0x20, 1, 0x0d, 0xb8]);
});

Deno.test("num_want is honoured, absurd values are the default", () => {
  const server = new Server({ peersReturned: 30 });
  for (let i = 1; i <= 40; i++) server.announce(`192.0.2.${i}`);
  for (
    const [numWant, count] of [
      [0, 0],
      [1, 1],
      [5, 5],
      [30, 30],
      [31, 30],
      [0x7fffffff, 30],
      [-1, 30],
      [-2, 30],
      [-0x80000000, 30],
    ]
  ) {
    assert.equal(server.announce("192.0.2.99", { numWant }).peers.length, count, `num_want ${numWant}`);
  }
});

Deno.test("an answer stays within 1472 bytes over IPv4 and 1200 over IPv6, however many are wanted", () => {
  const server = new Server({ peersReturned: 500 });
  for (let i = 0; i < 400; i++) {
    server.announce(`10.0.${i >> 8}.${i & 255}`, { numWant: 0 });
    server.announce(`2001:db8::${i.toString(16)}`, { numWant: 0 });
  }
  for (
    const [from, limit, size, count] of [["10.9.9.9", 1472, 6, 242], ["2001:db8::9:9", 1200, 18, 65]] as const
  ) {
    const datagram = encodeAnnounce({ connectionId: server.connect(from), numWant: 500 });
    const bytes = server.ask(from, datagram);
    assert.ok(bytes !== null && bytes.length <= limit && bytes.length > limit - size);
    const reply = decodeReply(bytes, size === 6);
    assert.ok(reply.action === "announce");
    assert.equal(new Set(reply.peers.map(textOf)).size, count, "all different");
  }
});

Deno.test("port 0 is answered with the counts, and not stored", () => {
  const server = new Server();
  assert.deepEqual(server.announce(FROM4, { port: 0 }).peers, []);
  server.assertEmpty();
  server.announce("192.0.2.2");
  const reply = server.announce(FROM4, { port: 0 });
  assert.deepEqual([reply.leechers, reply.seeders], [1, 0]);
});

Deno.test("events by number: stopped leaves, paused is a leecher without peers, unknown ones are none", () => {
  const server = new Server();
  server.announce("192.0.2.2", { left: 0n });
  const counts = (event: number) => {
    const { peers, seeders, leechers } = server.announce(FROM4, { event });
    return [peers.length, seeders, leechers];
  };
  assert.deepEqual(counts(2), [1, 1, 1]);
  assert.deepEqual(counts(0), [1, 1, 1]);
  assert.deepEqual(counts(4), [0, 1, 1]);
  assert.deepEqual(counts(3), [0, 1, 0]);
  for (const event of [5, 6, 255, 0x01000000, 0x7fffffff, 0x80000000, 0xffffffff]) {
    assert.deepEqual(counts(event), [1, 1, 1], `event ${event}`);
  }
});

Deno.test("a huge left is a leecher, only zero is a seeder", () => {
  const server = new Server();
  for (const left of [1n, 1n << 32n, 1n << 63n, 2n ** 64n - 1n, 0xffffffffn]) {
    assert.deepEqual([server.announce(FROM4, { left }).leechers], [1], `left ${left}`);
  }
  assert.equal(server.announce(FROM4, { left: 0n }).seeders, 1);
});

Deno.test("the whitelist comes before the blacklist; what is refused leaves no trace", () => {
  const server = new Server({ whitelist: true, blacklist: true }, { keepTorrents: true });
  const { whitelist, blacklist } = server.tracker.access;
  const error = () => server.errorOf(server.tryAnnounce(FROM4));
  blacklist.set(wordsOf(HASH), 0, 0);
  assert.equal(error(), "torrent not on whitelist");
  whitelist.set(wordsOf(HASH), 0, 0);
  assert.equal(error(), "torrent blacklist");
  assert.deepEqual([server.counter("refused_not_whitelisted"), server.counter("refused_blacklisted")], [
    1,
    1,
  ]);
  server.assertEmpty();
  blacklist.remove(wordsOf(HASH), 0);
  assert.equal(error(), "announce");
  whitelist.remove(wordsOf(HASH), 0);
  assert.equal(error(), "torrent not on whitelist");
});

Deno.test("the key comes before the lists; missing, malformed, unknown and expired ones are unknown", () => {
  const server = new Server({ keys: true, whitelist: true }, { keepTorrents: true });
  const error = (path: string) => {
    const options = path === "" ? new Uint8Array(0) : urlPath(path);
    return server.errorOf(server.tryAnnounce(FROM4, { options }));
  };
  const paths = [`/announce/${KEY}`, `/${KEY}/announce`];
  const bad = ["", "/announce", "/announce/1234", `/announce/${KEY}0`, `/scrape/${KEY}`, "\xff"];
  for (const path of [...bad, ...paths]) assert.equal(error(path), "unknown key", path);
  assert.equal(server.counter("refused_key"), bad.length + 2);

  const { keys, whitelist } = server.tracker.access;
  keys.set(KEY_WORDS, 0, 0);
  for (const path of paths) assert.equal(error(path), "torrent not on whitelist", path);
  server.assertEmpty();
  whitelist.set(wordsOf(HASH), 0, 0);
  for (const path of paths) assert.equal(error(path), "announce", path);
  for (const path of bad) assert.equal(error(path), "unknown key", path);

  keys.set(KEY_WORDS, 0, server.handler.unixSeconds + 1);
  assert.equal(error(paths[0]), "announce", "a second before its end");
  server.handler.unixSeconds++;
  assert.equal(error(paths[0]), "unknown key", "the very second of its end");
});

Deno.test("a scrape cannot carry a key, so with keys on it is refused", () => {
  const server = new Server({ keys: true });
  const reply = server.reply(FROM4, encodeScrape(server.connect(FROM4), 1, [HASH]));
  assert.equal(server.errorOf(reply), "unknown key");
});

Deno.test("the lists are no matter of a scrape", () => {
  const server = new Server({ whitelist: true });
  const reply = server.reply(FROM4, encodeScrape(server.connect(FROM4), 1, [HASH]));
  assert.equal(reply.action, "scrape");
});

Deno.test("with keys off a key in the path is no matter", () => {
  const server = new Server();
  for (const path of [`/announce/${KEY}`, "/announce/rubbish"]) {
    assert.equal(server.tryAnnounce(FROM4, { options: urlPath(path) }).action, "announce");
  }
});

Deno.test("a full tracker answers all the same, and counts it", () => {
  const server = new Server({}, { torrents: 1, peers: 1 });
  let answered = 0;
  for (let i = 0; i < 5000; i++) {
    const infoHash = crypto.getRandomValues(new Uint8Array(20));
    const { seeders, leechers, peers } = server.announce(`10.0.${i >> 8}.${i & 255}`, { infoHash });
    assert.ok(seeders + leechers <= 1 && peers.length === 0);
    answered++;
  }
  assert.equal(answered, 5000);
  const { leechers } = server.tracker.store.totals();
  assert.equal(server.counter("full_torrents") + server.counter("full_peers"), 5000 - leechers);
  assert.ok(leechers < 5000);
});

// --- any bytes -------------------------------------------------------------------------------------------------------

const stranger = new Server({}, { keepTorrents: true });
const from = fc.constantFrom(FROM4, FROM6, "10.1.2.3", "::ffff:10.1.2.3");
const connectLike = fc.tuple(anyBytes(0, 40), fc.nat(0xffffffff)).map(([tail, transaction]) =>
  Uint8Array.of(...encodeConnect(transaction), ...tail)
);
/** A connect with one byte changed, and announces and scrapes with ids made up. */
const nearly = fc.oneof(
  fc.tuple(connectLike, fc.nat(15), fc.nat(255)).map(([bytes, at, value]) => bytes.with(at, value)),
  fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(120)).map(([connectionId, length]) =>
    encodeAnnounce({ connectionId }).subarray(0, length)
  ),
  fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(80)).map(([connectionId, count]) =>
    encodeScrape(connectionId, 1, Array(count).fill(HASH))
  ),
);

Deno.test(propertyTest(
  "any datagram without a valid id gets no more than it sent, and an id only for connect",
  fc.property(
    fc.oneof(anyBytes(0, 40), anyBytes(90, 130), connectLike, nearly),
    from,
    (datagram, source) => {
      const bytes = stranger.ask(source, datagram);
      if (datagram.length < 16) return assert.equal(bytes, null);
      if (bytes === null) return;
      assert.ok(bytes.length <= datagram.length);
      assert.deepEqual(bytes.subarray(4, 8), datagram.subarray(12, 16), "the transaction id");
      const isConnect = sameBytes(datagram.subarray(0, 12), encodeConnect(0).subarray(0, 12));
      const reply = decodeReply(bytes, true);
      assert.equal(reply.action, isConnect ? "connect" : "error");
      if (reply.action === "error") assert.equal(reply.message, "connection id mismatch");
    },
  ),
  10_000,
  1_000_000,
));

Deno.test("strangers have left no trace", () => stranger.assertEmpty());

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const friend = new Server({ peersReturned: 500 });
const ids = new Map([FROM4, FROM6].map((address) => [address, friend.connect(address)]));
for (let i = 0; i < 300; i++) friend.announce(`10.0.${i >> 8}.${i & 255}`, { left: BigInt(i % 3) });
const tail = fc.oneof(anyBytes(8, 150), anyBytes(1400, MAX_REQUEST_BYTES - 16), fc.constant(HASH));

Deno.test(propertyTest(
  "any bytes after a valid id get an answer of their kind within the limits, and never a throw",
  fc.property(tail, fc.nat(4), fc.constantFrom(FROM4, FROM6), (rest, action, source) => {
    const datagram = Uint8Array.of(...encodeHeader(16, ids.get(source)!, action, 0x0a0b0c0d), ...rest);
    // Often the torrent that has many peers.
    if (rest[0] & 1 && datagram.length >= 36) datagram.set(HASH, 16);
    const bytes = friend.ask(source, datagram);
    assert.ok(bytes !== null && bytes.length <= (source === FROM4 ? 1472 : 1200));
    const reply = decodeReply(bytes, source === FROM4);
    assert.equal(reply.transactionId, 0x0a0b0c0d);
    const isAnnounce = action === 1 && datagram.length >= 98;
    const hashes = (datagram.length - 16) / 20;
    const isScrape = action === 2 && Number.isInteger(hashes) && hashes <= 74;
    assert.equal(reply.action, isAnnounce ? "announce" : isScrape ? "scrape" : "error");
  }),
  3_000,
  1_000_000,
));
