/** Serves the web interface at /webgui/: the files of webgui/static, and the script that webgui/build.ts makes. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import icon from "../../webgui/static/icon.svg" with { type: "text" };
import page from "../../webgui/static/index.html" with { type: "text" };
import style from "../../webgui/static/style.css" with { type: "text" };
import { refusal } from "./answers.ts";
import type { ApiRoutes } from "./setup.ts";

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

/** `loadScript` gives the bundled script, or `undefined` where it has not been built; it is asked when it is wanted. */
export function addWebgui(api: ApiRoutes, loadScript = builtScript): void {
  let loading: Promise<ReadonlyMap<string, Asset>> | undefined;
  api.get("/webgui", (c) => c.redirect("/webgui/"));
  api.get("/webgui/:name{.*}", async (c) => {
    loading ??= loadAssets(loadScript);
    const assets = await loading;
    const name = c.req.param("name");
    const asset = assets.get(name === "" ? "index.html" : name);
    if (asset !== undefined) return answer(c.req.raw, asset);
    return name === "" ? c.html(MISSING_PAGE, 200, SAFETY_HEADERS) : refusal("not found", 404);
  });
}

/**
 * The script is the one part that is built, so it is imported only here: types can be checked and a tracker started
 * without it, while an executable embeds it and cannot be made without it.
 */
async function builtScript(): Promise<string | undefined> {
  try {
    return (await import("../../webgui/dist/app.js", { with: { type: "text" } })).default;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Without the script there is nothing to serve. */
async function loadAssets(loadScript: () => Promise<string | undefined>): Promise<Map<string, Asset>> {
  const script = await loadScript();
  if (script === undefined) return new Map();
  return new Map([
    ["index.html", createAsset(page, "text/html; charset=utf-8")],
    ["app.js", createAsset(script, "text/javascript; charset=utf-8")],
    ["style.css", createAsset(style, "text/css; charset=utf-8")],
    ["icon.svg", createAsset(icon, "image/svg+xml")],
  ]);
}

function createAsset(text: string, type: string): Asset {
  const body = new TextEncoder().encode(text);
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
