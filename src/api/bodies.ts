/** Bodies of requests: read while they arrive, up to the configured limit. */
import { inTurns } from "./turns.ts";

/** A fraction of a millisecond's reading. */
const PIECE_BYTES = 8 * 1024;

/** The body is longer than the configuration allows. */
export class BodyTooLongError extends Error {}

/** The connection ended before the body did. */
export class BodyBrokenError extends Error {}

/**
 * Gives the pieces of a body to `take`; what that throws is thrown when the body is over, since a client may not listen
 * before it has said everything. Throws a BodyTooLongError as soon as the limit is passed, at once where the request
 * tells its length.
 */
export async function readBody(
  request: Request,
  limitBytes: number,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw new BodyTooLongError();
  if (request.body === null) return;
  const reader = request.body.getReader();
  let problem: { readonly error: unknown } | undefined;
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new BodyBrokenError();
    });
    if (done) break;
    length += value.length;
    if (length > limitBytes) throw new BodyTooLongError();
    if (problem !== undefined) continue;
    try {
      await takeInTurns(value, take);
    } catch (error) {
      problem = { error };
    }
  }
  if (problem !== undefined) throw problem.error;
}

/** Gives a piece in small ones, however large it came. */
async function takeInTurns(piece: Uint8Array, take: (piece: Uint8Array) => void): Promise<void> {
  let at = 0;
  await inTurns(() => {
    take(piece.subarray(at, at + PIECE_BYTES));
    at += PIECE_BYTES;
    return at < piece.length;
  });
}
