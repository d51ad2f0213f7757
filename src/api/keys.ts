/** The keys that clients announce with: one, all, many, new ones. */
import { createRoute, z } from "@hono/zod-openapi";
import { ABSENT, type HashSet } from "../swarm/hash_set.ts";
import { KEY_WORDS } from "../swarm/layout.ts";
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
} from "./answers.ts";
import { actionSchema, BULK_REFUSALS, changeEntries, changeSchema, readHashes } from "./bulk_changes.ts";
import { LATEST_END, NOT_TOLD } from "./hash_list.ts";
import { addEntries, clearList, NoRoomError } from "./list_changes.ts";
import { addListing } from "./list_pages.ts";
import { clearedSchema, confirmQuery } from "./lists.ts";
import {
  formatHash,
  hashSchema,
  hashTextSchema,
  invalidParameter,
  parseHash,
  wholeNumber,
} from "./parameters.ts";
import { addReload } from "./reloading.ts";
import type { ApiRoutes, ApiSetup } from "./setup.ts";

/** 63 years. */
const MAX_TIMEOUT_SECONDS = 2_000_000_000;

/** Most keys that one request makes. */
const MAX_NEW_KEYS = 10_000;

/** Words of random numbers that can be had at once. */
const RANDOM_WORDS = 16_384;

const NOT_THERE = { status: "not found" };

const tags = ["keys"];
const keyParams = z.object({ key: hashSchema });
const timeout = wholeNumber(0, MAX_TIMEOUT_SECONDS, 86_400);
const timedParams = keyParams.extend({ timeout });
const endSchema = z.int().min(0).max(LATEST_END).openapi({
  description: "UNIX time at which the key ends, 0 for never",
  example: 1_800_000_000,
});

const manyQuery = z.object({
  timeout: timeout.optional().openapi({
    description:
      "Seconds for which new keys are good, and those of the body that have no time; 0 is for ever",
  }),
  count: wholeNumber(1, MAX_NEW_KEYS, 10).optional().openapi({
    description: "Without a body: how many keys",
  }),
  action: actionSchema.default("add"),
});

const newKey = z.object({ status: z.literal("ok"), key: hashTextSchema, timeout: endSchema }).openapi(
  "NewKey",
);
const newKeys = z.object({ status: z.literal("ok"), keys: z.array(hashTextSchema), timeout: endSchema })
  .openapi("NewKeys");

const manyRoute = createRoute({
  method: "post",
  path: "/api/keys",
  tags,
  summary:
    "Without a body: makes a random key, or `count` of them. With one: adds these keys or gives them a new time, " +
    "or removes them; one that is no good changes nothing",
  request: {
    query: manyQuery,
    body: {
      required: false,
      content: {
        "application/json": { schema: z.array(z.union([hashSchema, z.tuple([hashSchema, endSchema])])) },
        "text/plain": {
          schema: z.string().openapi({
            description: "One key a line, which may be followed by the UNIX time at which it ends",
          }),
        },
      },
    },
  },
  responses: {
    200: json("The new keys, or how many were changed", z.union([newKey, newKeys, changeSchema])),
    ...BULK_REFUSALS,
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

function addAllKeys(api: ApiRoutes, { config, tracker, clock }: ApiSetup): void {
  const { keys } = tracker.access;
  addListing(api, "keys", keys, z.tuple([hashTextSchema, endSchema]), (words, at, end) => {
    return isOver(end, clock.unixSeconds()) ? undefined : `["${formatHash(words, at)}",${end}]`;
  });

  api.openAPIRegistry.registerPath(manyRoute);
  api.post(manyRoute.path, async (c) => {
    const query = manyQuery.safeParse(c.req.query());
    if (!query.success) return refusal(invalidParameter(query.error.issues[0]?.path[0]), 400);
    const { timeout, count, action } = query.data;
    const now = clock.unixSeconds();
    const given = await readHashes(c.req.raw, config, "key", action === "add" ? now : 0);
    if (given instanceof Response) return given;
    // A file with keys that happens to be empty is sent with a type.
    if (action === "add" && given.isEmpty && c.req.header("content-type") === undefined) {
      if (timeout === undefined) return refusal("invalid timeout", 400);
      return await makeKeys(keys, count, endAfter(timeout, now), config.max_list_entries);
    }
    const ends = given.ends();
    const endOf = (place: number) => ends[place] === NOT_TOLD ? endAfter(timeout ?? 0, now) : ends[place];
    return await changeEntries(keys, given.words(), action, config.max_list_entries, endOf);
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

/** Makes one key, or so many. */
async function makeKeys(
  keys: HashSet,
  count: number | undefined,
  end: number,
  most: number,
): Promise<Response> {
  const words = randomKeys(count ?? 1);
  try {
    await addEntries(keys, words, most, () => end);
  } catch (error) {
    if (!(error instanceof NoRoomError)) throw error;
    return refusal(NO_ROOM.status, 507);
  }
  const names = Array.from({ length: count ?? 1 }, (_, i) => formatHash(words, i * KEY_WORDS));
  const made = count === undefined ? { key: names[0] } : { keys: names };
  return new Response(JSON.stringify({ status: "ok", ...made, timeout: end }), { headers: JSON_HEADERS });
}

function randomKeys(count: number): Int32Array {
  const words = new Int32Array(count * KEY_WORDS);
  for (let at = 0; at < words.length; at += RANDOM_WORDS) {
    crypto.getRandomValues(words.subarray(at, at + RANDOM_WORDS));
  }
  return words;
}

/** Whether the time of a key has come, be it swept or not. */
function isOver(end: number, now: number): boolean {
  return end !== 0 && end <= now;
}

/** The UNIX time in so many seconds; 0 stays 0, which is never. */
function endAfter(timeoutSeconds: number, now: number): number {
  return timeoutSeconds === 0 ? 0 : Math.min(now + timeoutSeconds, LATEST_END);
}
