/** A server on all addresses must answer from the one that it was asked at, or clients behind NAT hear nothing. */
import assert from "node:assert/strict";
import { startApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config/config.ts";
import { withLibc } from "../support/skip.ts";

const CONNECT = Uint8Array.of(0, 0, 0x04, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0, 1, 2, 3, 4);

Deno.test(withLibc("a wildcard server answers from the address that was asked", async () => {
  const port = freePort();
  const app = await startApp(wildcardConfig(port), "test");
  try {
    for (const [from, to] of [["127.0.0.1", "127.0.0.3"], ["127.0.0.1", "127.0.0.1"], ["::1", "::1"]]) {
      assert.equal(await answerSource(from, to, port), `${to}:${port}`);
    }
  } finally {
    await app.stop();
  }
}));

function wildcardConfig(port: number) {
  const text = [
    'log_level = "off"\nhttp_server = []\napi_server = []',
    `[[udp_server]]\nbind_address = "0.0.0.0:${port}"`,
    `[[udp_server]]\nbind_address = "[::]:${port}"`,
  ].join("\n");
  const result = parseConfig({ text, file: "config.toml", env: {} });
  assert.ok("config" in result);
  return result.config;
}

function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

async function answerSource(from: string, to: string, port: number): Promise<string> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: from, port: 0 });
  const timer = setTimeout(() => socket.close(), 5000);
  try {
    await socket.send(CONNECT, { transport: "udp", hostname: to, port });
    const [, source] = await socket.receive();
    const { hostname, port: sourcePort } = source as Deno.NetAddr;
    return `${hostname}:${sourcePort}`;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}
