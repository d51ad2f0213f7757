import assert from "node:assert/strict";
import { type Config, parseConfig } from "../src/config/config.ts";
import { askHealth } from "../src/health.ts";
import { formatBindAddress } from "../src/transport/binding.ts";
import { createCertificate } from "./support/certificate.ts";
import { denotrackCommand } from "./support/denotrack.ts";
import { freePort } from "./support/program.ts";
import { withTracker } from "./support/running_tracker.ts";
import { withNeeds } from "./support/skip.ts";

/** A configuration of nothing but these blocks, and one that cannot be asked. */
function configOf(...blocks: string[]): Config {
  const lines = [...blocks, block("http_server", "127.0.0.1:0")];
  const kinds = ["udp_server", "http_server", "api_server"];
  const none = kinds.filter((kind) => !lines.some((line) => line.includes(`[[${kind}]]`)));
  const text = [...none.map((kind) => `${kind} = []`), ...lines].join("\n");
  const result = parseConfig({ text, file: "test.toml", env: {} });
  assert.ok("config" in result, JSON.stringify(result));
  return result.config;
}

const block = (kind: string, address: string, ...more: string[]) =>
  [`[[${kind}]]`, `bind_address = "${address}"`, ...more].join("\n");

Deno.test("the API is asked before the others; without it a connection id, or a scrape", () => {
  const options = {
    udp: ["127.0.0.1:0"],
    http: ["127.0.0.1:0"],
    api: ["127.0.0.1:0"],
    settings: "keys = true",
  };
  return withTracker(options, async ({ listening }) => {
    const [udp, http, api] = [listening.udp[0], listening.http[0], listening.api[0]].map(formatBindAddress);
    const dead = `127.0.0.1:${freePort("127.0.0.1")}`;
    const cases: [blocks: string[], line: string][] = [
      [[block("udp_server", dead), block("api_server", api)], `http://${api}/health: ok`],
      [[block("http_server", dead), block("udp_server", udp)], `udp://${udp}: ok`],
      [[block("http_server", http)], `http://${http}/scrape: ok`],
      [[block("api_server", dead, "enabled = false"), block("udp_server", udp)], `udp://${udp}: ok`],
    ];
    for (const [blocks, line] of cases) {
      assert.deepEqual(await askHealth(configOf(...blocks)), { isWell: true, line });
    }
  });
});

Deno.test("who listens on every address is asked on this machine's own", () =>
  withTracker({ udp: ["[::]:0"], api: ["0.0.0.0:0"] }, async ({ listening }) => {
    const api = configOf(block("api_server", `0.0.0.0:${listening.api[0].port}`));
    assert.deepEqual(await askHealth(api), {
      isWell: true,
      line: `http://127.0.0.1:${listening.api[0].port}/health: ok`,
    });
    const udp = configOf(block("udp_server", `[::]:${listening.udp[0].port}`));
    assert.deepEqual(await askHealth(udp), {
      isWell: true,
      line: `udp://[::1]:${listening.udp[0].port}: ok`,
    });
  }));

Deno.test(
  withNeeds({ programs: ["openssl"] }, "a certificate of one's own for any name will do", async () => {
    const folder = Deno.makeTempDirSync({ prefix: "denotrack-" });
    const { certPath, keyPath } = createCertificate(folder, ["192.0.2.77"]);
    const tls = ["ssl = true", `ssl_cert = '${certPath}'`, `ssl_key = '${keyPath}'`];
    await withTracker(
      { udp: ["127.0.0.1:0"], settings: block("api_server", "127.0.0.1:0", ...tls) },
      async ({ listening }) => {
        const address = formatBindAddress(listening.api[0]);
        assert.deepEqual(await askHealth(configOf(block("api_server", address, ...tls))), {
          isWell: true,
          line: `https://${address}/health: ok`,
        });
        const plain = await askHealth(configOf(block("api_server", address)));
        assert.equal(plain.isWell, false);
      },
    );
    Deno.removeSync(folder, { recursive: true });
  }),
);

Deno.test("what is no tracker that serves is told in one line", async () => {
  const dead = `127.0.0.1:${freePort("127.0.0.1")}`;
  const answers: [answer: () => Response, kind: string, reason: string][] = [
    [() => Response.json({ status: "stopping" }, { status: 503 }), "api_server", "stopping"],
    [
      () => new Response("<html>", { status: 404 }),
      "api_server",
      "expected the tracker, found somebody who answers with status 404",
    ],
    [() => new Response("<html>"), "http_server", "expected a bencoded answer, found status 200"],
  ];
  for (const [answer, kind, reason] of answers) {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
    const health = await askHealth(configOf(block(kind, `127.0.0.1:${server.addr.port}`)));
    assert.equal(health.isWell, false);
    assert.ok(health.line.endsWith(`: ${reason}`), health.line);
    await server.shutdown();
  }
  const refused = await askHealth(configOf(block("api_server", dead)));
  assert.match(refused.line, /^http:\/\/127\.0\.0\.1:\d+\/health: .*ECONNREFUSED/);
  assert.match((await askHealth(configOf(block("api_server", "127.0.0.1:0")))).line, /^cannot ask: no block/);
});

Deno.test("who does not answer is waited for three seconds, over HTTP and UDP", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const udp = (socket.addr as Deno.NetAddr).port;
  const began = performance.now();
  const healths = await Promise.all([
    askHealth(configOf(block("api_server", `127.0.0.1:${listener.addr.port}`))),
    askHealth(configOf(block("udp_server", `127.0.0.1:${udp}`))),
  ]);
  const seconds = (performance.now() - began) / 1000;
  for (const { isWell, line } of healths) {
    assert.equal(isWell, false);
    assert.match(line, /: no answer in 3 seconds$/);
  }
  assert.ok(seconds > 2.9 && seconds < 4, `${seconds} s`);
  listener.close();
  socket.close();
});

Deno.test("denotrack health: exit code, one line, settings from the environment", () =>
  withTracker({ udp: ["127.0.0.1:0"], api: ["127.0.0.1:0"] }, async ({ listening }) => {
    const folder = Deno.makeTempDirSync({ prefix: "denotrack-" });
    const address = formatBindAddress(listening.api[0]);
    const run = async (env: Record<string, string>) => {
      const [program, ...args] = denotrackCommand(["health"]);
      const { code, stdout, stderr } = await new Deno.Command(program, {
        args,
        cwd: folder,
        env: { NO_COLOR: "1", ...env },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, out: text(stdout), error: text(stderr) };
    };
    const name = "DENOTRACK_API_SERVER__0__BIND_ADDRESS";
    const ok = { code: 0, out: `http://${address}/health: ok\n`, error: "" };
    assert.deepEqual(await run({ [name]: address, DENOTRACK_PEER_TIMEOUT: "60" }), ok);
    const ill = await run({ [name]: `127.0.0.1:${freePort("127.0.0.1")}` });
    assert.deepEqual([ill.code, ill.out], [1, ""]);
    assert.match(ill.error, /^[^\n]*ECONNREFUSED[^\n]*\n$/);
    assert.equal((await run({ [name]: "nowhere" })).code, 2);
    assert.deepEqual([...Deno.readDirSync(folder)], [], "nothing is written");
    Deno.removeSync(folder, { recursive: true });
  }));
