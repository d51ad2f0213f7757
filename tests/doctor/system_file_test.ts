import assert from "node:assert/strict";
import { readSystemFile } from "../../src/doctor/system_file.ts";
import { withLibc } from "../support/skip.ts";

Deno.test(withLibc("a file of the system is text, absent, or unreadable for a reason", (libc) => {
  const status = readSystemFile(libc, "/proc/self/status");
  assert.ok(status.is === "text" && status.text.includes(`\nPid:\t${Deno.pid}\n`));
  assert.deepEqual(readSystemFile(libc, "/proc/sys/no/such/thing"), { is: "absent" });
  const folder = readSystemFile(libc, "/proc");
  assert.equal(folder.is, "unreadable");
  // Longer than what is read at most: cut, and no endless loop.
  const endless = readSystemFile(libc, "/dev/zero");
  assert.ok(endless.is === "text" && endless.text.length === 65_536);
}));
