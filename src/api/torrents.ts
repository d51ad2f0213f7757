/** Many torrents: pages of all of them, the leaders of a ranking, the software of their peers. */
import { createRoute, z } from "@hono/zod-openapi";
import type { SwarmStore } from "../swarm/store.ts";
import { RANKED_TORRENTS, SORTS } from "../tracker/ranking.ts";
import type { RankedTorrent } from "../tracker/top_list.ts";
import { GUARDED, INVALID, json, NOT_CACHED, statusSchema } from "./answers.ts";
import {
  cursorSchema,
  DEFAULT_LIMIT,
  findPage,
  limitSchema,
  nextSchema,
  parseCursor,
  prefixMatcher,
  prefixSchema,
  START,
} from "./paging.ts";
import { formatHash, hashTextSchema, parseHash, trueOrFalse } from "./parameters.ts";
import type { Rankings } from "./rankings.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";
import { countsSchema } from "./torrent.ts";

const rowSchema = z.object({ info_hash: hashTextSchema, ...countsSchema }).openapi("TorrentCounts");
type Row = z.infer<typeof rowSchema>;

const pageSchema = z.object({
  torrents: z.array(rowSchema),
  next: nextSchema,
  age_seconds: z.int().min(0).nullable().openapi({
    description: "With `sort`: how long ago the torrents were looked at; else null",
  }),
}).openapi("TorrentPage");
type Page = z.infer<typeof pageSchema>;

const query = z.object({
  sort: z.enum(SORTS).optional().openapi({
    description: `The highest first, of the ${RANKED_TORRENTS} highest; without it all torrents, in no order`,
  }),
  prefix: prefixSchema.optional().openapi({
    description: "Only torrents whose hash begins so",
    example: "01ab",
  }),
  active: trueOrFalse().optional().openapi({ description: "Only torrents that have peers" }),
  limit: limitSchema.optional(),
  cursor: cursorSchema.optional(),
});

const torrentsRoute = createRoute({
  method: "get",
  path: "/api/torrents",
  tags: ["torrents"],
  summary: "Torrents with their counts, page by page",
  request: { query },
  responses: {
    200: json("A page", pageSchema),
    503: json("The torrents are being ranked for the first time; `Retry-After`", statusSchema),
    ...GUARDED,
    ...INVALID,
  },
});

const clientsSchema = z.object({
  age_seconds: z.int().min(0).openapi({ description: "How long ago the peers were looked at" }),
  clients: z.array(z.object({
    software: z.string().openapi({ description: '"" for all that is not known', example: "qBittorrent" }),
    peers: z.int().min(1),
    versions: z.array(z.object({ version: z.string(), peers: z.int().min(1) })),
  })),
}).openapi("Clients");

const clientsRoute = createRoute({
  method: "get",
  path: "/api/clients",
  tags: ["torrents"],
  summary: "How many peers run which software, from their peer ids",
  responses: {
    200: json("The most used first", clientsSchema),
    503: json("The peers are being counted for the first time; `Retry-After`", statusSchema),
    ...GUARDED,
  },
});

const NOT_YET = { status: "not counted yet" };
const NOT_YET_HEADERS = { ...NOT_CACHED, "retry-after": "10" };

/** Which torrents a page is to hold. */
interface Filter {
  /** Lower-case digits, "" for any. */
  readonly prefix: string;
  readonly active: boolean;
  readonly limit: number;
}

export function addTorrents(api: ApiRoutes, { tracker, clock }: ApiSetup, rankings: Rankings): void {
  api.openapi(torrentsRoute, async (c) => {
    const { sort, prefix = "", active = false, limit = DEFAULT_LIMIT, cursor = START } = c.req.valid("query");
    const filter = { prefix: prefix.toLowerCase(), active, limit };
    if (sort === undefined) return c.json(await findTorrents(tracker.store, filter, cursor), 200);
    const ranking = await rankings.read();
    if (ranking === undefined) return c.json(NOT_YET, 503, NOT_YET_HEADERS);
    const [, place] = parseCursor(cursor);
    const page = rankedPage(ranking.torrents[sort], filter, place);
    return c.json({ ...page, age_seconds: clock.seconds() - ranking.seconds }, 200);
  });

  api.openapi(clientsRoute, async (c) => {
    const ranking = await rankings.read();
    if (ranking === undefined) return c.json(NOT_YET, 503, NOT_YET_HEADERS);
    const age_seconds = clock.seconds() - ranking.seconds;
    const clients = ranking.clients.map(({ software, peers, versions }) => {
      return { software, peers, versions: [...versions] };
    });
    return c.json({ age_seconds, clients }, 200);
  });
}

/** A page of a ranking from its place `from` on; its cursor is `0-PLACE`. */
function rankedPage(
  ranked: readonly RankedTorrent[],
  filter: Filter,
  from: number,
): Omit<Page, "age_seconds"> {
  const torrents: Row[] = [];
  for (let place = from; place < ranked.length; place++) {
    const { infoHash, seeders, leechers, completed } = ranked[place];
    if (filter.active && seeders + leechers === 0) continue;
    const info_hash = formatHash(infoHash);
    if (!info_hash.startsWith(filter.prefix)) continue;
    if (torrents.length === filter.limit) return { torrents, next: `0-${place}` };
    torrents.push({ info_hash, seeders, leechers, completed });
  }
  return { torrents, next: null };
}

/** A page of all torrents from a cursor on. */
async function findTorrents(store: SwarmStore, filter: Filter, cursor: string): Promise<Page> {
  const { prefix, active, limit } = filter;
  if (prefix.length === 40) return onePage(store, filter);
  const isWanted = prefixMatcher(prefix);
  const { rows, next } = await findPage<Row>(cursor, limit, (rows, shard, bucket, count) => {
    return store.visitTorrents(shard, bucket, count, ({ words, at, seeders, leechers, completed }) => {
      if (active && seeders + leechers === 0) return;
      if (!isWanted(words, at)) return;
      rows.push({ info_hash: formatHash(words, at), seeders, leechers, completed });
    });
  });
  return { torrents: rows, next, age_seconds: null };
}

/** The one torrent that a whole hash is the prefix of. */
function onePage(store: SwarmStore, { prefix, active }: Filter): Page {
  const counts = store.counts(parseHash(prefix));
  const isWanted = counts !== undefined && !(active && counts.seeders + counts.leechers === 0);
  return { torrents: isWanted ? [{ info_hash: prefix, ...counts }] : [], next: null, age_seconds: null };
}
