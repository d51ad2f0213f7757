/** The keys that clients announce with: one, all, new ones. */
import { createRoute, z } from "@hono/zod-openapi";
import { ABSENT, SetCursor } from "../swarm/hash_set.ts";
import { DONE, FULL, GUARDED, INVALID, json, NO_ROOM, NOT_FOUND, OK } from "./answers.ts";
import { clearList } from "./list_changes.ts";
import { clearedSchema, confirmQuery } from "./lists.ts";
import { formatHash, hashSchema, hashTextSchema, parseHash, wholeNumber } from "./parameters.ts";
import { addReload } from "./reloading.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";
import { streamList } from "./streaming.ts";

/** 63 years. */
const MAX_TIMEOUT_SECONDS = 2_000_000_000;

/** The last moment that a key can be kept for. */
const LATEST_END = 2 ** 32 - 1;

const NOT_THERE = { status: "not found" };

const tags = ["keys"];
const keyParams = z.object({ key: hashSchema });
const timeout = wholeNumber(0, MAX_TIMEOUT_SECONDS, 86_400);
const timedParams = keyParams.extend({ timeout });
const endSchema = z.int().min(0).max(LATEST_END).openapi({
  description: "UNIX time at which the key ends, 0 for never",
  example: 1_800_000_000,
});

const listRoute = createRoute({
  method: "get",
  path: "/api/keys",
  tags,
  summary: "All keys with the UNIX times at which they end",
  responses: { 200: json("Pairs, in no order", z.array(z.tuple([hashTextSchema, endSchema]))), ...GUARDED },
});

const createKeyRoute = createRoute({
  method: "post",
  path: "/api/keys",
  tags,
  summary: "Makes a random key that is good for so many seconds, for ever with 0",
  request: { query: z.object({ timeout }) },
  responses: {
    200: json(
      "The key",
      z.object({ status: z.literal("ok"), key: hashTextSchema, timeout: endSchema }).openapi("NewKey"),
    ),
    ...GUARDED,
    ...INVALID,
    ...FULL,
  },
});

const clearRoute = createRoute({
  method: "delete",
  path: "/api/keys",
  tags,
  summary: "Removes all keys",
  request: { query: confirmQuery },
  responses: { 200: json("Done", clearedSchema), ...GUARDED, ...INVALID },
});

const checkRoute = createRoute({
  method: "get",
  path: "/api/keys/{key}",
  tags,
  summary: "Whether there is such a key, whose time has not come",
  request: { params: keyParams },
  responses: { ...DONE, ...GUARDED, ...INVALID, ...NOT_FOUND },
});

const removeRoute = createRoute({
  method: "delete",
  path: "/api/keys/{key}",
  tags,
  summary: "Removes a key",
  request: { params: keyParams },
  responses: { ...DONE, ...GUARDED, ...INVALID, ...NOT_FOUND },
});

const setRoute = createRoute({
  method: "post",
  path: "/api/keys/{key}/{timeout}",
  tags,
  summary: "Adds a key or changes its time: good for so many seconds from now, for ever with 0",
  request: { params: timedParams },
  responses: { ...DONE, ...GUARDED, ...INVALID, ...FULL },
});

const patchRoute = createRoute({
  method: "patch",
  path: "/api/keys/{key}/{timeout}",
  tags,
  summary: "Changes the time of a key that is there: good for so many seconds from now, for ever with 0",
  request: { params: timedParams },
  responses: { ...DONE, ...GUARDED, ...INVALID, ...NOT_FOUND },
});

export function addKeys(api: ApiRoutes, setup: ApiSetup): void {
  addReload(api, setup, "keys");
  addAllKeys(api, setup);
  addOneKey(api, setup);
}

function addAllKeys(api: ApiRoutes, { tracker, clock }: ApiSetup): void {
  const { keys } = tracker.access;
  api.openAPIRegistry.registerPath(listRoute);
  api.get(listRoute.path, () => {
    const cursor = new SetCursor();
    const now = clock.unixSeconds();
    return streamList((entries) =>
      keys.visit(cursor, (words, at, end) => {
        if (!isOver(end, now)) entries.push(`["${formatHash(words, at)}",${end}]`);
      })
    );
  });

  api.openapi(createKeyRoute, (c) => {
    const key = crypto.getRandomValues(new Int32Array(5));
    const end = endAfter(c.req.valid("query").timeout, clock.unixSeconds());
    if (!keys.set(key, 0, end)) return c.json(NO_ROOM, 507);
    return c.json({ status: "ok" as const, key: formatHash(key), timeout: end }, 200);
  });

  api.openapi(
    clearRoute,
    async (c) => c.json({ status: "ok" as const, removed: await clearList(keys) }, 200),
  );
}

function addOneKey(api: ApiRoutes, { tracker, clock }: ApiSetup): void {
  const { keys } = tracker.access;
  const isGood = (key: Int32Array) => {
    const end = keys.get(key, 0);
    return end !== ABSENT && !isOver(end, clock.unixSeconds());
  };
  api.openapi(checkRoute, (c) => {
    return isGood(parseHash(c.req.valid("param").key)) ? c.json(OK, 200) : c.json(NOT_THERE, 404);
  });
  api.openapi(removeRoute, (c) => {
    const key = parseHash(c.req.valid("param").key);
    const wasGood = isGood(key);
    keys.remove(key, 0);
    return wasGood ? c.json(OK, 200) : c.json(NOT_THERE, 404);
  });
  api.openapi(setRoute, (c) => {
    const { key, timeout } = c.req.valid("param");
    const isSet = keys.set(parseHash(key), 0, endAfter(timeout, clock.unixSeconds()));
    return isSet ? c.json(OK, 200) : c.json(NO_ROOM, 507);
  });
  api.openapi(patchRoute, (c) => {
    const { key, timeout } = c.req.valid("param");
    const words = parseHash(key);
    if (!isGood(words)) return c.json(NOT_THERE, 404);
    keys.set(words, 0, endAfter(timeout, clock.unixSeconds()));
    return c.json(OK, 200);
  });
}

/** Whether the time of a key has come, be it swept or not. */
function isOver(end: number, now: number): boolean {
  return end !== 0 && end <= now;
}

/** The UNIX time in so many seconds; 0 stays 0, which is never. */
function endAfter(timeoutSeconds: number, now: number): number {
  return timeoutSeconds === 0 ? 0 : Math.min(now + timeoutSeconds, LATEST_END);
}
