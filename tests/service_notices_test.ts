import assert from "node:assert/strict";
import { configureLog } from "../src/base/log.ts";
import { ServiceNotices } from "../src/service_notices.ts";
import { openLibc } from "../src/transport/linux_ffi.ts";
import { type NotifySocket, startNotifySocket } from "./support/notify_socket.ts";
import { descendantsOf, repositoryRoot, signalProcess, startProgram } from "./support/program.ts";
import { withNeeds } from "./support/skip.ts";
import { trackerConfig } from "./support/tracker_process.ts";

const needs = { systems: ["linux"], programs: ["python3"] };
let sockets = 0;

async function withSocket(use: (socket: NotifySocket, address: string) => Promise<void>): Promise<void> {
  const address = `@denotrack-notices-${Deno.pid}-${++sockets}`;
  const socket = await startNotifySocket(address);
  try {
    await use(socket, address);
  } finally {
    await socket.stop();
  }
}

Deno.test(
  withNeeds(
    needs,
    "signs of life stop while a thread hangs, and go on after it",
    () =>
      withSocket(async (socket, address) => {
        const libc = openLibc();
        assert.ok(!("unavailable" in libc));
        const env = { NOTIFY_SOCKET: address, WATCHDOG_USEC: "200000", WATCHDOG_PID: "77" };
        const notices = ServiceNotices.open(libc, env, 77);
        let isWell = true;
        let status = "well";
        notices.loading();
        notices.ready(() => status, () => isWell);
        await socket.waitFor((text) => text === "WATCHDOG=1\nSTATUS=well");
        assert.deepEqual(socket.received().slice(0, 2), ["STATUS=loading", "READY=1\nSTATUS=well"]);
        isWell = false;
        status = "ill";
        await socket.waitFor((text) => text === "STATUS=ill");
        const before = socket.received().length;
        await socket.waitFor((text) => text === "STATUS=ill", before);
        assert.ok(!socket.received().includes("WATCHDOG=1\nSTATUS=ill"));
        isWell = true;
        await socket.waitFor((text) => text === "WATCHDOG=1\nSTATUS=ill");
        await notices.reloading(() => Promise.resolve());
        notices.stopping();
        notices.end();
        notices.stopping();
        await socket.waitFor((text) => text === "STOPPING=1\nSTATUS=stopping");
        const told = socket.received().filter((text) => !text.startsWith("WATCHDOG"));
        assert.deepEqual(told.slice(-3), [
          "RELOADING=1\nSTATUS=reloading the lists",
          "READY=1\nSTATUS=ill",
          "STOPPING=1\nSTATUS=stopping",
        ]);
        libc.unload();
      }),
  ),
);

Deno.test(
  withNeeds(
    needs,
    "no sign of life for who wants none, or wants it of another process",
    () =>
      withSocket(async (socket, address) => {
        const libc = openLibc();
        assert.ok(!("unavailable" in libc));
        for (const more of [{}, { WATCHDOG_USEC: "10000", WATCHDOG_PID: "78" }, { WATCHDOG_USEC: "soon" }]) {
          const notices = ServiceNotices.open(libc, { NOTIFY_SOCKET: address, ...more }, 77);
          notices.ready(() => "well", () => true);
          await new Promise((resolve) => setTimeout(resolve, 50));
          notices.end();
        }
        await socket.waitFor((text) => text.startsWith("READY=1"), 2);
        assert.deepEqual(socket.received(), Array(3).fill("READY=1\nSTATUS=well"));
        libc.unload();
      }),
  ),
);

Deno.test("nothing happens where no manager has asked, or where it cannot be told", async () => {
  configureLog("off");
  const libc = { unavailable: "not here" };
  for (const env of [{}, { NOTIFY_SOCKET: "" }, { NOTIFY_SOCKET: "vsock:2:1" }, { NOTIFY_SOCKET: "@a" }]) {
    const notices = ServiceNotices.open(libc, { ...env, WATCHDOG_USEC: "1000" }, 77);
    notices.ready(() => assert.fail(), () => assert.fail());
    let hasReloaded = false;
    await notices.reloading(() => {
      hasReloaded = true;
      return Promise.resolve();
    });
    assert.ok(hasReloaded);
    notices.stopping();
    notices.end();
  }
});

Deno.test(
  withNeeds(
    needs,
    "the program tells when it is ready, lives, reloads and stops",
    () =>
      withSocket(async (socket, address) => {
        const directory = Deno.makeTempDirSync({ prefix: "denotrack-" });
        const keys = { udp_workers: "2", http_workers: "2" };
        const config = trackerConfig({ directory, udp: ["127.0.0.1:0"], http: ["127.0.0.1:0"], keys });
        Deno.writeTextFileSync(`${directory}/config.toml`, config);
        const program = startProgram({
          command: ["deno", "task", "start", "--config", `${directory}/config.toml`],
          directory: repositoryRoot,
          environment: { NO_COLOR: "1", NOTIFY_SOCKET: address, WATCHDOG_USEC: "600000" },
        });
        try {
          await socket.waitFor((text) => text.startsWith("READY=1"));
          assert.match(program.output(), /clients announce to udp:/, "not ready before it listens");
          assert.equal(socket.received()[0], "STATUS=loading");
          await socket.waitFor((text) => text.startsWith("WATCHDOG=1\nSTATUS=serving 0 torrents"));
          const pid = descendantsOf(program.pid).at(-1)!;
          const before = socket.received().length;
          signalProcess(pid, "SIGHUP");
          await socket.waitFor((text) => text.startsWith("RELOADING=1"), before);
          await socket.waitFor((text) => text.startsWith("READY=1"), before);
          signalProcess(pid, "SIGTERM");
          await socket.waitFor((text) => text === "STOPPING=1\nSTATUS=stopping");
          assert.equal((await program.waitForExit(10_000)).code, 0);
          assert.ok(!program.output().includes("does not answer"), program.output());
        } finally {
          await program.stop();
          Deno.removeSync(directory, { recursive: true });
        }
      }),
  ),
);
