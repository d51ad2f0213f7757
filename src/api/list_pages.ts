/** What a list holds: all of it in one stream, or page by page. */
import { createRoute, z } from "@hono/zod-openapi";
import { type HashSet, SetCursor } from "../swarm/hash_set.ts";
import { GUARDED, INVALID, json, JSON_HEADERS, refusal } from "./answers.ts";
import {
  cursorSchema,
  DEFAULT_LIMIT,
  findPage,
  limitSchema,
  nextSchema,
  prefixMatcher,
  prefixSchema,
  START,
} from "./paging.ts";
import { invalidParameter, parseHash } from "./parameters.ts";
import type { ApiRoutes, ListName } from "./setup.ts";
import { streamList } from "./streaming.ts";

const query = z.object({
  prefix: prefixSchema.optional().openapi({
    description: "A page of those that begin so",
    example: "01ab",
  }),
  limit: limitSchema.optional(),
  cursor: cursorSchema.optional(),
});

/** An entry as JSON; `undefined` for one that is not to be shown. */
export type FormatEntry = (words: Int32Array, at: number, value: number) => string | undefined;

/** Adds `GET /api/LIST`. */
export function addListing(
  api: ApiRoutes,
  name: ListName,
  list: HashSet,
  entry: z.ZodType,
  format: FormatEntry,
): void {
  const page = z.object({ entries: z.array(entry), next: nextSchema });
  const route = createRoute({
    method: "get",
    path: `/api/${name}`,
    tags: [name],
    summary: `All of the ${name}, or with a prefix, a limit or a cursor a page of it`,
    request: { query },
    responses: { 200: json("In no order", z.union([z.array(entry), page])), ...GUARDED, ...INVALID },
  });
  api.openAPIRegistry.registerPath(route);
  api.get(route.path, async (c) => {
    const wanted = query.safeParse(c.req.query());
    if (!wanted.success) return refusal(invalidParameter(wanted.error.issues[0]?.path[0]), 400);
    const { prefix, limit = DEFAULT_LIMIT, cursor } = wanted.data;
    if (prefix === undefined && wanted.data.limit === undefined && cursor === undefined) {
      return streamAll(list, format);
    }
    const { rows, next } = prefix?.length === 40
      ? { rows: oneEntry(list, prefix, format), next: null }
      : await onePage(list, prefix ?? "", limit, cursor ?? START, format);
    return new Response(`{"entries":[${rows.join(",")}],"next":${JSON.stringify(next)}}`, {
      headers: JSON_HEADERS,
    });
  });
}

function streamAll(list: HashSet, format: FormatEntry): Response {
  const cursor = new SetCursor();
  return streamList((entries) =>
    list.visit(cursor, (words, at, value) => {
      const text = format(words, at, value);
      if (text !== undefined) entries.push(text);
    })
  );
}

function onePage(list: HashSet, prefix: string, limit: number, cursor: string, format: FormatEntry) {
  const isWanted = prefixMatcher(prefix);
  return findPage<string>(
    cursor,
    limit,
    (rows, shard, bucket, count) =>
      list.visitBuckets(shard, bucket, count, (words, at, value) => {
        if (!isWanted(words, at)) return;
        const text = format(words, at, value);
        if (text !== undefined) rows.push(text);
      }),
  );
}

/** The one entry that a whole hash is the prefix of. */
function oneEntry(list: HashSet, hash: string, format: FormatEntry): string[] {
  const words = parseHash(hash);
  const value = list.get(words, 0);
  const text = value < 0 ? undefined : format(words, 0, value);
  return text === undefined ? [] : [text];
}
