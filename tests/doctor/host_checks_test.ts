import assert from "node:assert/strict";
import { type Config, parseConfig } from "../../src/config/config.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { Host } from "../../src/doctor/host.ts";
import * as checks from "../../src/doctor/host_checks.ts";

const MEBIBYTE = 1024 * 1024;

const HOST: Host = {
  system: "linux",
  isRoot: false,
  noSystemCalls: undefined,
  receiveBuffer: 8 * MEBIBYTE,
  openFiles: 65_536,
  conntrack: "absent",
  ipv6Addresses: [],
  memory: 4096 * MEBIBYTE,
  isMemoryLimited: false,
  unixSeconds: Date.UTC(2027, 0, 1) / 1000,
  isClockSynchronized: true,
};

function configOf(text: string): Config {
  const result = parseConfig({ text, file: "test.toml", env: {} });
  assert.ok("config" in result, JSON.stringify(result));
  return result.config;
}

const DEFAULTS = configOf("");

/** The one finding, as its state and its whole text. */
function said(findings: readonly Finding[]): [state: string, text: string] {
  assert.equal(findings.length, 1);
  const [{ state, text, remedies }] = findings;
  if (state === "warning") assert.ok(remedies.length > 0, `${text}: nothing to do`);
  return [state, [text, ...remedies].join("\n")];
}

Deno.test("system calls: wanted on Linux, no matter elsewhere", () => {
  assert.equal(checks.checkSystemCalls(HOST).state, "ok");
  const without = { ...HOST, noSystemCalls: "not permitted" };
  assert.equal(checks.checkSystemCalls(without).state, "warning");
  assert.equal(checks.checkSystemCalls({ ...without, system: "darwin" }).state, "ok");
});

Deno.test("user: what root sees does not hold for others", () => {
  assert.deepEqual(checks.checkUser(HOST), []);
  assert.equal(checks.checkUser({ ...HOST, isRoot: true })[0].state, "unknown");
});

Deno.test("receive buffer: what is granted of what is asked for", () => {
  assert.deepEqual(said(checks.checkReceiveBuffer(HOST, DEFAULTS)), ["ok", "8 of 8 MiB granted"]);
  const [state, text] = said(checks.checkReceiveBuffer({ ...HOST, receiveBuffer: 212_992 }, DEFAULTS));
  assert.equal(state, "warning");
  assert.match(text, /^0\.2 of 8 MiB granted: .*\nsysctl -w net\.core\.rmem_max=8388608\n/);
  assert.equal(
    said(checks.checkReceiveBuffer({ ...HOST, receiveBuffer: undefined }, DEFAULTS))[0],
    "unknown",
  );
  const portable = configOf('udp_backend = "portable"');
  assert.equal(said(checks.checkReceiveBuffer(HOST, portable))[0], "unknown");
  assert.deepEqual(checks.checkReceiveBuffer(HOST, configOf("udp_server = []")), []);
});

Deno.test("open files: enough for max_connections in every block", () => {
  assert.equal(said(checks.checkOpenFiles(HOST, DEFAULTS))[0], "ok");
  const [state, text] = said(checks.checkOpenFiles({ ...HOST, openFiles: 4096 }, DEFAULTS));
  assert.equal(state, "warning");
  const wanted = Number(/LimitNOFILE=(\d+)/.exec(text)?.[1]);
  assert.equal(said(checks.checkOpenFiles({ ...HOST, openFiles: wanted }, DEFAULTS))[0], "ok");
  assert.equal(said(checks.checkOpenFiles({ ...HOST, openFiles: wanted - 10 }, DEFAULTS))[0], "warning");
  assert.equal(said(checks.checkOpenFiles({ ...HOST, openFiles: undefined }, DEFAULTS))[0], "unknown");
  assert.deepEqual(checks.checkOpenFiles(HOST, configOf("http_server = []\napi_server = []")), []);
});

Deno.test("conntrack: a table that fills up, or is large, or is no news", () => {
  const of = (conntrack: Host["conntrack"], config = DEFAULTS) =>
    said(checks.checkConntrack({ ...HOST, conntrack }, config));
  assert.deepEqual(of("absent"), ["ok", "not loaded"]);
  assert.equal(of({ count: 0, max: 65_536 })[0], "ok");
  assert.equal(of({ count: 9, max: 65_536 })[0], "unknown");
  assert.equal(of({ count: 9, max: 1_048_576 })[0], "ok");
  assert.equal(of(undefined)[0], "unknown");
  const two = configOf(
    '[[udp_server]]\nbind_address = "0.0.0.0:6969"\n[[udp_server]]\nbind_address = "[::]:80"',
  );
  const [state, text] = of({ count: 600_000, max: 1_048_576 }, two);
  assert.equal(state, "warning");
  assert.match(text, /^nft 'add rule inet denotrack in udp dport \{ 6969, 80 \} notrack'$/m);
  assert.deepEqual(checks.checkConntrack({ ...HOST, conntrack: "absent" }, configOf("udp_server = []")), []);
  assert.deepEqual(checks.checkConntrack({ ...HOST, system: "windows", conntrack: undefined }, DEFAULTS), []);
});

Deno.test("IPv6: a machine that has it, and a tracker that does not listen there", () => {
  const host = { ...HOST, ipv6Addresses: ["2001:db8::1"] };
  const ipv4 = '[[udp_server]]\nbind_address = "0.0.0.0:6969"\n[[http_server]]\nenabled = false\n';
  const [state, text] = said(checks.checkIpv6(host, configOf(ipv4)));
  assert.equal(state, "warning");
  assert.match(text, /\n.*\[\[udp_server\]\] bind_address = "\[::\]:6969"$/);
  assert.equal(said(checks.checkIpv6(HOST, configOf(ipv4)))[0], "ok");
  assert.equal(said(checks.checkIpv6({ ...HOST, ipv6Addresses: undefined }, configOf(ipv4)))[0], "unknown");
  const both = `${ipv4}[[udp_server]]\nbind_address = "[::]:6969"`;
  assert.equal(said(checks.checkIpv6(host, configOf(both)))[0], "ok");
  assert.equal(said(checks.checkIpv6(host, DEFAULTS))[0], "ok", "a tracker for this machine alone");
});

Deno.test("memory: what all limits come to against what there is", () => {
  const of = (host: Partial<Host>, reserved: number | undefined) =>
    said(checks.checkMemory({ ...HOST, ...host }, DEFAULTS, reserved));
  assert.equal(of({}, 4095 * MEBIBYTE)[0], "ok");
  assert.match(
    of({ isMemoryLimited: true }, 8192 * MEBIBYTE)[1],
    /this container or service may have 4096 MiB/,
  );
  const [state, text] = of({}, 8192 * MEBIBYTE);
  assert.equal(state, "warning");
  const lower = Number(/: max_peers = (\d+)$/m.exec(text)?.[1]);
  assert.ok(lower > 0.39 * DEFAULTS.max_peers && lower < 0.41 * DEFAULTS.max_peers, text);
  assert.match(of({}, undefined)[1], /sysctl -w vm\.overcommit_memory=1/);
  assert.equal(of({ memory: undefined }, 1)[0], "unknown");
});

Deno.test("clock: a wrong one, and one that nobody sets", () => {
  const of = (host: Partial<Host>, config = DEFAULTS) =>
    checks.checkClock({ ...HOST, ...host }, config)[0].state;
  const keys = configOf("keys = true");
  assert.equal(of({}), "ok");
  assert.equal(of({ unixSeconds: 0 }), "warning");
  assert.equal(of({ isClockSynchronized: undefined }), "unknown");
  assert.equal(of({ isClockSynchronized: false }), "ok");
  assert.equal(of({ isClockSynchronized: false }, keys), "warning");
});
