/** What macOS and Windows have: the portable backend alone, without native libraries, passes the socket suite. */
import assert from "node:assert/strict";
import { repositoryRoot } from "../support/program.ts";

Deno.test("UDP: the portable backend passes the suite alone, without --allow-ffi", async () => {
  const rights = ["net", "read", "write", "env", "sys", "run"].map((name) => `--allow-${name}`);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", ...rights, "tests/transport/udp_suite_test.ts"],
    cwd: repositoryRoot,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.match(text, /^UDP linux: .* \[skipped: .*\] \.\.\. ignored/m);
  const [, passed, failed, ignored] = /(\d+) passed.* \| (\d+) failed \| (\d+) ignored/.exec(text)!.map(
    Number,
  );
  assert.equal(failed, 0, text);
  // Each test stands there once for every backend.
  assert.ok(passed >= 20 && passed === ignored, text);
});
