/**
 * An HTTP client on a bare TCP connection: what it sends is sent as it is, byte by byte, and what comes back is taken
 * apart without undoing anything but chunks.
 */
import { withTimeLimit } from "./program.ts";
import { latin1 } from "./bencode_decoder.ts";

export interface HttpReply {
  status: number;
  /** Names in lower case. */
  headers: Map<string, string>;
  body: Uint8Array;
}

export interface HttpAddress {
  hostname: string;
  port: number;
}

export interface HttpOptions {
  /** Lines such as `X-Forwarded-For: 1.2.3.4`. */
  headers?: readonly string[];
  method?: string;
  /** PEM text of the certificate that is trusted; speaks TLS. */
  certificate?: string;
}

const TIME_LIMIT_MILLISECONDS = 10_000;

/** Every byte as `%XX`. */
export function percentEncode(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => "%" + byte.toString(16).padStart(2, "0").toUpperCase()).join("");
}

/** One request on a connection of its own. `target` is what stands between the method and `HTTP/1.1`. */
export async function httpGet(
  server: HttpAddress,
  target: string,
  { headers = [], method = "GET", certificate }: HttpOptions = {},
): Promise<HttpReply> {
  const lines = [`${method} ${target} HTTP/1.1`, "Host: tracker", "Connection: close", ...headers, "", ""];
  const bytes = await exchange(server, latin1Bytes(lines.join("\r\n")), certificate);
  const [reply] = parseReplies(bytes, method === "HEAD");
  if (reply === undefined) throw new Error(`no answer, but ${bytes.length} bytes`);
  return reply;
}

/** Sends bytes and reads all that comes until the other side closes. */
export async function exchange(
  server: HttpAddress,
  request: Uint8Array,
  certificate?: string,
): Promise<Uint8Array> {
  const hostname = server.hostname.replace(/^0\.0\.0\.0$/, "127.0.0.1").replace(/^::$/, "::1");
  const connection = certificate === undefined
    ? await Deno.connect({ hostname, port: server.port })
    : await Deno.connectTls({ hostname, port: server.port, caCerts: [certificate] });
  try {
    // Side by side, because a server may answer before it has read everything.
    const sending = writeAll(connection, request).catch(() => {});
    const received = await withTimeLimit(readAll(connection), TIME_LIMIT_MILLISECONDS);
    if (received === undefined) throw new Error(`the connection is open after ${TIME_LIMIT_MILLISECONDS} ms`);
    await sending;
    return received;
  } finally {
    connection.close();
  }
}

/** The answers that follow one another in the bytes of a connection. */
export function parseReplies(bytes: Uint8Array, isHead = false): HttpReply[] {
  const replies: HttpReply[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const text = latin1(rest);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) throw new Error(`half an answer: ${text}`);
    const [statusLine, ...lines] = text.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    rest = rest.subarray(end + 4);
    const length = isHead ? 0 : Number(headers.get("content-length") ?? NaN);
    const isChunked = headers.get("transfer-encoding") === "chunked";
    const [body, used] = isChunked && !isHead
      ? joinChunks(rest)
      : Number.isNaN(length)
      ? [rest, rest.length]
      : [rest.slice(0, length), length];
    if (used > rest.length) throw new Error(`${rest.length} bytes of a body of ${used}`);
    replies.push({ status, headers, body });
    rest = rest.subarray(used);
  }
  return replies;
}

function joinChunks(bytes: Uint8Array): [body: Uint8Array, used: number] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf(0x0d, at);
    const size = parseInt(latin1(bytes.subarray(at, end)), 16);
    if (end < 0 || Number.isNaN(size)) throw new Error("a broken chunk");
    at = end + 2;
    if (size === 0) return [concat(parts), at + 2];
    parts.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A byte for each character; the inverse of `latin1`. */
export function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

async function readAll(connection: Deno.Conn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(65536);
  for (;;) {
    const length = await connection.read(buffer).catch(() => null);
    if (length === null) return concat(parts);
    parts.push(buffer.slice(0, length));
  }
}
