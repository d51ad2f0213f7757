import assert from "node:assert/strict";
import fc from "fast-check";
import { AnnounceRequest, KEY_ABSENT, KEY_MALFORMED, KEY_PRESENT } from "../../src/protocol/messages.ts";
import {
  ACTION_ANNOUNCE,
  ACTION_CONNECT,
  ACTION_SCRAPE,
  actionOf,
  ANNOUNCE_ANSWER_BYTES,
  ANNOUNCE_BYTES,
  DatagramBuffer,
  errorBytes,
  finishScrapeEntry,
  isConnect,
  MAX_ANSWER_BYTES_IPV4,
  MAX_ANSWER_BYTES_IPV6,
  MAX_PEERS_IPV4,
  MAX_PEERS_IPV6,
  MAX_REQUEST_BYTES,
  MAX_SCRAPE_HASHES,
  parseAnnounce,
  swapBytes,
  writeAnnounce,
  writeConnect,
  writeError,
  writeScrape,
} from "../../src/protocol/udp.ts";
import { anyBytes, bytesOf, propertyTest } from "../support/properties.ts";
import {
  type AnnounceFields,
  decodeReply,
  encodeAnnounce,
  encodeConnect,
  encodeScrape,
  urlData,
  urlPath,
} from "../support/udp_client.ts";

const KEY = "00112233445566778899aabbccddeeff01234567";
const KEY_BYTES = Uint8Array.from(KEY.match(/../g)!, (pair) => parseInt(pair, 16));

/** Transaction ids as they lie in memory. */
const TRANSACTION = 0x12345678;
const TRANSACTION_WORD = 0x78563412;

/** Datagrams are read where they lie; this one is not the first of its buffer. */
const AT = 64;
const input = new DatagramBuffer(AT + MAX_REQUEST_BYTES + 4);

function load(datagram: Uint8Array): void {
  // What a longer datagram left behind must not be read.
  input.bytes.fill(0x2f);
  input.bytes.set(datagram, AT);
}

function parse(datagram: Uint8Array): AnnounceRequest {
  load(datagram);
  const request = new AnnounceRequest();
  parseAnnounce(input, AT, datagram.length, request);
  return request;
}

function parseOptions(options: Uint8Array): { state: number; key: Uint8Array } {
  const request = parse(encodeAnnounce({ options }));
  return { state: request.keyState, key: request.keyBytes.slice() };
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(/\s/g, "").match(/../g)!, (pair) => parseInt(pair, 16));
}

function answer(write: (out: DatagramBuffer) => number): Uint8Array {
  const out = new DatagramBuffer(64);
  out.bytes.fill(0xee);
  const length = write(out);
  assert.deepEqual([...new Set(out.bytes.subarray(length))], [0xee], "nothing is written beyond the answer");
  return out.bytes.slice(0, length);
}

Deno.test("a connect request, byte by byte (BEP 15)", () => {
  const datagram = bytes("00000417 27101980 00000000 12345678");
  assert.deepEqual(encodeConnect(TRANSACTION), datagram);
  load(datagram);
  assert.equal(isConnect(input.words, AT), true);
  assert.equal(actionOf(input.words, AT), ACTION_CONNECT);
  for (let bit = 0; bit < 12 * 8; bit++) {
    load(datagram);
    input.bytes[AT + (bit >> 3)] ^= 1 << (bit & 7);
    assert.equal(isConnect(input.words, AT), false, `bit ${bit} is part of the constant`);
  }
});

Deno.test("a connect answer, byte by byte (BEP 15)", () => {
  const reply = answer((out) => {
    const length = writeConnect(out.words, 0, TRANSACTION_WORD);
    out.bytes.set(bytes("0102030405060708"), 8);
    return length;
  });
  assert.deepEqual(reply, bytes("00000000 12345678 01020304 05060708"));
});

Deno.test("an announce request, byte by byte (BEP 15)", () => {
  const hash = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3";
  const peer = "2d7142343532302d6162636465666768696a6b6c";
  const request = parse(bytes(`
    0102030405060708 00000001 12345678 ${hash} ${peer}
    0000000200000003 0000000400000005 0000000600000007
    00000002 7f000001 0badcafe ffffffff 1ae1
  `));
  assert.deepEqual(request.infoHashBytes, bytes(hash));
  assert.deepEqual(request.peerIdBytes, bytes(peer));
  assert.deepEqual([...request.amounts], [5, 4, 7, 6, 3, 2], "left, uploaded, downloaded: low word first");
  assert.equal(request.event, 2);
  assert.equal(request.wanted, -1);
  assert.equal(request.port, 0xe11a, "as it lies in memory");
  assert.equal(request.keyState, KEY_ABSENT);
});

Deno.test("the actions are told apart", () => {
  load(encodeAnnounce({}));
  assert.equal(actionOf(input.words, AT), ACTION_ANNOUNCE);
  load(encodeScrape(1n, 2, []));
  assert.equal(actionOf(input.words, AT), ACTION_SCRAPE);
});

Deno.test("an announce answer, byte by byte (BEP 15)", () => {
  const reply = answer((out) => {
    writeAnnounce(out.words, 0, TRANSACTION_WORD, 1800, 3, 258);
    out.bytes.set(bytes("7f000001 1ae1"), ANNOUNCE_ANSWER_BYTES);
    return ANNOUNCE_ANSWER_BYTES + 6;
  });
  assert.deepEqual(reply, bytes("00000001 12345678 00000708 00000003 00000102 7f000001 1ae1"));
  assert.deepEqual(decodeReply(reply, true), {
    action: "announce",
    transactionId: TRANSACTION,
    interval: 1800,
    leechers: 3,
    seeders: 258,
    peers: [{ address: Uint8Array.of(127, 0, 0, 1), port: 6881 }],
  });
});

Deno.test("a scrape answer, byte by byte (BEP 15)", () => {
  const reply = answer((out) => {
    writeScrape(out.words, 0, TRANSACTION_WORD);
    out.words.set([1, 2, 3, 4, 5, 0x01020304], 2);
    finishScrapeEntry(out.words, 0, 0);
    finishScrapeEntry(out.words, 0, 1);
    return 8 + 24;
  });
  assert.deepEqual(
    reply,
    bytes("00000002 12345678 00000001 00000002 00000003 00000004 00000005 01020304"),
  );
});

Deno.test("an error, byte by byte (BEP 15)", () => {
  const text = new TextEncoder().encode("bad request");
  const reply = answer((out) => writeError(out, 0, TRANSACTION_WORD, text));
  assert.deepEqual(reply, bytes("00000003 12345678 626164 20 72657175657374"));
  assert.equal(errorBytes(text), reply.length);
});

Deno.test("answers stay within one packet", () => {
  const [ipv4, ipv6] = [1472, 1200];
  assert.deepEqual([MAX_ANSWER_BYTES_IPV4, MAX_ANSWER_BYTES_IPV6], [ipv4, ipv6]);
  assert.equal(MAX_PEERS_IPV4, 242);
  assert.equal(MAX_PEERS_IPV6, 65);
  assert.ok(20 + 6 * MAX_PEERS_IPV4 <= ipv4 && 20 + 6 * (MAX_PEERS_IPV4 + 1) > ipv4);
  assert.ok(20 + 18 * MAX_PEERS_IPV6 <= ipv6 && 20 + 18 * (MAX_PEERS_IPV6 + 1) > ipv6);
  assert.equal(MAX_SCRAPE_HASHES, 74);
  assert.ok(8 + 12 * MAX_SCRAPE_HASHES <= ipv6);
  assert.ok(16 + 20 * MAX_SCRAPE_HASHES <= MAX_REQUEST_BYTES);
});

const fields: fc.Arbitrary<AnnounceFields> = fc.record({
  connectionId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  transactionId: fc.nat(0xffffffff),
  infoHash: bytesOf(20),
  peerId: bytesOf(20),
  downloaded: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  left: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  uploaded: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  event: fc.oneof(fc.nat(6), fc.nat(0xffffffff)),
  ip: fc.nat(0xffffffff),
  key: fc.nat(0xffffffff),
  numWant: fc.integer(),
  port: fc.nat(0xffff),
  options: fc.constant(new Uint8Array(0)),
});

Deno.test(propertyTest(
  "every announce that an independent encoder writes is read as it was meant",
  fc.property(fields, (sent) => {
    const request = parse(encodeAnnounce(sent));
    assert.deepEqual(request.infoHashBytes, sent.infoHash);
    assert.deepEqual(request.peerIdBytes, sent.peerId);
    const amounts = [0, 2, 4].map((i) =>
      BigInt.asUintN(32, BigInt(request.amounts[i])) |
      BigInt.asUintN(32, BigInt(request.amounts[i + 1])) << 32n
    );
    assert.deepEqual(amounts, [sent.left, sent.uploaded, sent.downloaded]);
    assert.equal(request.event, sent.event <= 4 ? sent.event : 0);
    assert.equal(request.wanted, sent.numWant);
    assert.equal(request.port, (sent.port & 0xff) << 8 | sent.port >> 8);
    assert.equal(request.keyState, KEY_ABSENT);
  }),
  5_000,
  1_000_000,
));

Deno.test(propertyTest(
  "every announce answer comes back from an independent decoder",
  fc.property(fc.array(fc.nat(0x7fffffff), { minLength: 4, maxLength: 4 }), (numbers) => {
    const [transactionId, interval, leechers, seeders] = numbers;
    const reply = answer((out) => {
      writeAnnounce(out.words, 0, swapBytes(transactionId), interval, leechers, seeders);
      return ANNOUNCE_ANSWER_BYTES;
    });
    const decoded = decodeReply(reply, false);
    assert.deepEqual(decoded, { action: "announce", transactionId, interval, leechers, seeders, peers: [] });
  }),
  2_000,
  1_000_000,
));

// --- BEP 41 ----------------------------------------------------------------------------------------------------------

/** The options as BEP 41 describes them, joined the slow way: the path up to where the options end or are cut off. */
function expectedPath(options: Uint8Array): string {
  let path = "";
  let rest = [...options];
  while (rest.length > 0) {
    const [type, size, ...data] = rest;
    if (type === 0) break;
    if (type === 1) {
      rest = rest.slice(1);
      continue;
    }
    if (size === undefined || data.length < size) break;
    if (type === 2) path += String.fromCharCode(...data.slice(0, size));
    rest = data.slice(size);
  }
  return path;
}

/** What a path without a query or a slash at its end says of a key. */
function expectedState(path: string): number {
  const bare = path.replace(/\?[^]*$/, "").replace(/\/$/, "");
  if (bare === "" || bare === "/announce") return KEY_ABSENT;
  return /^\/(announce\/[0-9a-fA-F]{40}|[0-9a-fA-F]{40}\/announce)$/.test(bare) ? KEY_PRESENT : KEY_MALFORMED;
}

Deno.test("a key comes in one piece, in both orders of the path (BEP 41)", () => {
  for (const path of [`/announce/${KEY}`, `/${KEY}/announce`, `/announce/${KEY}?a=1&b=2`]) {
    const { state, key } = parseOptions(urlPath(path));
    assert.equal(state, KEY_PRESENT, path);
    assert.deepEqual(key, KEY_BYTES, path);
  }
});

Deno.test("the example of BEP 41: a path in two pieces, then the end", () => {
  const half = (text: string) => urlPath(text);
  const options = join(half("/dir?a=b"), Uint8Array.of(1), half("&c=d"), Uint8Array.of(0));
  assert.equal(parseOptions(options).state, KEY_MALFORMED);
  const withKey = join(half("/announce/"), Uint8Array.of(1, 1), half(KEY), Uint8Array.of(0), half("more"));
  assert.equal(parseOptions(withKey).state, KEY_PRESENT);
});

Deno.test("the path may be split in two at every byte, with empty pieces and NOPs between", () => {
  for (const path of [`/announce/${KEY}`, `/${KEY}/announce`]) {
    for (let cut = 0; cut <= path.length; cut++) {
      const [first, second] = [urlPath(path.slice(0, cut)), urlPath(path.slice(cut))];
      const options = [
        join(first, second),
        join(first, Uint8Array.of(1), second, Uint8Array.of(0, 7, 7)),
        join(urlPath(""), first, urlPath(""), second, urlPath("")),
      ];
      for (const option of options) assert.deepEqual(parseOptions(option), { state: 1, key: KEY_BYTES });
    }
  }
});

Deno.test("the path may come a byte at a time", () => {
  const path = `/${KEY}/announce`;
  const options = join(...Array.from(path, (character) => urlPath(character)));
  assert.deepEqual(parseOptions(options), { state: KEY_PRESENT, key: KEY_BYTES });
});

Deno.test("a datagram cut at every byte has the key only where all of it is there", () => {
  const options = join(urlPath(`/announce/${KEY.slice(0, 7)}`), Uint8Array.of(1), urlPath(KEY.slice(7)));
  const whole = encodeAnnounce({ options });
  for (let length = ANNOUNCE_BYTES; length <= whole.length; length++) {
    const cut = options.subarray(0, length - ANNOUNCE_BYTES);
    const { keyState } = parse(whole.subarray(0, length));
    assert.equal(keyState, expectedState(expectedPath(cut)), `${length} bytes`);
    assert.equal(keyState === KEY_PRESENT, length === whole.length, `${length} bytes`);
  }
});

Deno.test("options of unknown types are passed over by their length", () => {
  for (const type of [3, 4, 127, 128, 255]) {
    for (const size of [0, 1, 2, 200, 255]) {
      const unknown = Uint8Array.of(type, size, ...new Uint8Array(size).fill(2));
      const options = join(unknown, urlPath("/announce/"), unknown, urlPath(KEY), unknown);
      assert.equal(parseOptions(options).state, KEY_PRESENT, `type ${type}, ${size} bytes`);
    }
  }
});

Deno.test("chains of URLData of 255 bytes fill the datagram and are read to their end", () => {
  const room = MAX_REQUEST_BYTES - ANNOUNCE_BYTES;
  const full = urlData(new Uint8Array(255).fill(0x61));
  const chain = join(...Array.from({ length: Math.floor(room / 257) }, () => full));
  assert.equal(parseOptions(chain).state, KEY_MALFORMED);
  const path = new TextEncoder().encode(`/announce/${KEY}?`);
  const first = urlData(join(path, new Uint8Array(255 - path.length).fill(0x61)));
  assert.deepEqual(parseOptions(join(first, chain.subarray(257))), { state: KEY_PRESENT, key: KEY_BYTES });
});

Deno.test("the key of the datagram before is not taken for this one's", () => {
  const request = new AnnounceRequest();
  const withKey = encodeAnnounce({ options: urlPath(`/announce/${KEY}`) });
  load(withKey);
  parseAnnounce(input, AT, withKey.length, request);
  assert.equal(request.keyState, KEY_PRESENT);
  const without = encodeAnnounce({});
  input.bytes.set(without, AT);
  parseAnnounce(input, AT, without.length, request);
  assert.equal(request.keyState, KEY_ABSENT);
});

const option = fc.oneof(
  fc.constantFrom(Uint8Array.of(1), Uint8Array.of(1, 1), Uint8Array.of(0)),
  fc.constantFrom("/announce", "/", "/announce/", KEY, KEY.slice(0, 20), KEY.slice(20), "?", "").map(urlPath),
  anyBytes(0, 60).map(urlData),
  anyBytes(0, 60).map((data) => Uint8Array.of(3, data.length, ...data)),
  anyBytes(0, 3),
);
const options = fc.tuple(fc.array(option, { maxLength: 8 }), fc.nat(20), fc.boolean()).map(
  ([parts, cut, isCut]) => {
    const whole = join(...parts);
    return isCut ? whole.subarray(0, Math.max(0, whole.length - cut)) : whole;
  },
);

Deno.test(propertyTest(
  "options of all kinds, whole and cut, agree with a slow reader of BEP 41",
  fc.property(fc.oneof(options, anyBytes(0, 100)), (sent) => {
    const { state } = parseOptions(sent);
    assert.equal(state, expectedState(expectedPath(sent)));
  }),
  10_000,
  1_000_000,
));

Deno.test(propertyTest(
  "any bytes of any length are read without a throw, and nothing beyond them",
  fc.property(anyBytes(ANNOUNCE_BYTES, 300), (datagram) => {
    const request = parse(datagram);
    assert.equal(request.keyState, expectedState(expectedPath(datagram.subarray(ANNOUNCE_BYTES))));
    assert.ok(request.event >= 0 && request.event <= 4);
    assert.ok(request.port >= 0 && request.port <= 0xffff);
  }),
  5_000,
  1_000_000,
));

Deno.test(propertyTest(
  "a word's bytes are swapped as a DataView would",
  fc.property(fc.integer(), (word) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setInt32(0, word, true);
    assert.equal(swapBytes(word), view.getInt32(0, false));
  }),
  1_000,
  1_000_000,
));
