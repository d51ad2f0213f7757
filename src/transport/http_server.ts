/** `Deno.serve` for the tracker and the API alike: where it listens, TLS, and an end that does not wait for ever. */
import { logger } from "../base/log.ts";
import type { BindAddress } from "./binding.ts";

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
  /** Stops listening and answers what is in flight, for at most a second and a half. */
  stop(): Promise<void>;
}

export type HttpHandler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

const STOP_MILLISECONDS = 1500;

const log = logger("http");

/** Binds and serves. Throws what `Deno.serve` throws when the address or the certificate is no good. */
export function startHttpServer({ bind, tls, sharesPort }: ServerBinding, handler: HttpHandler): HttpServer {
  const aborter = new AbortController();
  const server = Deno.serve({
    hostname: bind.hostname,
    port: bind.port,
    reusePort: sharesPort,
    signal: aborter.signal,
    onListen: () => {},
    onError: (error) => {
      log.error("a request failed: {error}", { error });
      return new Response(null, { status: 500 });
    },
    ...tls,
  }, handler);
  return {
    address: { hostname: bind.hostname, port: server.addr.port },
    async stop() {
      const late = setTimeout(() => aborter.abort(), STOP_MILLISECONDS);
      await server.shutdown();
      clearTimeout(late);
    },
  };
}
