/** Starts the HTTP servers of the tracker and of the API, and the sweep of connections that nobody uses. */
import { createApi } from "./api/app.ts";
import type { ApiSetup } from "./api/setup.ts";
import { logger } from "./base/log.ts";
import { binding, type Block, type Building, cannotListen, enabledBlocks, StartError } from "./building.ts";
import type { Config } from "./config/config.ts";
import {
  type BindAddress,
  explainBindError,
  holdTcpPort,
  probeTcp,
  probeTls,
  sharesPort,
} from "./transport/binding.ts";
import { type ClientAddressOptions, createClientAddress } from "./transport/client_address.ts";
import { connectionsWithin, raiseFileLimit } from "./transport/file_limit.ts";
import type { HttpListener } from "./transport/http.ts";
import { type HttpServer, type ServerBinding, startHttpServer } from "./transport/http_server.ts";
import { startHttpSweep, type SweepReport } from "./transport/http_sweep.ts";

type TcpBlock = Block<Config["http_server"][number]>;

/** A server that listens. */
export interface Listening {
  readonly block: TcpBlock;
  /** With the real port. */
  readonly address: BindAddress;
}

export interface HttpServers {
  readonly tracker: Listening[];
  readonly api: Listening[];
}

const log = logger("http");

/** Binds and serves all `[[http_server]]` and `[[api_server]]` blocks. */
export async function startHttpServers(building: Building, apiSetup: ApiSetup): Promise<HttpServers> {
  const { config } = building;
  const trackerBlocks = enabledBlocks("http_server", config.http_server);
  const apiBlocks = enabledBlocks("api_server", config.api_server);
  const blocks = [...trackerBlocks, ...apiBlocks];
  for (const block of blocks) binding(block, () => probeTcp(block.bind));
  const bindings = blocks.map((block) => serverBinding(block, blocks));
  const trackerBindings = bindings.slice(0, trackerBlocks.length);

  // Side by side: each may have to wait for a client that does not read its answer.
  const running: HttpServer[] = [];
  building.stops.push(async () => {
    await Promise.all(running.map((server) => server.stop()));
  });

  const tracker = await startTrackers(building, trackerBlocks, trackerBindings);
  const api = startApis(building, apiSetup, apiBlocks, bindings.slice(trackerBlocks.length), running);
  sweepConnections(building, [...tracker, ...api]);
  return { tracker, api };
}

/**
 * Every Worker listens on the same ports, and the kernel spreads connections over them. Even one is a thread of its own,
 * so that no announce waits for what the API does in the main thread.
 */
async function startTrackers(
  { config, workers, stops }: Building,
  blocks: TcpBlock[],
  bindings: ServerBinding[],
): Promise<Listening[]> {
  const ports = blocks.map((block) => binding(block, () => holdTcpPort(block.bind)));
  const listeners = blocks.map((block, i) => {
    const listener = trackerListener(block, bindings[i], config);
    const sharesPort = listener.sharesPort || config.http_workers > 1 || ports[i].isHeld;
    return { ...listener, bind: ports[i].bind, sharesPort };
  });
  stops.push(() => workers.stop());
  try {
    for (let i = 0; i < config.http_workers && blocks.length > 0; i++) {
      await workers.start({ kind: "http", listeners });
    }
  } catch (error) {
    throw cannotListen(blocks[0], error);
  } finally {
    for (const port of ports) port.release();
  }
  return blocks.map((block, i) => ({ block, address: listeners[i].bind }));
}

function startApis(
  { stops }: Building,
  setup: ApiSetup,
  blocks: TcpBlock[],
  bindings: ServerBinding[],
  running: HttpServer[],
): Listening[] {
  if (blocks.length === 0) return [];
  const api = createApi(setup);
  const ended = api.run();
  stops.push(() => ended);
  return blocks.map((block, i) => {
    const clientAddress = createClientAddress(proxiesOf(block));
    const server = binding(
      block,
      () =>
        startHttpServer(
          bindings[i],
          (request, { remoteAddr }) => api.fetch(request, { remote: remoteAddr.hostname, clientAddress }),
        ),
    );
    running.push(server);
    return { block, address: server.address };
  });
}

function trackerListener(block: TcpBlock, server: ServerBinding, config: Config): HttpListener {
  return { ...server, ...proxiesOf(block), fullScrape: config.full_scrape };
}

function proxiesOf({ config }: TcpBlock): ClientAddressOptions {
  return { trustedProxies: config.trusted_proxies, forwardedHeader: config.forwarded_header };
}

function serverBinding(block: TcpBlock, all: TcpBlock[]): ServerBinding {
  const shares = sharesPort(block.bind, all.map(({ bind }) => bind));
  if (!block.config.ssl) return { bind: block.bind, sharesPort: shares };
  const tls = {
    cert: readPem(`${block.name}.ssl_cert`, block.config.ssl_cert),
    key: readPem(`${block.name}.ssl_key`, block.config.ssl_key),
  };
  try {
    probeTls(block.bind, tls);
  } catch (error) {
    throw new StartError(
      `${block.name}.ssl_cert: not a certificate chain with its key in ssl_key: ${explainBindError(error)}`,
    );
  }
  return { bind: block.bind, sharesPort: shares, tls };
}

function readPem(key: string, path: string): string {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "no such file"
      : error instanceof Deno.errors.PermissionDenied
      ? "not permitted to read it"
      : String(error);
    throw new StartError(`${key}: cannot read ${path}: ${reason}`);
  }
  if (text.includes("-----BEGIN ")) return text;
  throw new StartError(`${key}: ${path}: expected PEM text, which has a line "-----BEGIN …-----"`);
}

function sweepConnections({ config, libc, stops }: Building, servers: Listening[]): void {
  if (servers.length === 0) return;
  if ("unavailable" in libc) {
    log.warn(
      `idle HTTP connections are not closed, and max_connections has no effect, for want of Linux system calls: ` +
        `${libc.unavailable}; put a reverse proxy in front where clients may be hostile`,
    );
    return;
  }
  const most = connectionLimit(raiseFileLimit(libc), servers);
  const listeners = servers.map(({ block, address }) => ({
    ...address,
    maxConnections: Math.min(block.config.max_connections, most),
  }));
  const timeouts = { timeoutSeconds: config.http_timeout, keepAliveSeconds: config.http_keep_alive };
  const sweep = startHttpSweep(libc, listeners, timeouts, reportSweep);
  stops.push(() => sweep.stop());
}

/** The most connections that a listener may keep open if each is to have as many. */
function connectionLimit(files: number, servers: Listening[]): number {
  const most = connectionsWithin(files, servers.length);
  const lowered = servers.filter(({ block }) => block.config.max_connections > most);
  for (const { block } of lowered) {
    log.warn(
      `${block.name}.max_connections: lowered to ${most}, since this process may have no more than ${files} ` +
        `open files (ulimit -n)`,
    );
  }
  return most;
}

function reportSweep({ closed, open }: SweepReport): void {
  const total = Object.values(closed).reduce((sum, count) => sum + count, 0);
  log.debug(`closed ${total} idle connections, ${open.reduce((sum, count) => sum + count, 0)} are open`);
  if (closed.limit > 0) log.warn("closed HTTP connections above max_connections");
}
