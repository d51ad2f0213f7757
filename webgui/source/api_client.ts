/** Requests to the tracker's API. The token travels in a header, so it is in no address and no log. */
import { signOut, token } from "./session.ts";

/** Why a request did not do what it should, in words for who asked. */
export class ApiError extends Error {
  /** The HTTP status, 0 where no answer came. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Asking {
  readonly method?: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** Instead of that of who is signed in. */
  readonly token?: string;
}

/** Asks and gives the answer, whatever its status, once its head is there. Throws an ApiError where none comes. */
export async function send(path: string, asking: Asking = {}): Promise<Response> {
  const { method = "GET", body, signal } = asking;
  try {
    return await fetch(path, {
      method,
      headers: { authorization: `Bearer ${asking.token ?? token.value}` },
      cache: "no-store",
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError(0, "The tracker does not answer.");
  }
}

/** Asks for what must work. Throws an ApiError with the tracker's reason, and signs out when the token is refused. */
export async function ask(path: string, asking: Asking = {}): Promise<Response> {
  const response = await send(path, asking);
  if (response.ok) return response;
  const reason = await reasonOf(response);
  if (response.status === 401 && asking.token === undefined) {
    signOut("The tracker no longer accepts this token.");
  }
  throw new ApiError(response.status, reason);
}

export async function askJson<T>(path: string, asking: Asking = {}): Promise<T> {
  const response = await ask(path, asking);
  try {
    return await response.json() as T;
  } catch (error) {
    if (asking.signal?.aborted === true) throw error;
    throw new ApiError(0, "The connection broke off in the middle of the answer.");
  }
}

/** What went wrong, as a sentence. */
export function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function reasonOf(response: Response): Promise<string> {
  const wait = response.headers.get("retry-after");
  if (response.status === 401) return "This token is wrong.";
  if (response.status === 429) return `Too many wrong tokens. Try again in ${wait ?? "some"} seconds.`;
  const status = await response.json().then((body: unknown) => statusOf(body), () => undefined);
  if (status === "read-only token") return "This token may only look at things.";
  return `The tracker says: ${status ?? response.statusText} (${response.status}).`;
}

function statusOf(body: unknown): string | undefined {
  const isObject = typeof body === "object" && body !== null && "status" in body;
  return isObject && typeof body.status === "string" ? body.status : undefined;
}
