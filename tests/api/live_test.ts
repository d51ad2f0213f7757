// What only shows on real connections that stay open.

import assert from "node:assert/strict";
import { withNeeds } from "../support/skip.ts";
import { type LiveApi, SCHEMES, withLiveApi } from "./live_api.ts";

for (const scheme of SCHEMES) {
  const test = (name: string, settings: string, use: (api: LiveApi) => Promise<void>) =>
    withNeeds(
      scheme === "https" ? { programs: ["openssl"] } : {},
      `${scheme}: ${name}`,
      () => withLiveApi({ scheme, host: "127.0.0.1", settings }, use),
    );

  Deno.test(test(
    "an event stream outlives the patience with idle connections, and ends with the program",
    `
http_timeout = 1
http_keep_alive = 1
`,
    async ({ ask, tracker }) => {
      const response = await ask("/api/stats/stream");
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (let events = 0; events < 4;) {
        const { value, done } = await reader.read();
        assert.ok(!done, `the stream ended after ${events} events`);
        events += value.split("event: stats").length - 1;
      }
      const began = performance.now();
      await tracker.stop();
      assert.ok(performance.now() - began < 3000);
      const rest = await reader.read().catch(() => ({ done: true }));
      assert.equal(rest.done, true);
    },
  ));

  Deno.test(test("a body that is too long is refused", "api_body_limit = 1", async ({ ask }) => {
    const body = "a".repeat(3 * 1024 * 1024);
    const response = await ask("/api/whitelist", { method: "POST", body });
    assert.equal(response.status, 413);
    assert.deepEqual(await response.json(), { status: "the body is longer than 1 MiB" });
    assert.equal((await ask("/health")).status, 200);
  }));

  Deno.test(test(
    "a save and reloads that find everything as it was",
    `
persistence = true
`,
    async ({ ask }) => {
      const hash = "ab".repeat(20);
      await (await ask(`/api/whitelist/${hash}`, { method: "POST" })).body?.cancel();
      const saved = await (await ask("/api/save", { method: "POST" })).json();
      assert.deepEqual(saved, { status: "ok", saved: 1 });
      const reloaded = await (await ask("/api/whitelist/reload")).json();
      assert.deepEqual(reloaded, { status: "ok", entries: 1 });
      assert.deepEqual(await (await ask("/api/whitelist")).json(), [hash]);
    },
  ));
}
