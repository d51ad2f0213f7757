/** The REST API: routes and their answers. Every answer is JSON; a failure is `{"status": reason}`. */
import { Hono } from "hono";
import { parseIp } from "../base/ip.ts";
import { COUNTER, TCP6 } from "../tracker/stats.ts";
import type { Statistics } from "../tracker/statistics.ts";
import { createTokenCheck } from "./auth.ts";

type Env = { Bindings: Deno.ServeHandlerInfo<Deno.NetAddr> };

/** What stands at the address of the web interface until that is built. */
const WEB_INTERFACE_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>denotrack</title>
<h1>denotrack</h1>
<p>The tracker is running. This version has no web interface yet; its figures are at
<code>/api/stats?token=YOUR_API_KEY</code>.</p>
</html>
`;

export interface ApiSetup {
  readonly apiKey: string;
  readonly statistics: Statistics;
  /** This thread's counters. */
  readonly counters: Float64Array;
}

export function createApi({ apiKey, statistics, counters }: ApiSetup): Hono<Env> {
  const isAuthorized = createTokenCheck(apiKey);
  const address = new Int32Array(4);
  const api = new Hono<Env>();
  api.use(async (c, next) => {
    const tcp = parseIp(c.env.remoteAddr.hostname, address) === 6 ? TCP6 : 0;
    counters[COUNTER.tcp4_connections_handled + tcp]++;
    counters[COUNTER.tcp4_api_handled + tcp]++;
    await next();
  });
  api.use("/api/*", async (c, next) => {
    return isAuthorized(c.req.raw) ? await next() : c.json({ status: "invalid token" }, 401);
  });
  api.get("/api/stats", (c) => c.json(statistics.read()));
  api.get("/webgui", (c) => c.redirect("/webgui/"));
  api.get("/webgui/", (c) => c.html(WEB_INTERFACE_PAGE));
  api.notFound((c) => c.json({ status: "not found" }, 404));
  return api;
}
