/** The answers that routes have in common: `{"status": "ok"}`, or the reason why not. */
import { z } from "@hono/zod-openapi";

/** Neither stored by anyone, nor compressed or buffered on its way. */
export const NOT_CACHED = { "cache-control": "no-store, no-transform" };

export const JSON_HEADERS = { ...NOT_CACHED, "content-type": "application/json" };

export const statusSchema = z.object({
  status: z.string().openapi({ description: "`ok`, or the reason why not", example: "ok" }),
}).openapi("Status");

export const OK = { status: "ok" };

/** An answer with JSON of that schema. */
export function json<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { "application/json": { schema } } };
}

/** The answer `{"status": "ok"}`. */
export const DONE = { 200: json("Done", statusSchema) };

/** What every route behind a token may answer. */
export const GUARDED = {
  401: json("The token is missing or wrong: `invalid token`", statusSchema),
  403: json("The token may only look at things: `read-only token`", statusSchema),
  429: json("Too many wrong tokens; `Retry-After` says for how many seconds", statusSchema),
  500: json("A mistake of the program's, which is in its log", statusSchema),
};

export const INVALID = { 400: json("A parameter is no good: `invalid …`", statusSchema) };
export const NOT_FOUND = { 404: json("There is no such entry", statusSchema) };
export const FULL = { 507: json("The configured limit is reached: `no room`", statusSchema) };
export const NO_ROOM = { status: "no room" };

/** A reason as an answer by itself, for what is not a route. */
export function refusal(status: string, code: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ status }), { status: code, headers: { ...JSON_HEADERS, ...headers } });
}
