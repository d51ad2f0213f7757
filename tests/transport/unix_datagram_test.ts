import assert from "node:assert/strict";
import { openLibc } from "../../src/transport/linux_ffi.ts";
import { sendUnixDatagram, unixSocketName } from "../../src/transport/unix_datagram.ts";
import { startNotifySocket } from "../support/notify_socket.ts";
import { withNeeds } from "../support/skip.ts";

Deno.test("a path ends with a zero byte, an abstract name begins with one", () => {
  assert.deepEqual([...unixSocketName("/a")!], [1, 0, 0x2f, 0x61, 0]);
  assert.deepEqual([...unixSocketName("@a")!], [1, 0, 0, 0x61]);
  assert.equal(unixSocketName("@" + "a".repeat(107))?.length, 110);
  const bad = ["", "@", "/", "a", "vsock:2:1", "@" + "a".repeat(108), "/" + "a".repeat(107)];
  for (const address of bad) assert.equal(unixSocketName(address), undefined, address);
});

Deno.test(
  withNeeds(
    { systems: ["linux"], programs: ["python3"] },
    "both kinds of socket get whole datagrams",
    async () => {
      const libc = openLibc();
      assert.ok(!("unavailable" in libc));
      const folder = Deno.makeTempDirSync({ prefix: "denotrack-" });
      for (const address of [`${folder}/notify`, `@denotrack-test-${Deno.pid}`]) {
        const name = unixSocketName(address)!;
        assert.match(sendUnixDatagram(libc, name, "nobody is there") ?? "", /^E(NOENT|CONNREFUSED): /);
        const socket = await startNotifySocket(address);
        assert.equal(sendUnixDatagram(libc, name, "READY=1\nSTATUS=é"), undefined);
        assert.equal(sendUnixDatagram(libc, name, "STOPPING=1"), undefined);
        await socket.waitFor((text) => text === "STOPPING=1");
        assert.deepEqual(socket.received(), ["READY=1\nSTATUS=é", "STOPPING=1"]);
        await socket.stop();
      }
      libc.unload();
      Deno.removeSync(folder, { recursive: true });
    },
  ),
);
