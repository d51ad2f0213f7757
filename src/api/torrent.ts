/** One torrent: its peers, its removal, its count. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  DONE,
  FULL,
  GUARDED,
  INVALID,
  json,
  NO_ROOM,
  NOT_FOUND,
  OK,
  refusal,
  statusSchema,
} from "./answers.ts";
import { formatHash, hashSchema, hashTextSchema, parseHash, wholeNumber } from "./parameters.ts";
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
}).openapi("Torrent");

const params = z.object({ hash: hashSchema });
const tags = ["torrents"];

const getRoute = createRoute({
  method: "get",
  path: "/api/torrent/{hash}",
  tags,
  summary: "A torrent with its peers",
  request: { params },
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
    return hash.success ? showTorrent(parseHash(hash.data.hash), setup) : refusal("invalid info_hash", 400);
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

/** The counts are those of the first moment; the peers follow some at a time. */
function showTorrent(infoHash: Int32Array, { tracker, clock }: ApiSetup): Response {
  const counts = tracker.store.counts(infoHash);
  if (counts === undefined) return refusal(UNKNOWN.status, 404);
  const { completed, seeders, leechers } = counts;
  const rows = new PeerRows(tracker.store, infoHash);
  const head = JSON.stringify({ info_hash: formatHash(infoHash), completed, seeders, leechers });
  let text: string | undefined = `${head.slice(0, -1)},"peers":[`;
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
