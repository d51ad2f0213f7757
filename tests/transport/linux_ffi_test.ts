import assert from "node:assert/strict";
import { raiseFileLimit, readFileLimit } from "../../src/transport/file_limit.ts";
import * as ffi from "../../src/transport/linux_ffi.ts";
import { withLibc } from "../support/skip.ts";

function test(name: string, run: (libc: ffi.Libc) => void): void {
  Deno.test(withLibc(name, run));
}

Deno.test("without the permission there is a reason and no prompt", { permissions: { ffi: false } }, () => {
  const libc = ffi.openLibc();
  assert.ok("unavailable" in libc);
  assert.match(libc.unavailable, /--allow-ffi|not Linux|processor/);
});

Deno.test("an error is named, a rare one by its number", () => {
  assert.match(ffi.errorText(ffi.EADDRINUSE), /^EADDRINUSE: /);
  assert.equal(ffi.errorText(7777), "errno 7777");
});

test("a failed call leaves its errno", (libc) => {
  assert.equal(libc.close(-1), -1);
  assert.equal(libc.errno(), ffi.EBADF);
  assert.equal(libc.socket(ffi.AF_INET, 999, 0), -1);
  assert.equal(libc.errno(), ffi.EINVAL);
  assert.equal(libc.getsockname(0, new Uint8Array(28), new Int32Array([28])), -1);
  assert.ok([ffi.ENOTSOCK, ffi.EBADF].includes(libc.errno()));
});

test("a bound socket says where it is bound, and a second one is refused", (libc) => {
  const fd = libc.socket(ffi.AF_INET, ffi.SOCK_DGRAM | ffi.SOCK_CLOEXEC, 0);
  assert.ok(fd >= 0);
  const name = new Uint8Array([ffi.AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const length = new Int32Array([name.length]);
  assert.equal(libc.bind(fd, name, name.length), 0);
  assert.equal(libc.getsockname(fd, name, length), 0);
  assert.equal(length[0], 16);
  assert.ok(name[2] << 8 | name[3]);
  const second = libc.socket(ffi.AF_INET, ffi.SOCK_DGRAM, 0);
  assert.equal(libc.bind(second, name, name.length), -1);
  assert.equal(libc.errno(), ffi.EADDRINUSE);
  assert.equal(libc.close(second), 0);
  assert.equal(libc.close(fd), 0);
});

test("socket options and descriptor flags are written and read", (libc) => {
  const fd = libc.socket(ffi.AF_INET6, ffi.SOCK_DGRAM, 0);
  const value = new Int32Array([1]);
  const length = new Int32Array([4]);
  assert.equal(libc.setsockopt(fd, ffi.IPPROTO_IPV6, ffi.IPV6_V6ONLY, value, 4), 0);
  value[0] = 0;
  assert.equal(libc.getsockopt(fd, ffi.IPPROTO_IPV6, ffi.IPV6_V6ONLY, value, length), 0);
  assert.equal(value[0], 1);
  assert.equal(libc.fcntl(fd, ffi.F_SETFL, ffi.O_NONBLOCK), 0);
  assert.ok(libc.fcntl(fd, ffi.F_GETFL, 0) & ffi.O_NONBLOCK);
  assert.equal(libc.close(fd), 0);
});

test("poll takes a plain number and tells what is not open", (libc) => {
  const fds = new Int32Array([-1, 0, 1_000_000, 0]);
  assert.equal(libc.poll(fds, 2, 0), 1);
  assert.equal(fds[3] >> 16, ffi.POLLNVAL);
});

test("the limit on open files is raised as far as it goes", (libc) => {
  const before = readFileLimit(libc);
  const raised = raiseFileLimit(libc);
  assert.ok(before > 0 && raised >= before);
  assert.equal(raiseFileLimit(libc), raised);
  assert.equal(readFileLimit(libc), raised);
});
