import assert from "node:assert/strict";
import { type Libc, openLibc, SO_RCVBUF, SOL_SOCKET } from "../../src/transport/linux_ffi.ts";
import { readUdpDrops } from "../../src/transport/udp_drops.ts";
import { openUdpSockets } from "../../src/transport/udp_linux.ts";
import { withNeeds } from "../support/skip.ts";

Deno.test(withNeeds({ systems: ["linux"] }, "what a full receive buffer drops is counted", async () => {
  const libc = openLibc() as Libc;
  const { address, sockets } = openUdpSockets(libc, { hostname: "127.0.0.1", port: 0 }, 1);
  const [{ fd }] = sockets;
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, Int32Array.of(4096), 4);
  assert.equal(readUdpDrops(libc, [fd]), 0);
  const sender = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const target: Deno.NetAddr = { transport: "udp", ...address };
  for (let i = 0; i < 200; i++) await sender.send(new Uint8Array(1000), target);
  const drops = readUdpDrops(libc, [fd]);
  assert.ok(drops > 100 && drops < 200, `${drops} drops`);
  assert.equal(readUdpDrops(libc, [fd, fd]), 2 * drops);
  sender.close();
  libc.close(fd);
  libc.unload();
}));

Deno.test("where nothing can be known, −1 says so", () => {
  assert.equal(readUdpDrops({ unavailable: "not Linux" }, [1]), -1);
});

Deno.test(withNeeds({ systems: ["linux"] }, "no sockets and what is none", () => {
  const libc = openLibc() as Libc;
  assert.equal(readUdpDrops(libc, []), -1);
  assert.equal(readUdpDrops(libc, [99_999]), -1);
  libc.unload();
}));
