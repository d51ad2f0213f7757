/** Who may call the API: whoever knows the token, as `?token=` or `Authorization: Bearer`. */
import { createHash, timingSafeEqual } from "node:crypto";

/** What a token lets its bearer do: everything, look at things, nothing. */
export type Rights = "full" | "read" | "none";

/** What the token of a request is good for. Takes as long for a wrong one as for the right one. */
export type TokenCheck = (token: string) => Rights;

/** An empty read-only token is none. */
export function createTokenCheck(token: string, readOnlyToken: string): TokenCheck {
  const full = digest(token);
  const read = digest(readOnlyToken);
  return (given) => {
    const found = digest(given);
    const isFull = timingSafeEqual(found, full);
    const isRead = timingSafeEqual(found, read);
    return isFull ? "full" : isRead && readOnlyToken !== "" ? "read" : "none";
  };
}

/** The token of a request, "" for none. A header is not made up for by the query. */
export function tokenOf(request: Request): string {
  const header = request.headers.get("authorization");
  if (header !== null) return /^bearer +(.*)$/i.exec(header)?.[1].trim() ?? "";
  return new URL(request.url).searchParams.get("token") ?? "";
}

/** Digests are of one length, which is what can be compared in constant time. */
export function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
