import assert from "node:assert/strict";
import { memoryLimitFiles, readHost } from "../../src/doctor/host.ts";
import { withLibc } from "../support/skip.ts";

Deno.test("the limits of a control group are its own and those of all that it lies in", () => {
  assert.deepEqual(memoryLimitFiles("0::/system.slice/denotrack.service\n"), [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/system.slice/memory.max",
    "/sys/fs/cgroup/system.slice/denotrack.service/memory.max",
  ]);
  assert.deepEqual(memoryLimitFiles("12:cpu,cpuacct:/x\n5:memory:/docker/1\n1:name=systemd:/y"), [
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes",
    "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes",
  ]);
  assert.deepEqual(memoryLimitFiles("0::/\n"), ["/sys/fs/cgroup/memory.max"]);
  assert.deepEqual(memoryLimitFiles("nonsense\n\n"), []);
});

Deno.test("without system calls what only they can tell is unknown", () => {
  const host = readHost({ unavailable: "for the test" });
  assert.equal(host.noSystemCalls, "for the test");
  for (const key of ["receiveBuffer", "openFiles", "conntrack", "isClockSynchronized"] as const) {
    assert.equal(host[key], undefined, key);
  }
  assert.ok(host.memory! > 2 ** 20);
});

Deno.test(withLibc("this host is read with the permissions of the program", (libc) => {
  const host = readHost(libc);
  assert.equal(host.noSystemCalls, undefined);
  assert.ok(host.receiveBuffer! > 1000 && host.receiveBuffer! <= 8 * 1024 * 1024);
  assert.ok(host.openFiles! > 10);
  assert.ok(host.memory! > 2 ** 20);
  assert.notEqual(host.conntrack, undefined);
  assert.equal(typeof host.isClockSynchronized, "boolean");
}));
