import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { pathToFileURL } from "node:url";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Env } from "../../src/api/setup.ts";
import { addWebgui } from "../../src/api/webgui.ts";

const FILES: Readonly<Record<string, string>> = {
  "index.html": "<!doctype html><title>a page</title>",
  "app.js": `${"console.log(1);".repeat(200)}`,
  "style.css": "body { margin: 0 }",
  "icon.svg": "<svg/>",
};

type Ask = (path: string, headers?: Record<string, string>) => Promise<Response>;

/** Serves a folder with those files. */
async function withFiles(files: Readonly<Record<string, string>>, use: (ask: Ask) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-webgui-" });
  try {
    for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${folder}/${name}`, text);
    const api = new OpenAPIHono<Env>();
    addWebgui(api, pathToFileURL(`${folder}/`));
    await use(async (path, headers = {}) => await api.request(path, { headers }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the files have their types, and forbid scripts and styles that are not theirs", () =>
  withFiles(FILES, async (ask) => {
    const types: [path: string, type: string, file: string][] = [
      ["/webgui/", "text/html; charset=utf-8", "index.html"],
      ["/webgui/app.js", "text/javascript; charset=utf-8", "app.js"],
      ["/webgui/style.css", "text/css; charset=utf-8", "style.css"],
      ["/webgui/icon.svg", "image/svg+xml", "icon.svg"],
    ];
    for (const [path, type, file] of types) {
      const response = await ask(path);
      assert.equal(response.status, 200, path);
      assert.equal(response.headers.get("content-type"), type);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      const policy = response.headers.get("content-security-policy") ?? "";
      assert.match(policy, /default-src 'self'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(await response.text(), FILES[file]);
    }
    const redirect = await ask("/webgui");
    assert.deepEqual([redirect.status, redirect.headers.get("location")], [302, "/webgui/"]);
  }));

Deno.test("a browser keeps them and asks whether they have changed", () =>
  withFiles(FILES, async (ask) => {
    const first = await ask("/webgui/app.js");
    assert.equal(first.headers.get("cache-control"), "no-cache");
    const etag = first.headers.get("etag") ?? "";
    await first.body?.cancel();
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const response = await ask("/webgui/app.js", { "if-none-match": known });
      assert.deepEqual([response.status, await response.text()], [304, ""]);
      assert.equal(response.headers.get("etag"), etag);
    }
    assert.equal((await ask("/webgui/app.js", { "if-none-match": '"other"' })).status, 200);
  }));

Deno.test("they are compressed for whoever can read that", () =>
  withFiles(FILES, async (ask) => {
    const response = await ask("/webgui/app.js", { "accept-encoding": "br, gzip" });
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.equal(response.headers.get("vary"), "accept-encoding");
    assert.equal(gunzipSync(await response.bytes()).toString(), FILES["app.js"]);
    for (const refused of ["", "br", "gzip;q=0", "gzip; q=0.0"]) {
      const plain = await ask("/webgui/app.js", { "accept-encoding": refused });
      assert.equal(plain.headers.get("content-encoding"), null, refused);
      assert.equal(await plain.text(), FILES["app.js"]);
    }
  }));

Deno.test("nothing else is served", () =>
  withFiles({ ...FILES, "sources.sha256": "x" }, async (ask) => {
    for (const name of ["sources.sha256", "../deno.json", "..%2f..%2fdeno.json", "constructor", "app.js/"]) {
      const response = await ask(`/webgui/${name}`);
      assert.equal(response.status, 404, name);
      await response.body?.cancel();
    }
  }));

Deno.test("without a build, a page says how to make one", () =>
  withFiles({}, async (ask) => {
    const response = await ask("/webgui/");
    assert.equal(response.status, 200);
    assert.match(await response.text(), /deno task webgui/);
  }));
