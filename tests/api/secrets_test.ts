// Tokens never reach a log, whatever goes wrong with a request.

import assert from "node:assert/strict";
import { captureLog } from "../support/captured_log.ts";
import { createTestApi, hexOf } from "./test_api.ts";

const TOKEN = "s3cret/ü token";

Deno.test("a mistake of the program's is logged without the token, and answered 500", async () => {
  const lines = await captureLog(async () => {
    const { ask, statistics } = createTestApi({ config: { api_key: TOKEN } });
    statistics.read = () => {
      throw new Error(`no such thing at /api/stats?token=${encodeURIComponent(TOKEN)} or ${TOKEN}`);
    };
    const response = await ask(`/api/stats?token=${encodeURIComponent(TOKEN)}`, { token: "" });
    assert.deepEqual([response.status, await response.json()], [500, { status: "internal error" }]);
  });
  assert.ok(lines.some((line) => line.includes("a request failed")), lines.join("\n"));
  assert.ok(lines.every((line) => !line.includes("s3cret")), lines.join("\n"));
});

Deno.test("nothing of ordinary requests is logged", async () => {
  const lines = await captureLog(async () => {
    const { ask } = createTestApi({ config: { api_key: TOKEN } });
    for (const token of [TOKEN, "wrong"]) {
      for (const path of ["/api/stats", `/api/torrent/${hexOf(1)}`, "/api/nothing", "/api/keys/x"]) {
        await (await ask(`${path}?token=${encodeURIComponent(token)}`, { token: "" })).text();
      }
    }
  });
  assert.deepEqual(lines, []);
});
