/** Many torrents: pages of all of them, the leaders of a ranking, the software of their peers. */
import { createRoute, z } from "@hono/zod-openapi";
import { SHARDS } from "../swarm/layout.ts";
import type { SwarmStore } from "../swarm/store.ts";
import { RANKED_TORRENTS, SORTS } from "../tracker/ranking.ts";
import type { RankedTorrent } from "../tracker/top_list.ts";
import { GUARDED, INVALID, json, NOT_CACHED, statusSchema } from "./answers.ts";
import { formatHash, hashTextSchema, parseHash, trueOrFalse, wholeNumber } from "./parameters.ts";
import type { Rankings } from "./rankings.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";
import { countsSchema } from "./torrent.ts";
import { nextTurn } from "./turns.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** How long one request may look for torrents that are few; the next one goes on from there. */
const SEARCH_MILLISECONDS = 500;
const SLICE_MILLISECONDS = 0.5;

/** Buckets, so about as many torrents, that are looked at in one piece. */
const BUCKETS_A_PIECE = 64;

const rowSchema = z.object({ info_hash: hashTextSchema, ...countsSchema }).openapi("TorrentCounts");
type Row = z.infer<typeof rowSchema>;

const pageSchema = z.object({
  torrents: z.array(rowSchema),
  next: z.string().nullable().openapi({
    description: "What to give as `cursor` to go on, also where a page is not full; null after the last",
  }),
  age_seconds: z.int().min(0).nullable().openapi({
    description: "With `sort`: how long ago the torrents were looked at; else null",
  }),
}).openapi("TorrentPage");
type Page = z.infer<typeof pageSchema>;

const query = z.object({
  sort: z.enum(SORTS).optional().openapi({
    description: `The highest first, of the ${RANKED_TORRENTS} highest; without it all torrents, in no order`,
  }),
  prefix: z.string().regex(/^[0-9A-Fa-f]{1,40}$/).optional().openapi({
    description: "Only torrents whose hash begins so",
    example: "01ab",
  }),
  active: trueOrFalse().optional().openapi({ description: "Only torrents that have peers" }),
  limit: wholeNumber(1, MAX_LIMIT, DEFAULT_LIMIT).optional().openapi({
    description:
      `Most torrents of the page, ${DEFAULT_LIMIT} unless told; a very small one may be passed by a few`,
  }),
  cursor: z.string().regex(/^[0-9]{1,4}-[0-9]{1,10}$/).optional().openapi({
    description: "Where to go on: `next` of the page before",
  }),
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
    const { sort, prefix = "", active = false, limit = DEFAULT_LIMIT, cursor = "0-0" } = c.req.valid("query");
    const filter = { prefix: prefix.toLowerCase(), active, limit };
    const [first, second] = cursor.split("-").map(Number);
    if (sort === undefined) return c.json(await findTorrents(tracker.store, filter, first, second), 200);
    const ranking = await rankings.read();
    if (ranking === undefined) return c.json(NOT_YET, 503, NOT_YET_HEADERS);
    const page = rankedPage(ranking.torrents[sort], filter, second);
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

/** A page of all torrents from a bucket of a shard on; its cursor is `SHARD-BUCKET`. */
async function findTorrents(store: SwarmStore, filter: Filter, shard: number, bucket: number): Promise<Page> {
  if (filter.prefix.length === 40) return onePage(store, filter);
  const found = new Search(store, filter, shard, bucket);
  const end = performance.now() + SEARCH_MILLISECONDS;
  let sliceEnd = performance.now() + SLICE_MILLISECONDS;
  while (found.goOn()) {
    const now = performance.now();
    if (now > end) break;
    if (now < sliceEnd) continue;
    await nextTurn();
    sliceEnd = performance.now() + SLICE_MILLISECONDS;
  }
  return { torrents: found.rows, next: found.next, age_seconds: null };
}

/** The one torrent that a whole hash is the prefix of. */
function onePage(store: SwarmStore, { prefix, active }: Filter): Page {
  const counts = store.counts(parseHash(prefix));
  const isWanted = counts !== undefined && !(active && counts.seeders + counts.leechers === 0);
  return { torrents: isWanted ? [{ info_hash: prefix, ...counts }] : [], next: null, age_seconds: null };
}

/** Looks through the buckets of the store, one shard after the other. */
class Search {
  rows: Row[] = [];
  readonly #store: SwarmStore;
  readonly #filter: Filter;
  readonly #prefix: Uint8Array;
  #shard: number;
  #bucket: number;

  constructor(store: SwarmStore, filter: Filter, shard: number, bucket: number) {
    this.#store = store;
    this.#filter = filter;
    this.#prefix = Uint8Array.from(filter.prefix, (digit) => parseInt(digit, 16));
    this.#shard = shard;
    this.#bucket = bucket;
  }

  /** Where to go on, or null at the end. */
  get next(): string | null {
    return this.#shard < SHARDS ? `${this.#shard}-${this.#bucket}` : null;
  }

  /** Looks through some buckets; false when the page is full or nothing is left. */
  goOn(): boolean {
    const { limit } = this.#filter;
    const before = this.rows.length;
    if (this.#shard >= SHARDS || before >= limit) return false;
    for (const buckets of limit - before >= BUCKETS_A_PIECE ? [BUCKETS_A_PIECE, 1] : [1]) {
      const next = this.#look(buckets);
      // A page ends between two buckets. A bucket that holds more than a page is a page of its own.
      if (this.rows.length <= limit || (buckets === 1 && before === 0)) {
        this.#bucket = Math.max(next, 0);
        if (next < 0) this.#shard++;
        return true;
      }
      this.rows.length = before;
    }
    return false;
  }

  #look(buckets: number): number {
    const { active } = this.#filter;
    return this.#store.visitTorrents(this.#shard, this.#bucket, buckets, (torrent) => {
      const { words, at, seeders, leechers, completed } = torrent;
      if (active && seeders + leechers === 0) return;
      if (!this.#hasPrefix(words, at)) return;
      this.rows.push({ info_hash: formatHash(words, at), seeders, leechers, completed });
    });
  }

  #hasPrefix(words: Int32Array, at: number): boolean {
    for (let i = 0; i < this.#prefix.length; i++) {
      const byte = words[at + (i >> 3)] >>> ((i >> 1 & 3) * 8) & 0xff;
      if ((i % 2 === 0 ? byte >> 4 : byte & 15) !== this.#prefix[i]) return false;
    }
    return true;
  }
}
