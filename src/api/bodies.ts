/** Bodies of requests: read while they arrive, up to the configured limit. */

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
      take(value);
    } catch (error) {
      problem = { error };
    }
  }
  if (problem !== undefined) throw problem.error;
}
