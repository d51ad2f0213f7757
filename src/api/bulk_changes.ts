/** Many entries of a list in one request: all of them are taken, or none. */
import { z } from "@hono/zod-openapi";
import type { HashSet } from "../swarm/hash_set.ts";
import { GUARDED, json, JSON_HEADERS, NO_ROOM, refusal, statusSchema } from "./answers.ts";
import { BodyBrokenError, BodyTooLongError, readBody } from "./bodies.ts";
import { HashList, HashListError } from "./hash_list.ts";
import { addEntries, NoRoomError, removeEntries } from "./list_changes.ts";
import type { ApiSetup } from "./setup.ts";

const MEBIBYTE = 1024 * 1024;

export const actionSchema = z.enum(["add", "remove"]);

export const changeSchema = z.object({
  status: z.literal("ok"),
  changed: z.int().min(0).openapi({ description: "Entries that were added, changed or removed" }),
  unchanged: z.int().min(0).openapi({ description: "Entries that were so already" }),
}).openapi("ListChange");

const partialSchema = z.object({ status: z.string(), changed: z.int().min(0) }).openapi("PartialChange");

/** What a bulk change may answer instead of being done. */
export const BULK_REFUSALS = {
  ...GUARDED,
  400: json("The body is no good; `invalid …: entry N` names the first that is not", statusSchema),
  413: json("The body is longer than `api_body_limit`", statusSchema),
  507: json("The configured limit is reached; so many were changed all the same", partialSchema),
};

/** Reads the body of a request; a refusal where it is no good. Ends of keys up to the UNIX time `over` are no good. */
export async function readHashes(
  request: Request,
  { api_body_limit }: ApiSetup["config"],
  noun: "info_hash" | "key",
  over = 0,
): Promise<HashList | Response> {
  const hashes = new HashList(isJson(request), noun, over);
  try {
    await readBody(request, api_body_limit * MEBIBYTE, (piece) => hashes.push(piece));
    hashes.finish();
    return hashes;
  } catch (error) {
    if (error instanceof HashListError) return refusal(error.message, 400);
    if (error instanceof BodyBrokenError) return refusal("the body is not complete", 400);
    if (!(error instanceof BodyTooLongError)) throw error;
    return refusal(`the body is longer than ${api_body_limit} MiB`, 413, { connection: "close" });
  }
}

/** Adds the entries, five words each, with their values, or removes them; answers how many were changed. */
export async function changeEntries(
  list: HashSet,
  entries: Int32Array,
  action: "add" | "remove",
  most: number,
  valueOf: (place: number) => number = () => 0,
): Promise<Response> {
  try {
    const change = action === "add"
      ? await addEntries(list, entries, most, valueOf)
      : await removeEntries(list, entries);
    return new Response(JSON.stringify({ status: "ok", ...change }), { headers: JSON_HEADERS });
  } catch (error) {
    if (!(error instanceof NoRoomError)) throw error;
    const partial = JSON.stringify({ ...NO_ROOM, changed: error.changed });
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
