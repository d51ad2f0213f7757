import assert from "node:assert/strict";
import {
  explainBindError,
  formatBindAddress,
  holdTcpPort,
  holdUdpPort,
  probeTcp,
  probeTls,
  probeUdp,
  sharesPort,
} from "../../src/transport/binding.ts";
import { createCertificate } from "../support/certificate.ts";
import { withNeeds } from "../support/skip.ts";

Deno.test("addresses are written as in the configuration and in URLs", () => {
  assert.equal(formatBindAddress({ hostname: "1.2.3.4", port: 6969 }), "1.2.3.4:6969");
  assert.equal(formatBindAddress({ hostname: "::1", port: 0 }), "[::1]:0");
});

Deno.test("only a wildcard for IPv6 and another address on its port share", () => {
  const shares = (of: string, ...all: string[]) => {
    const parse = (text: string) => {
      const colon = text.lastIndexOf(":");
      return { hostname: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
    };
    return sharesPort(parse(of), all.map(parse));
  };
  assert.equal(shares(":::80", ":::80", "0.0.0.0:80"), true);
  assert.equal(shares("0.0.0.0:80", ":::80", "0.0.0.0:80"), true);
  assert.equal(shares("127.0.0.1:80", ":::80", "127.0.0.1:80"), true);
  assert.equal(shares(":::80", ":::80"), false);
  assert.equal(shares(":::80", ":::80", "0.0.0.0:81"), false);
  assert.equal(shares("127.0.0.1:80", "127.0.0.1:80", "::1:80"), false);
  assert.equal(shares(":::0", ":::0", "0.0.0.0:0"), false, "each has a port of its own");
});

Deno.test("a port that is taken is found out, a free one is given back", () => {
  const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const tcpBind = { hostname: "127.0.0.1", port: tcp.addr.port };
  const udpBind = { hostname: "127.0.0.1", port: (udp.addr as Deno.NetAddr).port };
  assert.throws(() => probeTcp(tcpBind), Deno.errors.AddrInUse);
  assert.throws(() => probeUdp(udpBind), Deno.errors.AddrInUse);
  tcp.close();
  udp.close();
  for (let i = 0; i < 2; i++) {
    probeTcp(tcpBind);
    probeUdp(udpBind);
  }
});

Deno.test(
  withNeeds({ systems: ["linux"] }, "a port that is picked is nobody's but those who share it", () => {
    const hostname = "127.0.0.1";
    const tcp = holdTcpPort({ hostname, port: 0 });
    const udp = holdUdpPort({ hostname, port: 0 });
    assert.throws(() => probeTcp(tcp.bind), Deno.errors.AddrInUse);
    assert.throws(() => probeUdp(udp.bind), Deno.errors.AddrInUse);
    Deno.listen({ ...tcp.bind, reusePort: true }).close();
    Deno.listenDatagram({ transport: "udp", ...udp.bind, reuseAddress: true }).close();
    tcp.release();
    udp.release();
    probeTcp(tcp.bind);
    probeUdp(udp.bind);
    for (const given of [holdTcpPort(tcp.bind), holdUdpPort(udp.bind)]) assert.equal(given.isHeld, false);
  }),
);

Deno.test(withNeeds({ programs: ["openssl"] }, "a certificate is tried with its key", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const bind = { hostname: "127.0.0.1", port: 0 };
    const read = ({ certPath, keyPath }: { certPath: string; keyPath: string }) => ({
      cert: Deno.readTextFileSync(certPath),
      key: Deno.readTextFileSync(keyPath),
    });
    const first = read(createCertificate(directory, ["127.0.0.1"]));
    const second = read(createCertificate(directory, ["127.0.0.1"]));
    probeTls(bind, first);
    assert.throws(() => probeTls(bind, { cert: first.cert, key: second.key }));
    assert.throws(() => probeTls(bind, { cert: first.key, key: first.cert }));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}));

Deno.test("every reason is told in words", () => {
  assert.equal(
    explainBindError(new Deno.errors.AddrInUse("x")),
    "another program uses this address and port",
  );
  assert.equal(explainBindError(new Deno.errors.AddrNotAvailable("x")), "this machine has no such address");
  assert.match(explainBindError(new Deno.errors.PermissionDenied("x")), /below 1024/);
  assert.equal(explainBindError(new Error("something else")), "something else");
  assert.equal(explainBindError("text"), "text");
});
