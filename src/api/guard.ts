/** Counts each request, and lets in those whose token is good for what they ask. */
import type { Context, MiddlewareHandler } from "hono";
import { formatIp } from "../base/ip.ts";
import { COUNTER, TCP6 } from "../tracker/stats.ts";
import { refusal } from "./answers.ts";
import { createTokenCheck, digest, type Rights, tokenOf } from "./auth.ts";
import type { ApiSetup, Env } from "./setup.ts";
import { WrongTokens } from "./wrong_tokens.ts";

/** What a request needs: nothing, to look at things, to change them. */
type Need = "nothing" | "read" | "full";

export function createGuard({ config, clock, tracker }: ApiSetup): MiddlewareHandler<Env> {
  const check = createTokenCheck(config.api_key, config.api_key_readonly);
  const wrongTokens = new WrongTokens();
  const address = new Int32Array(4);
  const { counters } = tracker;

  return async (c, next) => {
    const isIpv6 = readAddress(c, address) === 6;
    counters[COUNTER.tcp4_connections_handled + (isIpv6 ? TCP6 : 0)]++;
    counters[COUNTER.tcp4_api_handled + (isIpv6 ? TCP6 : 0)]++;
    const need = needOf(c.req.method, c.req.path, config.metrics_public);
    if (need === "nothing") return await next();

    // A customer of IPv6 has a /64 to choose addresses from.
    if (isIpv6) address.fill(0, 2);
    const name = formatIp(isIpv6 ? 6 : 4, address);
    const seconds = clock.seconds();
    const token = tokenOf(c.req.raw);
    const rights = check(token);
    const wait = rights === "none"
      ? wrongTokens.note(name, new DataView(digest(token).buffer).getInt32(0), seconds)
      : wrongTokens.wait(name, seconds);
    if (wait > 0) return refusal("too many wrong tokens", 429, { "retry-after": String(wait) });
    return judge(rights, need) ?? await next();
  };
}

function readAddress(c: Context<Env>, out: Int32Array): 0 | 4 | 6 {
  out.fill(0);
  return c.env.clientAddress(c.env.remote, (name) => c.req.header(name), out);
}

function judge(rights: Rights, need: Need): Response | undefined {
  if (rights === "none") {
    return refusal("invalid token", 401, { "www-authenticate": 'Bearer realm="denotrack"' });
  }
  return need === "full" && rights !== "full" ? refusal("read-only token", 403) : undefined;
}

/** Reloading is a GET for the sake of old scripts, but it changes things. */
function needOf(method: string, path: string, metricsArePublic: boolean): Need {
  if (path === "/metrics") return metricsArePublic ? "nothing" : "read";
  if (path !== "/api" && !path.startsWith("/api/")) return "nothing";
  // The description is the same for everybody, and a browser that follows a link to it has no token.
  if (path === "/api/docs" || path === "/api/openapi.json") return "nothing";
  const isLook = (method === "GET" || method === "HEAD") && !path.endsWith("/reload");
  return isLook ? "read" : "full";
}
