/** One torrent: its peers, its removal, its count. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  DONE,
  FULL,
  GUARDED,
  INVALID,
  json,
  JSON_HEADERS,
  NO_ROOM,
  NOT_FOUND,
  OK,
  refusal,
  statusSchema,
} from "./answers.ts";
import {
  formatHash,
  hashSchema,
  hashTextSchema,
  invalidParameter,
  parseHash,
  wholeNumber,
} from "./parameters.ts";
import { DEFAULT_LIMIT, limitSchema, nextSchema } from "./paging.ts";
import { SweepCursor } from "../swarm/swarm_table.ts";
import { PeerRows, peerSchema } from "./peer_rows.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";
import { streamJson } from "./streaming.ts";
import { inTurns } from "./turns.ts";

const UNKNOWN = { status: "unknown torrent" };

/** What a database keeps of a count. */
const MAX_COMPLETED = 2 ** 31 - 1;

export const countsSchema = {
  seeders: z.int().min(0),
  leechers: z.int().min(0),
  completed: z.int().min(0).max(MAX_COMPLETED),
};

const torrentSchema = z.object({
  info_hash: hashTextSchema,
  completed: countsSchema.completed,
  seeders: countsSchema.seeders,
  leechers: countsSchema.leechers,
  peers: z.array(peerSchema),
  next: nextSchema.optional().openapi({
    description: "Only where a page was asked for: what to give as `cursor` to go on, null after the last",
  }),
}).openapi("Torrent");

const params = z.object({ hash: hashSchema });
const pageQuery = z.object({
  limit: limitSchema.optional().openapi({
    description: "Most peers, in a page; without it and `cursor` all of them",
  }),
  cursor: z.string().regex(/^[46]-[0-9]{1,10}$/).optional().openapi({
    description: "Where to go on: `next` of the page before",
  }),
});
const tags = ["torrents"];

const getRoute = createRoute({
  method: "get",
  path: "/api/torrent/{hash}",
  tags,
  summary: "A torrent with its peers, or with a limit or a cursor a page of them",
  request: { params, query: pageQuery },
  responses: { 200: json("The torrent", torrentSchema), ...GUARDED, ...INVALID, ...NOT_FOUND },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/api/torrent/{hash}",
  tags,
  summary: "Removes a torrent and its peers, from memory and with the next save from the database",
  request: { params },
  responses: {
    ...DONE,
    ...GUARDED,
    ...INVALID,
    ...NOT_FOUND,
    503: json("Too many removals wait for the database", statusSchema),
  },
});

const postRoute = createRoute({
  method: "post",
  path: "/api/torrent/{hash}",
  tags,
  summary: "Sets how often a torrent was completed; an unknown torrent becomes known",
  request: { params, query: z.object({ completed: wholeNumber(0, MAX_COMPLETED, 42) }) },
  responses: { ...DONE, ...GUARDED, ...INVALID, ...FULL },
});

export function addTorrent(api: ApiRoutes, setup: ApiSetup): void {
  const { store } = setup.tracker;
  api.openAPIRegistry.registerPath(getRoute);
  api.get("/api/torrent/:hash", (c) => {
    const hash = params.safeParse(c.req.param());
    if (!hash.success) return refusal("invalid info_hash", 400);
    const page = pageQuery.safeParse(c.req.query());
    if (!page.success) return refusal(invalidParameter(page.error.issues[0]?.path[0]), 400);
    const { limit, cursor } = page.data;
    const infoHash = parseHash(hash.data.hash);
    return limit === undefined && cursor === undefined
      ? showTorrent(infoHash, setup)
      : showPage(infoHash, setup, limit ?? DEFAULT_LIMIT, cursor);
  });

  api.openapi(deleteRoute, async (c) => {
    const infoHash = parseHash(c.req.valid("param").hash);
    if (!store.has(infoHash, 0)) return c.json(UNKNOWN, 404);
    const cursor = new SweepCursor();
    await inTurns(() => !store.drain(infoHash, cursor));
    const isGone = store.removeTorrent(infoHash) || !store.has(infoHash, 0);
    return isGone ? c.json(OK, 200) : c.json({ status: "too many removals wait" }, 503);
  });

  api.openapi(postRoute, (c) => {
    const infoHash = parseHash(c.req.valid("param").hash);
    const { completed } = c.req.valid("query");
    return store.setCompleted(infoHash, completed) ? c.json(OK, 200) : c.json(NO_ROOM, 507);
  });
}

/** Everything up to the peers, as JSON; `undefined` for an unknown torrent. */
function headOf(infoHash: Int32Array, { tracker }: ApiSetup): string | undefined {
  const counts = tracker.store.counts(infoHash);
  if (counts === undefined) return undefined;
  const { completed, seeders, leechers } = counts;
  const head = JSON.stringify({ info_hash: formatHash(infoHash), completed, seeders, leechers });
  return `${head.slice(0, -1)},"peers":[`;
}

function showPage(infoHash: Int32Array, setup: ApiSetup, limit: number, cursor?: string): Response {
  const head = headOf(infoHash, setup);
  if (head === undefined) return refusal(UNKNOWN.status, 404);
  const { rows, next } = new PeerRows(setup.tracker.store, infoHash, cursor).page(
    limit,
    setup.clock.seconds(),
  );
  const text = `${head}${rows.join(",")}],"next":${JSON.stringify(next)}}`;
  return new Response(text, { headers: JSON_HEADERS });
}

/** The counts are those of the first moment; the peers follow some at a time. */
function showTorrent(infoHash: Int32Array, setup: ApiSetup): Response {
  const { tracker, clock } = setup;
  let text = headOf(infoHash, setup);
  if (text === undefined) return refusal(UNKNOWN.status, 404);
  const rows = new PeerRows(tracker.store, infoHash);
  let separator = "";
  return streamJson(() => {
    if (text === undefined) return undefined;
    const before = text;
    const peers: string[] = [];
    const hasMore = rows.fill(peers, clock.seconds());
    const piece = peers.length === 0 ? "" : separator + peers.join(",");
    if (peers.length > 0) separator = ",";
    text = hasMore ? "" : undefined;
    return before + piece + (hasMore ? "" : "]}");
  });
}
