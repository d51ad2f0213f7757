import assert from "node:assert/strict";
import fc from "fast-check";
import { CONNECTION_ID_SECONDS, ConnectionIds } from "../../src/transport/connection_id.ts";
import { propertyTest } from "../support/properties.ts";

const IPV4 = Int32Array.of(0x0100007f, 0, 0, 0);
const IPV6 = Int32Array.of(0x200, 0, 0, 0x01000000);

const ids = new ConnectionIds([0x01234567, 0x89abcdef | 0]);

function issue(address: Int32Array, isIpv4: boolean, seconds: number, from = ids): Int32Array {
  const words = new Int32Array(4);
  from.issue(address, isIpv4, seconds, words, 1);
  assert.deepEqual([words[0], words[3]], [0, 0], "two words are written");
  return words;
}

function verify(words: Int32Array, address: Int32Array, isIpv4: boolean, seconds: number): boolean {
  return ids.verify(address, isIpv4, seconds, words, 1);
}

Deno.test("an id is good for two minutes (BEP 15) and not a second longer", () => {
  assert.equal(CONNECTION_ID_SECONDS, 120);
  for (const [address, isIpv4] of [[IPV4, true], [IPV6, false]] as const) {
    const id = issue(address, isIpv4, 1000);
    for (let age = 0; age <= 120; age++) {
      assert.equal(verify(id, address, isIpv4, 1000 + age), true, `after ${age} s`);
    }
    for (const age of [121, 122, 3600, 65535, 65536, 65536 + 60, 10 * 65536]) {
      assert.equal(verify(id, address, isIpv4, 1000 + age), false, `after ${age} s`);
    }
  }
});

Deno.test("an id from the future is refused", () => {
  const id = issue(IPV4, true, 1000);
  assert.equal(verify(id, IPV4, true, 999), false);
});

Deno.test("the wrap of the 16-bit second changes nothing", () => {
  for (const start of [65535, 65536, 65536 * 3 - 60, 2 ** 31 - 60, 2 ** 31, 2 ** 32 - 5]) {
    const id = issue(IPV4, true, start);
    for (const age of [0, 1, 60, 120]) {
      assert.equal(verify(id, IPV4, true, start + age), true, `${start}+${age}`);
    }
    for (const age of [121, 65535]) {
      assert.equal(verify(id, IPV4, true, start + age), false, `${start}+${age}`);
    }
  }
});

Deno.test("an id belongs to one address of one family", () => {
  const id = issue(IPV4, true, 7);
  const id6 = issue(IPV6, false, 7);
  for (let bit = 0; bit < 128; bit++) {
    const other4 = IPV4.slice();
    const other6 = IPV6.slice();
    other4[bit >> 5] ^= 1 << (bit & 31);
    other6[bit >> 5] ^= 1 << (bit & 31);
    assert.equal(verify(id, other4, true, 7), bit >= 32, `IPv4 is one word; bit ${bit}`);
    assert.equal(verify(id6, other6, false, 7), false, `bit ${bit}`);
  }
  assert.equal(verify(id, IPV4, false, 7), false, "1.0.0.127 is not 7f00:1::");
  assert.equal(verify(id6, IPV6, true, 7), false);
});

Deno.test("no bit of an id can be changed", () => {
  for (const [address, isIpv4] of [[IPV4, true], [IPV6, false]] as const) {
    const id = issue(address, isIpv4, 5000);
    for (let bit = 0; bit < 64; bit++) {
      const forged = id.slice();
      forged[1 + (bit >> 5)] ^= 1 << (bit & 31);
      assert.equal(verify(forged, address, isIpv4, 5000), false, `bit ${bit}`);
      assert.equal(verify(forged, address, isIpv4, 5060), false, `bit ${bit}, a minute later`);
    }
  }
});

Deno.test("the id of one second is not that of the next", () => {
  const first = issue(IPV4, true, 100);
  const second = issue(IPV4, true, 101);
  assert.notEqual(first[1], second[1]);
  // The time of the one with the code of the other.
  const mixed = Int32Array.of(0, first[1], (first[2] & 0xffff) | (second[2] & ~0xffff), 0);
  assert.equal(verify(mixed, IPV4, true, 101), false);
});

Deno.test("another secret gives other ids, in either half", () => {
  for (let bit = 0; bit < 64; bit++) {
    const secret: [number, number] = [0x01234567, 0x89abcdef | 0];
    secret[bit >> 5] ^= 1 << (bit & 31);
    const id = issue(IPV4, true, 100, new ConnectionIds(secret));
    assert.equal(verify(id, IPV4, true, 100), false, `bit ${bit}`);
  }
});

Deno.test("the same secret gives the same ids: every thread takes what another issued", () => {
  const other = new ConnectionIds([0x01234567, 0x89abcdef | 0]);
  assert.equal(verify(issue(IPV6, false, 100, other), IPV6, false, 110), true);
});

const words = fc.array(fc.integer(), { minLength: 4, maxLength: 4 }).map((list) => Int32Array.from(list));

Deno.test(propertyTest(
  "whatever the address and the time, an id is good for its own and for 120 seconds",
  fc.property(words, fc.boolean(), fc.nat(2 ** 31), fc.nat(300), (address, isIpv4, seconds, age) => {
    const id = issue(address, isIpv4, seconds);
    assert.equal(verify(id, address, isIpv4, seconds + age), age <= 120);
  }),
  5_000,
  1_000_000,
));

Deno.test(propertyTest(
  "nobody guesses an id",
  fc.property(
    words,
    fc.boolean(),
    fc.integer(),
    fc.integer({ min: 0, max: 0xffff }),
    (address, isIpv4, a, b) => {
      // The part that can be guessed, the time, is right.
      const forged = Int32Array.of(0, a, b | (1000 << 16), 0);
      assert.equal(verify(forged, address, isIpv4, 1000), false);
    },
  ),
  5_000,
  1_000_000,
));
