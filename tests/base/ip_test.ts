import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import {
  cidrContains,
  formatEndpoint,
  formatIp,
  type IpFamily,
  parseCidr,
  parseIp,
} from "../../src/base/ip.ts";

const out = new Int32Array(4);

/** The bytes of an address in wire order. */
function bytesOf(family: IpFamily, words: Int32Array): Uint8Array {
  return new Uint8Array(words.slice(0, family === 4 ? 1 : 4).buffer);
}

function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.slice().buffer);
}

const ipv4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
/** Bytes with many zeros, so that runs of zero groups come up. */
const ipv6Bytes = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 255 })), {
  minLength: 16,
  maxLength: 16,
}).map((bytes) => new Uint8Array(bytes));

/** Texts made of the pieces of addresses, many nearly right. */
const nearlyAnAddress = fc.array(
  fc.oneof(
    fc.constantFrom(
      ":",
      "::",
      ".",
      "0",
      "00",
      "1",
      "255",
      "256",
      "ffff",
      "fffff",
      "g",
      "%",
      "%eth0",
      " ",
      "-1",
      "٣",
    ),
    fc.ipV4(),
    fc.ipV6(),
  ),
  { maxLength: 12 },
).map((pieces) => pieces.join(""));

/** What `isIP` answers for the part that we judge alike: the character set of a zone is not our business. */
function expectedFamily(text: string): number {
  const zone = text.indexOf("%");
  if (zone < 0) return isIP(text);
  return zone < text.length - 1 && isIP(text.slice(0, zone)) === 6 ? 6 : 0;
}

Deno.test("an IPv4 address is one word in wire order", () => {
  assert.equal(parseIp("1.2.3.4", out), 4);
  assert.equal(out[0], 0x04030201);
  assert.equal(parseIp("255.255.255.255", out), 4);
  assert.equal(out[0], -1);
});

Deno.test("an IPv6 address is four words in wire order", () => {
  assert.equal(parseIp("2001:db8::1", out), 6);
  assert.deepEqual([...bytesOf(6, out)], [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(parseIp("64:ff9b::192.0.2.33", out), 6);
  assert.deepEqual([...bytesOf(6, out)], [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 33]);
  assert.equal(parseIp("fe80::1%eth0", out), 6);
  assert.equal(formatIp(6, out), "fe80::1");
});

Deno.test("an IPv4-mapped IPv6 address is IPv4, however it is written", () => {
  for (const text of ["::ffff:1.2.3.4", "::FFFF:102:304", "0:0:0:0:0:ffff:1.2.3.4", "::ffff:1.2.3.4%lo"]) {
    assert.equal(parseIp(text, out), 4, text);
    assert.equal(out[0], 0x04030201, text);
  }
  assert.equal(parseIp("::1.2.3.4", out), 6);
});

Deno.test("what is not an address gives 0 and leaves the words alone", () => {
  const wrong = [
    ..."|1|1.2.3|1.2.3.4.5|1.2.3.256|01.2.3.4|1.2.3.4 | 1.2.3.4|1..3.4|.1.2.3|1.2.3.|+1.2.3.4|0x1.2.3.4|1.2.3.4%1"
      .split("|"),
    ...":|:::|1:|:1|1::2::3|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9|1:2:3:4:5:6:7:8::|::1:2:3:4:5:6:7:8|12345::|g::|::1%"
      .split("|"),
    ...":: |[::1]|::1.2.3|1.2.3.4::|::1.2.3.4:5|1:2:3:4:5:6:7:1.2.3.4|::01.2.3.4|::.2.3.4".split("|"),
  ];
  for (const text of wrong) {
    out.fill(7);
    assert.equal(parseIp(text, out), 0, JSON.stringify(text));
    assert.deepEqual([...out], [7, 7, 7, 7], JSON.stringify(text));
  }
});

Deno.test("the family agrees with node:net for any text", () => {
  const agree = (text: string) => {
    const family = parseIp(text, out);
    const expected = expectedFamily(text);
    if (family === 4 && text.includes(":")) assert.equal(expected, 6, text);
    else assert.equal(family, expected, text);
  };
  fc.assert(fc.property(nearlyAnAddress, agree), { numRuns: 20_000 });
  fc.assert(fc.property(fc.string({ unit: "binary" }), agree), { numRuns: 2_000 });
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), agree), { numRuns: 5_000 });
});

Deno.test("formatting and parsing are inverse", () => {
  fc.assert(fc.property(ipv4Bytes, (bytes) => {
    const text = formatIp(4, wordsOf(bytes));
    assert.equal(text, bytes.join("."));
    assert.equal(parseIp(text, out), 4);
    assert.deepEqual(bytesOf(4, out), bytes);
  }));
  fc.assert(
    fc.property(ipv6Bytes, (bytes) => {
      const text = formatIp(6, wordsOf(bytes));
      assert.equal(isIP(text), 6);
      if (parseIp(text, out) === 6) assert.deepEqual(bytesOf(6, out), bytes);
      else assert.match(text, /^::ffff:/);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("IPv6 text is the canonical form that URLs use", () => {
  fc.assert(
    fc.property(ipv6Bytes, (bytes) => {
      const text = formatIp(6, wordsOf(bytes));
      if (text.includes(".")) return;
      assert.equal(`[${text}]`, new URL(`http://[${text}]/`).hostname);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("the examples of RFC 5952", () => {
  const examples = [
    ["2001:0db8:0:0:0:0:0002:1", "2001:db8::2:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::A", "2001:db8::a"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:0:0:0:0:0:0", "1::"],
  ];
  for (const [text, canonical] of examples) {
    assert.equal(parseIp(text, out), 6);
    assert.equal(formatIp(6, out), canonical);
  }
});

Deno.test("formatting starts at an offset, endpoints have a port", () => {
  const words = new Int32Array(6);
  parseIp("2001:db8::1", words.subarray(1));
  assert.equal(formatIp(6, words, 1), "2001:db8::1");
  assert.equal(formatEndpoint(6, words.subarray(1), 6881), "[2001:db8::1]:6881");
  assert.equal(formatEndpoint(4, new Int32Array([0x04030201]), 65535), "1.2.3.4:65535");
});

Deno.test("blocks are read with and without a prefix", () => {
  assert.deepEqual(parseCidr("10.0.0.0/8"), { family: 4, words: new Int32Array([10]), prefix: 8 });
  assert.equal(parseCidr("1.2.3.4")?.prefix, 32);
  assert.equal(parseCidr("::1")?.prefix, 128);
  assert.deepEqual(parseCidr("::ffff:10.0.0.0/104"), parseCidr("10.0.0.0/8"));
  for (
    const wrong of [
      "",
      "/",
      "/8",
      "10.0.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "10.0.0.0/08",
      "10.0.0.0/8/8",
      "::/129",
    ]
  ) {
    assert.equal(parseCidr(wrong), undefined, wrong);
  }
  assert.equal(parseCidr("::ffff:10.0.0.0/90"), undefined);
});

Deno.test("blocks contain what node:net says", () => {
  const flips = fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 2 });
  const check = (bytes: Uint8Array, prefix: number, flipped: number[]) => {
    const family = bytes.length === 4 ? 4 : 6;
    const type = family === 4 ? "ipv4" : "ipv6";
    const other = bytes.slice();
    for (const bit of flipped) other[(bit >> 3) % other.length] ^= 0x80 >> (bit & 7);
    const network = formatIp(family, wordsOf(bytes));
    const list = new BlockList();
    list.addSubnet(network, prefix, type);
    const cidr = parseCidr(`${network}/${prefix}`);
    if (cidr === undefined || cidr.family !== family) return;
    const expected = list.check(formatIp(family, wordsOf(other)), type);
    assert.equal(cidrContains(cidr, family, wordsOf(other)), expected, `${network}/${prefix} ${other}`);
  };
  fc.assert(fc.property(ipv4Bytes, fc.integer({ min: 1, max: 32 }), flips, check), { numRuns: 3_000 });
  fc.assert(fc.property(ipv6Bytes, fc.integer({ min: 1, max: 128 }), flips, check), { numRuns: 3_000 });
});

Deno.test("a prefix of 0 contains its whole family and nothing else", () => {
  const all4 = parseCidr("0.0.0.0/0")!;
  const all6 = parseCidr("::/0")!;
  const words = new Int32Array([-1, -1, -1, -1]);
  assert.equal(cidrContains(all4, 4, words), true);
  assert.equal(cidrContains(all6, 6, words), true);
  assert.equal(cidrContains(all4, 6, words), false);
  assert.equal(cidrContains(all6, 4, words), false);
});
