/** Serves the web interface, which the build leaves in webgui/dist, at /webgui/. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { refusal } from "./answers.ts";
import type { ApiRoutes } from "./setup.ts";

/** Read by its address, so that a single executable that includes the folder has it in the same place. */
const DIST = new URL("../../webgui/dist/", import.meta.url);

const TYPES = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "style.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** Scripts, styles and connections are this server's own; nothing may frame the page. */
const SAFETY_HEADERS = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "object-src 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

/** What stands there where the build was not run. */
const MISSING_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>denotrack</title>
<h1>denotrack</h1>
<p>The tracker is running. Its web interface has not been built: <code>deno task webgui</code> does it. The figures
are at <code>/api/stats</code>.</p>
</html>
`;

interface Asset {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly compressed: Uint8Array<ArrayBuffer>;
}

export function addWebgui(api: ApiRoutes, folder: URL = DIST): void {
  const assets = new Map(
    Object.entries(TYPES).map(([name, type]) => [name, readAsset(new URL(name, folder), type)]),
  );
  api.get("/webgui", (c) => c.redirect("/webgui/"));
  api.get("/webgui/:name{.*}", (c) => {
    const name = c.req.param("name");
    const asset = assets.get(name === "" ? "index.html" : name);
    if (asset !== undefined) return answer(c.req.raw, asset);
    return name === "" ? c.html(MISSING_PAGE, 200, SAFETY_HEADERS) : refusal("not found", 404);
  });
}

/** `undefined` for a file that is not there. */
function readAsset(file: URL, type: string): Asset | undefined {
  let body: Uint8Array<ArrayBuffer>;
  try {
    body = Deno.readFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const digest = createHash("sha256").update(body).digest("hex").slice(0, 32);
  const headers = {
    ...SAFETY_HEADERS,
    "content-type": type,
    etag: `"${digest}"`,
    // Kept by browsers, and asked for each time: a new version is seen at once.
    "cache-control": "no-cache",
    vary: "accept-encoding",
  };
  return { headers, body, compressed: new Uint8Array(gzipSync(body, { level: 9 })) };
}

function answer(request: Request, { headers, body, compressed }: Asset): Response {
  const known = (request.headers.get("if-none-match") ?? "").split(",").map((tag) =>
    tag.trim().replace(/^W\//, "")
  );
  if (known.includes(headers.etag)) return new Response(null, { status: 304, headers });
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(
    request.headers.get("accept-encoding") ?? "",
  );
  return takesGzip
    ? new Response(compressed, { headers: { ...headers, "content-encoding": "gzip" } })
    : new Response(body, { headers });
}
