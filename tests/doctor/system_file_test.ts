import assert from "node:assert/strict";
import { readSystemFile } from "../../src/doctor/system_file.ts";
import { openLibc } from "../../src/transport/linux_ffi.ts";
import { skippedName } from "../support/skip.ts";

const libc = openLibc();
const name = "a file of the system is text, absent, or unreadable for a reason";

if ("unavailable" in libc) {
  Deno.test({ name: skippedName(name, libc.unavailable), ignore: true, fn: () => {} });
} else {
  Deno.test(name, () => {
    const status = readSystemFile(libc, "/proc/self/status");
    assert.ok(status.is === "text" && status.text.includes(`\nPid:\t${Deno.pid}\n`));
    assert.deepEqual(readSystemFile(libc, "/proc/sys/no/such/thing"), { is: "absent" });
    const folder = readSystemFile(libc, "/proc");
    assert.equal(folder.is, "unreadable");
    // Longer than what is read at most: cut, and no endless loop.
    const endless = readSystemFile(libc, "/dev/zero");
    assert.ok(endless.is === "text" && endless.text.length === 65_536);
  });
}
