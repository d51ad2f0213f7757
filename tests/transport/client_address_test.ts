import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIp } from "../../src/base/ip.ts";
import { createClientAddress } from "../../src/transport/client_address.ts";

const TRUSTED = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"];

/** The client for a connection from `remote` with this header, as text; "" if there is none. */
function client(
  remote: string,
  value: string | null,
  trustedProxies = TRUSTED,
  forwardedHeader = "X-Forwarded-For",
) {
  const out = new Int32Array(4);
  const readHeader = (name: string) => name === forwardedHeader ? value : null;
  const family = createClientAddress({ trustedProxies, forwardedHeader })(remote, readHeader, out);
  return family === 0 ? "" : formatIp(family, out);
}

function forwarded(value: string): string {
  return client("10.0.0.1", value, TRUSTED, "Forwarded");
}

Deno.test("without trusted proxies the header is not read", () => {
  const address = createClientAddress({ trustedProxies: [], forwardedHeader: "X-Forwarded-For" });
  const out = new Int32Array(4);
  const family = address("10.0.0.1", () => assert.fail("the header was read"), out);
  assert.equal(family, 4);
  assert.equal(formatIp(4, out), "10.0.0.1");
});

Deno.test("a remote that is not trusted is the client, and its header is not read", () => {
  const address = createClientAddress({ trustedProxies: TRUSTED, forwardedHeader: "X-Forwarded-For" });
  const out = new Int32Array(4);
  assert.equal(address("2001:db8::1", () => assert.fail("the header was read"), out), 6);
  assert.equal(formatIp(6, out), "2001:db8::1");
  assert.equal(address("11.0.0.1", () => assert.fail("the header was read"), out), 4);
});

Deno.test("the right-most entry that is not trusted is believed", () => {
  assert.equal(client("10.0.0.1", "1.2.3.4"), "1.2.3.4");
  assert.equal(client("10.0.0.1", "6.6.6.6, 1.2.3.4"), "1.2.3.4");
  assert.equal(client("10.0.0.1", "6.6.6.6,1.2.3.4 , 10.9.9.9,192.0.2.1"), "1.2.3.4");
  assert.equal(client("fd00::1", "2001:db8::5, fd12::1"), "2001:db8::5");
  assert.equal(client("::ffff:10.0.0.1", "::ffff:1.2.3.4"), "1.2.3.4");
});

Deno.test("if all entries are trusted, the left-most one is the client", () => {
  assert.equal(client("10.0.0.1", "10.1.1.1, 10.2.2.2"), "10.1.1.1");
});

Deno.test("a chain of thousands of hops is not followed to its end", () => {
  assert.equal(client("10.0.0.1", "6.6.6.6" + ", 10.2.2.2".repeat(5000)), "10.2.2.2");
  assert.equal(forwarded("for=6.6.6.6" + ", for=10.2.2.2".repeat(5000)), "10.2.2.2");
});

Deno.test("an entry that is no address ends the walk at the last good hop", () => {
  assert.equal(client("10.0.0.1", "unknown"), "10.0.0.1");
  assert.equal(client("10.0.0.1", "1.2.3.4, junk"), "10.0.0.1");
  assert.equal(client("10.0.0.1", "1.2.3.4, junk, 10.2.2.2"), "10.2.2.2");
  assert.equal(client("10.0.0.1", "1.2.3.4,"), "10.0.0.1");
  assert.equal(client("10.0.0.1", ", 10.2.2.2"), "10.2.2.2");
  assert.equal(client("10.0.0.1", ""), "10.0.0.1");
  assert.equal(client("10.0.0.1", null), "10.0.0.1");
});

Deno.test("entries may have ports, brackets and quotes", () => {
  for (const entry of ["1.2.3.4:5678", '"1.2.3.4"', '"1.2.3.4:5678"', "[::ffff:1.2.3.4]:80"]) {
    assert.equal(client("10.0.0.1", entry), "1.2.3.4", entry);
  }
  for (const entry of ["::1", "[::1]", "[::1]:80", '"[::1]:80"', "0::1"]) {
    assert.equal(client("10.0.0.1", entry), "::1", entry);
  }
  for (
    const entry of ["1.2.3.4:", "1.2.3.4:x", "1.2.3.4:123456", "[::1", "[::1]x", "[1.2.3.4]", '"', '"1.2.3.4']
  ) {
    assert.equal(client("10.0.0.1", entry), "10.0.0.1", entry);
  }
});

Deno.test("the header Forwarded is read by its own grammar", () => {
  assert.equal(forwarded("for=1.2.3.4"), "1.2.3.4");
  assert.equal(forwarded('For="[2001:db8:cafe::17]:4711"'), "2001:db8:cafe::17");
  assert.equal(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
  assert.equal(forwarded('proto=https; for="1.2.3.4:80"; host="a,b;for=6.6.6.6", for=10.3.3.3'), "1.2.3.4");
  assert.equal(forwarded('host="\\",for=6.6.6.6";for=1.2.3.4'), "1.2.3.4");
  assert.equal(forwarded('for="1.2.3.4:_port"'), "1.2.3.4");
  assert.equal(forwarded('for=6.6.6.6;by=", for="[2001:db8::1]:80"'), "2001:db8::1");
  assert.equal(forwarded("for=6.6.6.6, for=unknown"), "10.0.0.1");
  assert.equal(forwarded("for=_hidden"), "10.0.0.1");
  assert.equal(forwarded("by=1.2.3.4"), "10.0.0.1");
  assert.equal(forwarded("for=1.2.3.4;for=6.6.6.6"), "10.0.0.1");
  assert.equal(forwarded("1.2.3.4"), "10.0.0.1");
});

Deno.test("a remote that is no address has no client", () => {
  assert.equal(client("/run/tracker.sock", "1.2.3.4"), "");
  assert.equal(client("", "1.2.3.4", []), "");
});

Deno.test("a wrong entry among the trusted proxies is refused by name", () => {
  const options = { trustedProxies: ["10.0.0.0/33"], forwardedHeader: "X-Forwarded-For" };
  assert.throws(() => createClientAddress(options), { name: "TypeError", message: /10\.0\.0\.0\/33/ });
});

Deno.test("the client can put nothing right of what the proxy wrote, whatever it sends", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(",", ";", '"', "\\", "for=", " ", "[", "]", ":", "10.0.0.9", "6.6.6.6", "::1"),
      fc.string({ unit: "binary" }),
    ),
    { maxLength: 12 },
  ).map((list) => list.join(""));
  fc.assert(
    fc.property(pieces, (sent) => {
      assert.equal(client("10.0.0.1", `${sent}, 1.2.3.4`), "1.2.3.4");
      assert.equal(forwarded(`${sent}, for=1.2.3.4`), "1.2.3.4");
      assert.equal(forwarded(`${sent}, for="[2001:db8::1]:80"`), "2001:db8::1");
      assert.notEqual(client("10.0.0.1", sent), "");
      assert.notEqual(forwarded(sent), "");
      client(sent, sent);
    }),
    { numRuns: 5_000 },
  );
});
