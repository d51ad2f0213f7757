/**
 * `denotrack health`: asks the tracker that runs with this configuration whether it serves. For health checks of
 * containers, which have no curl.
 */
import http from "node:http";
import https from "node:https";
import { type Block, enabledBlocks } from "./building.ts";
import type { Config } from "./config/config.ts";
import { type BindAddress, formatBindAddress } from "./transport/binding.ts";

const LIMIT_MILLISECONDS = 3000;
/** A datagram may be lost where the tracker is busy. */
const RESEND_MILLISECONDS = 500;

/** The longest answer of interest. */
const MAX_ANSWER_CHARS = 4096;

/** An info hash of zeros, which nobody has. */
const SCRAPE = `/scrape?info_hash=${"%00".repeat(20)}`;

/** The magic number of a connect request, action 0 (BEP 15); four bytes of transaction id follow. */
const CONNECT = [0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0];
const CONNECT_ANSWER_BYTES = 16;

export interface Health {
  readonly isWell: boolean;
  /** Who was asked, and what it said: one line. */
  readonly line: string;
}

export type ServerKind = "api_server" | "udp_server" | "http_server";

type ServerConfig = { readonly enabled: boolean; readonly bind_address: string; readonly ssl?: boolean };
export type ServerBlock = Block<ServerConfig>;

interface Question {
  readonly url: string;
  /** Resolves when the answer is that of a tracker that serves; rejects with an Error that says what else it is. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
}

/** The exit code: 0 is well, 1 ill or not to be reached. Says so in one line. */
export async function runHealth(config: Config): Promise<0 | 1> {
  const { isWell, line } = await askHealth(config);
  (isWell ? console.log : console.error)(line);
  return isWell ? 0 : 1;
}

/**
 * Asks `/health` of the API, which knows most. Without an `[[api_server]]` it asks for a connection id over UDP, or for
 * a scrape over HTTP. Never rejects; takes at most three seconds.
 */
export async function askHealth(config: Config): Promise<Health> {
  const question = chooseQuestion(config);
  return question === undefined
    ? { isWell: false, line: "cannot ask: no block has a port of its own in its bind_address" }
    : await answerTo(question);
}

/** Asks the server of one block, as `askHealth` does. */
export function askServer(kind: ServerKind, block: ServerBlock): Promise<Health> {
  return answerTo(questionFor(kind, block));
}

async function answerTo(question: Question): Promise<Health> {
  const late = Promise.withResolvers<never>();
  const abort = new AbortController();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer in ${LIMIT_MILLISECONDS / 1000} seconds`)),
    LIMIT_MILLISECONDS,
  );
  try {
    await Promise.race([question.ask(abort.signal), late.promise]);
    return { isWell: true, line: `${question.url}: ok` };
  } catch (error) {
    return { isWell: false, line: `${question.url}: ${error instanceof Error ? error.message : error}` };
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

function chooseQuestion(config: Config): Question | undefined {
  for (const kind of ["api_server", "udp_server", "http_server"] as const) {
    const block = enabledBlocks<ServerConfig>(kind, config[kind]).find(({ bind }) => bind.port !== 0);
    if (block !== undefined) return questionFor(kind, block);
  }
  return undefined;
}

function questionFor(kind: ServerKind, block: ServerBlock): Question {
  switch (kind) {
    case "api_server":
      return httpQuestion(block, "/health", apiTrouble);
    case "udp_server":
      return udpQuestion(reachable(block.bind));
    case "http_server":
      return httpQuestion(block, SCRAPE, trackerTrouble);
  }
}

/** An address at which this machine reaches itself. */
function reachable({ hostname, port }: BindAddress): BindAddress {
  const loopback = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);
  return { hostname: loopback.get(hostname) ?? hostname, port };
}

/** What is wrong with an answer, `undefined` for nothing. */
type Trouble = (status: number, body: string) => string | undefined;

function apiTrouble(status: number, body: string): string | undefined {
  if (status === 200) return undefined;
  const reason = /^\{"status":"([^"\\]*)"/.exec(body)?.[1];
  return reason ?? `expected the tracker, found somebody who answers with status ${status}`;
}

/** A refusal is an answer as well: the tracker may have a whitelist, or want a key. */
function trackerTrouble(status: number, body: string): string | undefined {
  return status === 200 && body.startsWith("d")
    ? undefined
    : `expected a bencoded answer, found status ${status}`;
}

function httpQuestion(
  { bind, config }: ServerBlock,
  path: string,
  trouble: Trouble,
): Question {
  const { hostname, port } = reachable(bind);
  const url = `${config.ssl ? "https" : "http"}://${formatBindAddress({ hostname, port })}${
    path.split("?")[0]
  }`;
  const ask = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      // The certificate is for the name that clients know, not for this address, and nothing secret is sent.
      const options = { host: hostname, port, path, signal, agent: false, rejectUnauthorized: false };
      const request = (config.ssl ? https : http).get(options, (response) => {
        let body = "";
        response.setEncoding("latin1");
        response.on("data", (text: string) => body = (body + text).slice(0, MAX_ANSWER_CHARS));
        response.on("error", reject);
        response.on("end", () => {
          const reason = trouble(response.statusCode ?? 0, body);
          if (reason === undefined) resolve();
          else reject(new Error(reason));
        });
      });
      request.on("error", reject);
    });
  return { url, ask };
}

function udpQuestion(to: BindAddress): Question {
  const url = `udp://${formatBindAddress(to)}`;
  const ask = async (signal: AbortSignal) => {
    const id = crypto.getRandomValues(new Uint8Array(4));
    const hostname = to.hostname.includes(":") ? "::" : "0.0.0.0";
    const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    const send = () => {
      socket.send(Uint8Array.of(...CONNECT, ...id), { transport: "udp", ...to }).catch(() => {});
    };
    const resending = setInterval(send, RESEND_MILLISECONDS);
    signal.addEventListener("abort", () => {
      clearInterval(resending);
      socket.close();
    });
    send();
    while (!isConnectAnswer(await receive(socket), id));
  };
  return { url, ask };
}

/** The next datagram; an empty one where the system tells that the last one did not arrive, or time is up. */
async function receive(socket: Deno.DatagramConn): Promise<Uint8Array> {
  try {
    return (await socket.receive())[0];
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return new Uint8Array();
    throw error;
  }
}

function isConnectAnswer(answer: Uint8Array, id: Uint8Array): boolean {
  if (answer.length !== CONNECT_ANSWER_BYTES) return false;
  return answer.subarray(0, 4).every((byte) => byte === 0) && id.every((byte, i) => answer[4 + i] === byte);
}
