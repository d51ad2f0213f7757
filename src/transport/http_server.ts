/** `Deno.serve` for the tracker and the API alike: where it listens, TLS, and an end that does not wait for ever. */
import { logger } from "../base/log.ts";
import { type BindAddress, explainBindError, formatBindAddress } from "./binding.ts";

export interface ServerBinding {
  readonly bind: BindAddress;
  /** Certificate chain and private key, as PEM text; absent for plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Whether other listeners stand on the same port. */
  readonly sharesPort: boolean;
}

export interface HttpServer {
  /** Where it listens, with the real port. */
  readonly address: BindAddress;
  /** Stops listening and answers what is in flight, for at most a second. */
  stop(): Promise<void>;
}

export type HttpHandler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

type DenoServer = Deno.HttpServer<Deno.NetAddr>;

/** Workers and the main thread stop one after the other, together in less than three seconds. */
const STOP_MILLISECONDS = 1000;

/** How long to wait before listening again, at first and at most. */
const FIRST_RETRY_MILLISECONDS = 100;
const LAST_RETRY_MILLISECONDS = 5000;

const log = logger("http");

/**
 * Binds and serves. Throws what `Deno.serve` throws when the address or the certificate is no good. A listener that
 * is lost later, as `Deno.serve` loses it when the process has no file descriptor left, is opened again.
 */
export function startHttpServer(binding: ServerBinding, handler: HttpHandler): HttpServer {
  const stopping = Promise.withResolvers<void>();
  let server: DenoServer | undefined = serve(binding, handler);
  let stopped = false;
  const address = { hostname: binding.bind.hostname, port: server.addr.port };

  const keepListening = async () => {
    let wait = FIRST_RETRY_MILLISECONDS;
    while (!stopped) {
      try {
        server ??= serve({ ...binding, bind: address }, handler);
        wait = FIRST_RETRY_MILLISECONDS;
        await server.finished;
      } catch (error) {
        if (stopped) return;
        log.error(
          `no longer listening on ${formatBindAddress(address)}: ${explainBindError(error)}; trying again`,
        );
      }
      server = undefined;
      await atMost(wait, stopping.promise);
      wait = Math.min(wait * 2, LAST_RETRY_MILLISECONDS);
    }
  };
  const listening = keepListening();

  return {
    address,
    async stop() {
      stopped = true;
      stopping.resolve();
      // Who is not answered by then is cut off when the thread ends: a server that is shutting down cannot be aborted.
      await atMost(STOP_MILLISECONDS, Promise.all([server?.shutdown(), listening]));
    },
  };
}

function serve({ bind, tls, sharesPort }: ServerBinding, handler: HttpHandler): DenoServer {
  return Deno.serve({
    hostname: bind.hostname,
    port: bind.port,
    reusePort: sharesPort,
    onListen: () => {},
    onError: (error) => {
      log.error(`a request failed: ${error instanceof Error ? error.stack : String(error)}`);
      return new Response(null, { status: 500 });
    },
    ...tls,
  }, handler);
}

/** Waits for the promise, or until the time is up. */
async function atMost(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, milliseconds);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
