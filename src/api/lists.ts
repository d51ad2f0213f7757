/** Whitelist and blacklist: one entry, many, all. */
import { createRoute, z } from "@hono/zod-openapi";
import { DONE, FULL, GUARDED, INVALID, json, NO_ROOM, NOT_FOUND, OK, refusal } from "./answers.ts";
import { actionSchema, BULK_REFUSALS, changeEntries, changeSchema, readHashes } from "./bulk_changes.ts";
import { clearList } from "./list_changes.ts";
import { addListing } from "./list_pages.ts";
import { formatHash, hashSchema, hashTextSchema, parseHash } from "./parameters.ts";
import { addReload } from "./reloading.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";

const NOT_THERE = { status: "not found" };

const params = z.object({ hash: hashSchema });
const actionQuery = z.object({ action: actionSchema.default("add") });
export const confirmQuery = z.object({ confirm: z.literal("true") });

export const clearedSchema = z.object({ status: z.literal("ok"), removed: z.int().min(0) }).openapi(
  "Cleared",
);

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

function addBulkRoutes(api: ApiRoutes, { config, tracker }: ApiSetup, name: "whitelist" | "blacklist"): void {
  const list = tracker.access[name];
  const whole = { path: `/api/${name}` as const, tags: [name] };
  addListing(api, name, list, hashTextSchema, (words, at) => `"${formatHash(words, at)}"`);

  api.openAPIRegistry.registerPath(createRoute({
    ...whole,
    method: "post",
    summary: `Puts many hashes on the ${name}, or takes them off; one that is no good changes nothing`,
    request: { query: actionQuery, body: bulkBody },
    responses: { 200: json("Done", changeSchema), ...BULK_REFUSALS },
  }));
  api.post(whole.path, async (c) => {
    const query = actionQuery.safeParse(c.req.query());
    if (!query.success) return refusal("invalid action", 400);
    const hashes = await readHashes(c.req.raw, config, "info_hash");
    if (hashes instanceof Response) return hashes;
    return await changeEntries(list, hashes.words(), query.data.action, config.max_list_entries);
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
