import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { createTestApi } from "./test_api.ts";

Deno.test("the description is OpenAPI 3.1, by the word of others", async () => {
  const { ask } = createTestApi();
  const response = await ask("/api/openapi.json");
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  const description = await response.json();
  const validator = new Validator();
  const { valid, errors } = await validator.validate(description);
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
  assert.equal(description.info.version, "1.2.3");
});

Deno.test("the page names every route and loads nothing", async () => {
  const { ask } = createTestApi();
  const description = await (await ask("/api/openapi.json")).json();
  const response = await ask("/api/docs");
  assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  const page = await response.text();
  for (const [path, methods] of Object.entries<Record<string, unknown>>(description.paths)) {
    for (const method of Object.keys(methods)) {
      assert.ok(page.includes(`<code>${method.toUpperCase()} ${path}</code>`), `${method} ${path}`);
    }
  }
  assert.doesNotMatch(page, /<script|<link|<img|src=|url\(|https?:\/\//);
  const targets = new Set(Array.from(page.matchAll(/ id="([^"]+)"/g), ([, id]) => id));
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(targets.has(target), target);
  assert.ok(!page.includes("undefined") && !page.includes("[object"), "a hole in the page");
});

Deno.test("the description wants no token, so that a link to it works", async () => {
  const { ask } = createTestApi();
  for (const path of ["/api/docs", "/api/openapi.json"]) {
    assert.equal((await ask(path, { token: "" })).status, 200, path);
    assert.equal((await ask(path, { token: "wrong" })).status, 200, path);
    assert.equal((await ask(`${path}/`, { token: "" })).status, 401, path);
  }
});
