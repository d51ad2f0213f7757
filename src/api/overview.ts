/** What a page about the tracker shows beside the statistics: the caller's rights, the program, how saving goes. */
import { createRoute, z } from "@hono/zod-openapi";
import { GUARDED, json, NOT_CACHED } from "./answers.ts";
import { createTokenCheck, tokenOf } from "./auth.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";

const overviewSchema = z.object({
  access: z.enum(["full", "read"]).openapi({ description: "What the token of the request is good for" }),
  version: z.string(),
  memory: z.int().min(0).openapi({ description: "Bytes of memory that the program uses" }),
  udp_workers: z.int().min(0).openapi({
    description: "Threads for UDP as configured, 0 for one a core but one",
  }),
  http_workers: z.int().min(1).openapi({ description: "Threads for HTTP" }),
  persistence: z.boolean(),
  last_save: z.int().min(0).openapi({
    description: "UNIX time of the last save that succeeded, 0 before the first",
  }),
  last_save_milliseconds: z.number().min(0),
  failing_since: z.int().min(0).openapi({
    description: "UNIX time since which saving has been failing, 0 while it works",
  }),
  waiting_changes: z.int().min(0).openapi({
    description: "Changes of torrents and lists that wait to be saved",
  }),
  refused_changes: z.int().min(0).openapi({
    description:
      "Changes that the database did not take in the last save; the log tells why, and they are tried again",
  }),
  refusals: z.record(z.string(), z.int().min(0)).openapi({
    description: "Requests since the start that were refused, or answered and not stored, by reason",
  }),
}).openapi("Overview");

const overviewRoute = createRoute({
  method: "get",
  path: "/api/overview",
  tags: ["program"],
  summary: "The caller's rights, memory, threads, saving, refusals",
  responses: { 200: json("As of this moment", overviewSchema), ...GUARDED },
});

const REFUSALS = [
  "refused_not_whitelisted",
  "refused_blacklisted",
  "refused_key",
  "full_torrents",
  "full_peers",
  "udp_junk",
  "udp_bad_connection_id",
  "udp_bad_request",
  "http_bad_request",
] as const;

export function addOverview(api: ApiRoutes, { config, version, statistics, tracker }: ApiSetup): void {
  const check = createTokenCheck(config.api_key, config.api_key_readonly);
  api.openapi(overviewRoute, (c) => {
    const { lastSave, lastSaveMilliseconds, failingSince, refused } = statistics.saving;
    const access = check(tokenOf(c.req.raw)) === "full" ? "full" as const : "read" as const;
    return c.json(
      {
        access,
        version,
        memory: Deno.memoryUsage().rss,
        udp_workers: config.udp_workers,
        http_workers: config.http_workers,
        persistence: config.persistence,
        last_save: lastSave,
        last_save_milliseconds: lastSaveMilliseconds,
        failing_since: failingSince,
        waiting_changes: config.persistence ? waitingChanges(tracker) : 0,
        refused_changes: refused,
        refusals: Object.fromEntries(REFUSALS.map((name) => [name, statistics.counter(name)])),
      },
      200,
      NOT_CACHED,
    );
  });
}

function waitingChanges({ store, access }: ApiSetup["tracker"]): number {
  const { whitelist, blacklist, keys } = access;
  const lists = whitelist.changes() + blacklist.changes() + keys.changes();
  return store.totals().dirty + store.removed.changes() + lists;
}
