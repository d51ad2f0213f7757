/** Whitelist and blacklist: one entry, many, all. */
import { createRoute, z } from "@hono/zod-openapi";
import { SetCursor } from "../swarm/hash_set.ts";
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
import { BodyBrokenError, BodyTooLongError, readBody } from "./bodies.ts";
import { HashList, HashListError } from "./hash_list.ts";
import { addEntries, clearList, NoRoomError, removeEntries } from "./list_changes.ts";
import { formatHash, hashSchema, hashTextSchema, parseHash } from "./parameters.ts";
import { addReload } from "./reloading.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";
import { streamList } from "./streaming.ts";

const MEBIBYTE = 1024 * 1024;

const NOT_THERE = { status: "not found" };

const params = z.object({ hash: hashSchema });
const actionQuery = z.object({ action: z.enum(["add", "remove"]).default("add") });
export const confirmQuery = z.object({ confirm: z.literal("true") });

const changeSchema = z.object({
  status: z.literal("ok"),
  changed: z.int().min(0).openapi({ description: "Entries that were added or removed" }),
  unchanged: z.int().min(0).openapi({ description: "Entries that were so already" }),
}).openapi("ListChange");

export const clearedSchema = z.object({ status: z.literal("ok"), removed: z.int().min(0) }).openapi(
  "Cleared",
);

const partialSchema = z.object({ status: z.string(), changed: z.int().min(0) }).openapi("PartialChange");

const bulkBody = {
  required: true,
  content: {
    "application/json": { schema: z.array(hashSchema) },
    "text/plain": { schema: z.string().openapi({ description: "One hash a line" }) },
  },
};

/** The routes of one list; `name` is the same in the address, the configuration and the database. */
export function addList(api: ApiRoutes, setup: ApiSetup, name: "whitelist" | "blacklist"): void {
  addReload(api, setup, name);
  addEntryRoutes(api, setup, name);
  addBulkRoutes(api, setup, name);
}

function addEntryRoutes(api: ApiRoutes, { tracker }: ApiSetup, name: "whitelist" | "blacklist"): void {
  const list = tracker.access[name];
  const tags = [name];
  const entry = { path: `/api/${name}/{hash}`, tags, request: { params } } as const;

  const check = createRoute({
    ...entry,
    method: "get",
    summary: `Whether a hash is on the ${name}`,
    responses: { ...DONE, ...GUARDED, ...INVALID, ...NOT_FOUND },
  });
  api.openapi(check, (c) => {
    const isThere = list.has(parseHash(c.req.valid("param").hash), 0);
    return isThere ? c.json(OK, 200) : c.json(NOT_THERE, 404);
  });

  const add = createRoute({
    ...entry,
    method: "post",
    summary: `Puts a hash on the ${name}`,
    responses: { ...DONE, ...GUARDED, ...INVALID, ...FULL },
  });
  api.openapi(add, (c) => {
    const isAdded = list.set(parseHash(c.req.valid("param").hash), 0, 0);
    return isAdded ? c.json(OK, 200) : c.json(NO_ROOM, 507);
  });

  const remove = createRoute({
    ...entry,
    method: "delete",
    summary: `Takes a hash off the ${name}`,
    responses: { ...DONE, ...GUARDED, ...INVALID, ...NOT_FOUND },
  });
  api.openapi(remove, (c) => {
    const isRemoved = list.remove(parseHash(c.req.valid("param").hash), 0);
    return isRemoved ? c.json(OK, 200) : c.json(NOT_THERE, 404);
  });
}

function addBulkRoutes(api: ApiRoutes, setup: ApiSetup, name: "whitelist" | "blacklist"): void {
  const list = setup.tracker.access[name];
  const whole = { path: `/api/${name}` as const, tags: [name] };

  api.openAPIRegistry.registerPath(createRoute({
    ...whole,
    method: "get",
    summary: `The whole ${name}`,
    responses: { 200: json("All hashes, in no order", z.array(hashTextSchema)), ...GUARDED },
  }));
  api.get(whole.path, () => {
    const cursor = new SetCursor();
    return streamList((entries) =>
      list.visit(cursor, (words, at) => entries.push(`"${formatHash(words, at)}"`))
    );
  });

  api.openAPIRegistry.registerPath(createRoute({
    ...whole,
    method: "post",
    summary: `Puts many hashes on the ${name}, or takes them off; one that is no good changes nothing`,
    request: { query: actionQuery, body: bulkBody },
    responses: {
      200: json("Done", changeSchema),
      ...GUARDED,
      400: json(
        "The body is no good; `invalid info_hash: entry N` names the first that is not",
        statusSchema,
      ),
      413: json("The body is longer than `api_body_limit`", statusSchema),
      507: json("The configured limit is reached; so many were added all the same", partialSchema),
    },
  }));
  api.post(whole.path, async (c) => {
    const query = actionQuery.safeParse(c.req.query());
    if (!query.success) return refusal("invalid action", 400);
    return await changeList(setup, name, c.req.raw, query.data.action);
  });

  const clear = createRoute({
    ...whole,
    method: "delete",
    summary: `Empties the ${name}`,
    request: { query: confirmQuery },
    responses: { 200: json("Done", clearedSchema), ...GUARDED, ...INVALID },
  });
  api.openapi(clear, async (c) => c.json({ status: "ok" as const, removed: await clearList(list) }, 200));
}

async function changeList(
  { config, tracker }: ApiSetup,
  name: "whitelist" | "blacklist",
  request: Request,
  action: "add" | "remove",
): Promise<Response> {
  try {
    const hashes = new HashList(isJson(request));
    await readBody(request, config.api_body_limit * MEBIBYTE, (piece) => hashes.push(piece));
    const entries = hashes.finish();
    const list = tracker.access[name];
    const change = action === "add"
      ? await addEntries(list, entries, config.max_list_entries)
      : await removeEntries(list, entries);
    return new Response(JSON.stringify({ status: "ok", ...change }), { headers: JSON_HEADERS });
  } catch (error) {
    if (error instanceof HashListError) return refusal(error.message, 400);
    if (error instanceof BodyBrokenError) return refusal("the body is not complete", 400);
    if (error instanceof BodyTooLongError) {
      return refusal(`the body is longer than ${config.api_body_limit} MiB`, 413, { connection: "close" });
    }
    if (!(error instanceof NoRoomError)) throw error;
    const partial = JSON.stringify({ ...NO_ROOM, changed: error.added });
    return new Response(partial, { status: 507, headers: JSON_HEADERS });
  }
}

/**
 * Whether a request says that its body is JSON. Any other type is what clients say unless told, so it is `undefined`:
 * the body shows what it is.
 */
function isJson(request: Request): true | undefined {
  const type = request.headers.get("content-type") ?? "";
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(type) ? true : undefined;
}
