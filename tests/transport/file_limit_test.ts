import assert from "node:assert/strict";
import {
  connectionsWithin,
  filesFor,
  raiseFileLimit,
  readFileLimit,
  readHardFileLimit,
} from "../../src/transport/file_limit.ts";
import { withLibc } from "../support/skip.ts";

Deno.test("connections within a limit, and the limit for as many connections", () => {
  assert.equal(connectionsWithin(1024, 1), 821);
  assert.equal(connectionsWithin(1024, 2), 410);
  assert.equal(connectionsWithin(10, 2), 1, "never none");
  for (const listeners of [1, 2, 7]) {
    for (const connections of [1, 100, 8192, 1_000_000]) {
      const files = filesFor(connections, listeners);
      assert.ok(connectionsWithin(files, listeners) >= connections);
      assert.ok(connectionsWithin(files - 2, listeners) < connections || connections === 1);
    }
  }
});

Deno.test(withLibc("the limit is raised to the hard one", (libc) => {
  const hard = readHardFileLimit(libc);
  assert.ok(readFileLimit(libc) <= hard);
  assert.equal(raiseFileLimit(libc), hard);
  assert.equal(readFileLimit(libc), hard);
}));
