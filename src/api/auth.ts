/** Who may call the API: whoever knows the token, as `?token=` or `Authorization: Bearer`. */
import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a request carries the token. Takes as long for a wrong one as for the right one. */
export type TokenCheck = (request: Request) => boolean;

export function createTokenCheck(token: string): TokenCheck {
  const expected = digest(token);
  return (request) => timingSafeEqual(digest(tokenOf(request)), expected);
}

function tokenOf(request: Request): string {
  const header = request.headers.get("authorization");
  if (header?.toLowerCase().startsWith("bearer ")) return header.slice("bearer ".length).trim();
  return new URL(request.url).searchParams.get("token") ?? "";
}

/** Digests are of one length, which is what can be compared in constant time. */
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
