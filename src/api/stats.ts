/** The statistics: once, or every second as server-sent events. */
import { createRoute, z } from "@hono/zod-openapi";
import type { StatisticsView } from "../tracker/statistics.ts";
import { GUARDED, json, NOT_CACHED } from "./answers.ts";
import { pause } from "./pause.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";

const EVENT_MILLISECONDS = 1000;

const count = () => z.int().min(0);
const unixTime = (what: string) =>
  z.int().min(0).openapi({ description: `UNIX time: ${what}`, example: 1_700_000_000 });

/** In the documented order. */
const statsSchema = z.object(
  {
    started: unixTime("the start of the program"),
    timestamp_run_save: unixTime("the next save, 0 without persistence"),
    timestamp_run_timeout: unixTime("the next sweep of peers"),
    timestamp_run_console: unixTime("the next block in the log, 0 without"),
    timestamp_run_keys_timeout: unixTime("the next sweep of keys, 0 without keys"),
    torrents: count(),
    torrents_updates: count().openapi({ description: "Torrents that wait to be saved" }),
    torrents_shadow: count().openapi({ description: "Torrents that are being saved now" }),
    seeds: count().openapi({ description: "Peers that have everything" }),
    peers: count().openapi({ description: "Peers that do not" }),
    completed: count(),
    whitelist_enabled: z.boolean(),
    whitelist: count(),
    blacklist_enabled: z.boolean(),
    blacklist: count(),
    keys_enabled: z.boolean(),
    keys: count(),
    tcp4_connections_handled: count(),
    tcp4_api_handled: count(),
    tcp4_announces_handled: count(),
    tcp4_scrapes_handled: count(),
    tcp6_connections_handled: count(),
    tcp6_api_handled: count(),
    tcp6_announces_handled: count(),
    tcp6_scrapes_handled: count(),
    udp4_connections_handled: count(),
    udp4_announces_handled: count(),
    udp4_scrapes_handled: count(),
    udp6_connections_handled: count(),
    udp6_announces_handled: count(),
    udp6_scrapes_handled: count(),
  } satisfies Record<keyof StatisticsView, z.ZodType>,
).openapi("Stats");

const statsRoute = createRoute({
  method: "get",
  path: "/api/stats",
  tags: ["stats"],
  summary: "Statistics of the tracker",
  responses: { 200: json("The figures of this moment", statsSchema), ...GUARDED },
});

const streamRoute = createRoute({
  method: "get",
  path: "/api/stats/stream",
  tags: ["stats"],
  summary: "Statistics every second, as server-sent events whose data is that of /api/stats",
  responses: {
    200: { description: "Events named `stats`", content: { "text/event-stream": { schema: z.string() } } },
    ...GUARDED,
  },
});

export function addStats(api: ApiRoutes, { statistics, stopping }: ApiSetup): void {
  api.openapi(statsRoute, (c) => c.json(statistics.read(), 200, NOT_CACHED));
  api.openAPIRegistry.registerPath(streamRoute);
  api.get(streamRoute.path, () => {
    const headers = { ...NOT_CACHED, "content-type": "text/event-stream" };
    return new Response(eventsOf(() => JSON.stringify(statistics.read()), stopping), { headers });
  });
}

/** One event at once and then one a second, for as long as somebody reads and until the program stops. */
function eventsOf(read: () => string, stopping: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const over = new AbortController();
  const signal = AbortSignal.any([stopping, over.signal]);
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (!isFirst) await pause(EVENT_MILLISECONDS, signal);
      isFirst = false;
      if (signal.aborted) return controller.close();
      controller.enqueue(encoder.encode(`event: stats\ndata: ${read()}\n\n`));
    },
    cancel: () => over.abort(),
  }, { highWaterMark: 0 });
}
