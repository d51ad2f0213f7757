import assert from "node:assert/strict";
import fc from "fast-check";
import { parseIp } from "../../src/base/ip.ts";
import { BencodeWriter } from "../../src/protocol/bencode.ts";
import {
  type AnnounceReply,
  closeScrapeReply,
  failureReply,
  openScrapeReply,
  writeAnnounceReply,
  writeScrapeEntry,
} from "../../src/protocol/http_reply.ts";
import { decodeDictionary, failureReason, latin1 } from "../support/bencode_decoder.ts";
import { bytesOf, propertyTest } from "../support/properties.ts";

const ENDPOINTS = Uint8Array.of(1, 2, 3, 4, 0x1a, 0xe1, 5, 6, 7, 8, 0, 80);
const PEER_IDS = new TextEncoder().encode("-qB4520-abcdefghijkl\xffTR3000-abcdefghijkl").slice(0, 40);

const REPLY: AnnounceReply = {
  isIpv4: true,
  address: Uint8Array.of(127, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9),
  seeders: 1,
  leechers: 2,
  completed: 3,
  interval: 1800,
  minInterval: 900,
  peers: 2,
  endpoints: ENDPOINTS,
  peerIds: null,
  compact: true,
};

const COUNTS = "8:completei1e10:downloadedi3e11:external ip";

function written(reply: Partial<AnnounceReply>): Uint8Array {
  const out = new BencodeWriter(16);
  out.text("what was written before");
  writeAnnounceReply(out, { ...REPLY, ...reply });
  return out.take();
}

Deno.test("a compact answer, byte by byte (BEP 23, 24)", () => {
  assert.equal(
    latin1(written({})),
    `d${COUNTS}4:\x7f\0\0\x0110:incompletei2e8:intervali1800e12:min intervali900e` +
      "5:peers12:\x01\x02\x03\x04\x1a\xe1\x05\x06\x07\x08\0Pe",
  );
});

Deno.test("a compact answer over IPv6, byte by byte (BEP 7)", () => {
  const address = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  const endpoint = Uint8Array.of(...address, 0x1a, 0xe1);
  assert.equal(
    latin1(written({ isIpv4: false, address, peers: 1, endpoints: endpoint })),
    `d${COUNTS}16:${latin1(address)}10:incompletei2e8:intervali1800e12:min intervali900e` +
      `5:peers0:6:peers618:${latin1(endpoint)}e`,
  );
});

Deno.test("dictionaries with each peer's own id and port, byte by byte (BEP 3)", () => {
  const start = `d${COUNTS}4:\x7f\0\0\x0110:incompletei2e8:intervali1800e12:min intervali900e5:peersl`;
  const [first, second] = [latin1(PEER_IDS.subarray(0, 20)), latin1(PEER_IDS.subarray(20))];
  assert.equal(
    latin1(written({ compact: false, peerIds: PEER_IDS })),
    `${start}d2:ip7:1.2.3.47:peer id20:${first}4:porti6881ee` +
      `d2:ip7:5.6.7.87:peer id20:${second}4:porti80eeee`,
  );
  assert.equal(
    latin1(written({ compact: false })),
    `${start}d2:ip7:1.2.3.44:porti6881eed2:ip7:5.6.7.84:porti80eeee`,
  );
  assert.equal(latin1(written({ compact: false, peers: 0 })), `${start}ee`);
});

Deno.test("a scrape, byte by byte (BEP 48)", () => {
  const out = new BencodeWriter(16);
  const hashes = new Uint8Array(40).fill(0x61, 0, 20).fill(0x62, 20);
  openScrapeReply(out);
  writeScrapeEntry(out, hashes, 0, 5, 50, 10);
  writeScrapeEntry(out, hashes, 20, 0, 0, 0);
  closeScrapeReply(out);
  assert.equal(
    latin1(out.take()),
    "d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei5e10:downloadedi50e10:incompletei10ee" +
      "20:bbbbbbbbbbbbbbbbbbbbd8:completei0e10:downloadedi0e10:incompletei0eeee",
  );
});

Deno.test("a failure is a dictionary of one reason", () => {
  assert.equal(latin1(failureReply("missing port")), "d14:failure reason12:missing porte");
  assert.equal(failureReason(failureReply("unknown request")), "unknown request");
});

const counts = fc.nat(0x7fffffff);
const reply = fc.record({
  isIpv4: fc.boolean(),
  compact: fc.boolean(),
  withIds: fc.boolean(),
  peers: fc.nat(4),
  address: bytesOf(16),
  endpoints: bytesOf(4 * 18),
  ids: bytesOf(80),
  seeders: counts,
  leechers: counts,
  completed: counts,
  interval: counts,
  minInterval: counts,
});

Deno.test(propertyTest(
  "every answer comes back from an independent decoder, its keys in order",
  fc.property(reply, ({ withIds, ids, ...sent }) => {
    const decoded = decodeDictionary(written({ ...sent, peerIds: withIds ? ids : null }));
    const { isIpv4, compact, peers, endpoints } = sent;
    assert.equal(decoded.get("complete"), sent.seeders);
    assert.equal(decoded.get("incomplete"), sent.leechers);
    assert.equal(decoded.get("downloaded"), sent.completed);
    assert.equal(decoded.get("interval"), sent.interval);
    assert.equal(decoded.get("min interval"), sent.minInterval);
    assert.deepEqual(decoded.get("external ip"), sent.address.slice(0, isIpv4 ? 4 : 16));
    const size = isIpv4 ? 6 : 18;
    const list = decoded.get("peers");
    if (compact) {
      assert.deepEqual(list, isIpv4 ? endpoints.slice(0, peers * 6) : new Uint8Array(0));
      assert.deepEqual(decoded.get("peers6"), isIpv4 ? undefined : endpoints.slice(0, peers * 18));
      return;
    }
    assert.ok(Array.isArray(list) && !decoded.has("peers6"));
    assert.equal(list.length, peers);
    list.forEach((peer, i) => {
      assert.ok(peer instanceof Map);
      const endpoint = endpoints.subarray(i * size, (i + 1) * size);
      const ip = peer.get("ip");
      assert.ok(ip instanceof Uint8Array);
      const words = new Int32Array(4);
      const family = parseIp(latin1(ip), words);
      // A mapped address among IPv6 peers cannot come up: those are stored as IPv4.
      if (family === (isIpv4 ? 4 : 6)) {
        assert.deepEqual(new Uint8Array(words.buffer, 0, size - 2), endpoint.slice(0, size - 2));
      }
      assert.equal(peer.get("port"), endpoint[size - 2] << 8 | endpoint[size - 1]);
      assert.deepEqual(peer.get("peer id"), withIds ? ids.slice(i * 20, i * 20 + 20) : undefined);
    });
  }),
  1_000,
  1_000_000,
));
