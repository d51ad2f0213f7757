import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Env } from "../../src/api/setup.ts";
import { addWebgui } from "../../src/api/webgui.ts";
import { repositoryRoot } from "../support/program.ts";

const SCRIPT = "console.log(1);".repeat(200);

type Ask = (path: string, headers?: Record<string, string>) => Promise<Response>;

/** Serves the web interface with this for its script, the one that is built unless another is given. */
function serve(loadScript?: () => Promise<string | undefined>): Ask {
  const api = new OpenAPIHono<Env>();
  addWebgui(api, loadScript);
  return async (path, headers = {}) => await api.request(path, { headers });
}

const serveScript = () => serve(() => Promise.resolve(SCRIPT));

function readFile(path: string): string {
  return Deno.readTextFileSync(`${repositoryRoot}/webgui/${path}`);
}

Deno.test("the files have their types, and forbid scripts and styles that are not theirs", async () => {
  const ask = serve();
  const types: [path: string, type: string, file: string][] = [
    ["/webgui/", "text/html; charset=utf-8", "static/index.html"],
    ["/webgui/app.js", "text/javascript; charset=utf-8", "dist/app.js"],
    ["/webgui/style.css", "text/css; charset=utf-8", "static/style.css"],
    ["/webgui/icon.svg", "image/svg+xml", "static/icon.svg"],
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
    assert.ok(await response.text() === readFile(file), file);
  }
  const redirect = await ask("/webgui");
  assert.deepEqual([redirect.status, redirect.headers.get("location")], [302, "/webgui/"]);
});

Deno.test("every file of the web interface is served", async () => {
  const ask = serveScript();
  for (const { name } of Deno.readDirSync(`${repositoryRoot}/webgui/static`)) {
    assert.equal((await ask(`/webgui/${name}`)).status, 200, name);
  }
});

Deno.test("a browser keeps them and asks whether they have changed", async () => {
  const ask = serveScript();
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
});

Deno.test("they are compressed for whoever can read that", async () => {
  const ask = serveScript();
  const response = await ask("/webgui/app.js", { "accept-encoding": "br, gzip" });
  assert.equal(response.headers.get("content-encoding"), "gzip");
  assert.equal(response.headers.get("vary"), "accept-encoding");
  assert.equal(gunzipSync(await response.bytes()).toString(), SCRIPT);
  for (const refused of ["", "br", "gzip;q=0", "gzip; q=0.0"]) {
    const plain = await ask("/webgui/app.js", { "accept-encoding": refused });
    assert.equal(plain.headers.get("content-encoding"), null, refused);
    assert.equal(await plain.text(), SCRIPT);
  }
});

Deno.test("nothing else is served", async () => {
  const ask = serve();
  for (const name of ["sources.sha256", "../deno.json", "..%2f..%2fdeno.json", "constructor", "app.js/"]) {
    const response = await ask(`/webgui/${name}`);
    assert.equal(response.status, 404, name);
    await response.body?.cancel();
  }
});

Deno.test("without a build, a page says how to make one", async () => {
  const ask = serve(() => Promise.resolve(undefined));
  const response = await ask("/webgui/");
  assert.equal(response.status, 200);
  assert.match(await response.text(), /deno task webgui/);
  assert.equal((await ask("/webgui/app.js")).status, 404);
});
