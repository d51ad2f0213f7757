/** The REST API: routes and their answers. A failure is `{"status": reason}`. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { Registry } from "prom-client";
import { logger } from "../base/log.ts";
import { NOT_CACHED, refusal } from "./answers.ts";
import { createGuard } from "./guard.ts";
import { addKeys } from "./keys.ts";
import { EventLoopLag } from "./event_loop_lag.ts";
import { addList } from "./lists.ts";
import { addMetrics } from "./metrics.ts";
import { addOverview } from "./overview.ts";
import { invalidParameter } from "./parameters.ts";
import { addProgram } from "./program.ts";
import { addSaving } from "./reloading.ts";
import type { ApiRoutes, ApiSetup, Caller, Env } from "./setup.ts";
import { addStats } from "./stats.ts";
import { Rankings } from "./rankings.ts";
import { addTorrent } from "./torrent.ts";
import { addTorrents } from "./torrents.ts";
import { addDescription } from "./openapi.ts";
import { addWebgui } from "./webgui.ts";

const log = logger("api");

export interface Api {
  fetch(request: Request, caller: Caller): Response | Promise<Response>;
  /** Does what is done without being asked, until the program stops. */
  run(): Promise<void>;
}

export function createApi(setup: ApiSetup): Api {
  const api = new OpenAPIHono<Env>({
    defaultHook: (result) =>
      result.success ? undefined : refusal(invalidParameter(result.error.issues[0]?.path[0]), 400),
  });
  if (setup.config.cors_origins.length > 0) api.use(corsFor(setup.config.cors_origins));
  api.use(createGuard(setup));
  addWebgui(api);
  api.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(NOT_CACHED)) c.res.headers.set(name, value);
  });
  const rankings = new Rankings(setup.tracker.store, setup.clock);
  const registry = new Registry();
  const lag = new EventLoopLag(registry);
  addRoutes(api, setup, rankings, registry);
  const methodsOf = createMethodTable(api);
  api.notFound((c) => unknownRequest(c, methodsOf(c.req.path)));
  api.onError((error) => explainMistake(error, setup));
  return {
    fetch: async (request, caller) => endAfterUnread(request, await api.fetch(request, caller)),
    async run() {
      await Promise.all([rankings.keep(setup.stopping), lag.keep(setup.stopping)]);
    },
  };
}

function addRoutes(api: ApiRoutes, setup: ApiSetup, rankings: Rankings, registry: Registry): void {
  addStats(api, setup);
  addTorrent(api, setup);
  addTorrents(api, setup, rankings);
  addList(api, setup, "whitelist");
  addList(api, setup, "blacklist");
  addKeys(api, setup);
  addSaving(api, setup);
  addProgram(api, setup);
  addOverview(api, setup);
  addMetrics(api, setup, rankings, registry);
  addDescription(api, setup.version);
}

function corsFor(origins: readonly string[]): MiddlewareHandler<Env> {
  return cors({
    origin: [...origins],
    allowMethods: ["GET", "POST", "PATCH", "DELETE"],
    allowHeaders: ["Authorization", "Content-Type"],
    exposeHeaders: ["Retry-After"],
    maxAge: 600,
  });
}

/** Finds the methods of a path, so that a wrong method can be told from a wrong path. */
function createMethodTable(api: ApiRoutes): (path: string) => string[] {
  const routes = api.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== "route") return [];
    const pattern = definition.route.path.replace(/\{\w+\}/g, "[^/]+");
    return [{ method: definition.route.method.toUpperCase(), pattern: new RegExp(`^${pattern}$`) }];
  });
  return (path) => routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
}

function unknownRequest(c: Context, methods: readonly string[]): Response {
  if (methods.length === 0 || methods.includes(c.req.method)) return refusal("not found", 404);
  const allowed = [...new Set(methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]))];
  return refusal("method not allowed", 405, { allow: allowed.join(", ") });
}

/**
 * Lets the connection end with the answer when the body of the request was not read to its end: the next request would
 * stand behind that, and nobody looks there.
 */
function endAfterUnread(request: Request, response: Response): Response {
  if (request.body !== null && !request.bodyUsed) response.headers.set("connection", "close");
  return response;
}

/** A mistake of ours. The log is told, without the tokens that an error's text may carry along. */
function explainMistake(error: Error, { config }: ApiSetup): Response {
  let text = error.stack ?? error.message;
  for (const secret of [config.api_key, config.api_key_readonly]) {
    if (secret !== "") text = text.replaceAll(secret, "***").replaceAll(encodeURIComponent(secret), "***");
  }
  log.error(`a request failed: ${text}`);
  return refusal("internal error", 500);
}
