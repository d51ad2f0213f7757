import assert from "node:assert/strict";
import { raiseFileLimit } from "../../src/transport/file_limit.ts";
import { startHttpSweep, type SweepReport } from "../../src/transport/http_sweep.ts";
import type { Libc } from "../../src/transport/linux_ffi.ts";
import { withLibc } from "../support/skip.ts";

const TIMEOUTS = { timeoutSeconds: 1, keepAliveSeconds: 3 };
const BIG_BYTES = 64 * 1024 * 1024;

function test(name: string, run: (libc: Libc) => Promise<void>): void {
  Deno.test(withLibc(name, run));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A page, a page that takes a while, an event stream and a large answer. */
async function handle(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  if (path === "/late") await pause(800);
  if (path === "/events") return new Response(eventStream());
  if (path === "/big") return new Response(bigBody());
  return new Response("hello");
}

function eventStream(): ReadableStream<Uint8Array> {
  let timer: ReturnType<typeof setInterval>;
  return new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(encoder.encode("data: 1\n\n")), 300);
    },
    cancel: () => clearInterval(timer),
  });
}

function bigBody(): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(65536);
  let left = BIG_BYTES;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(piece);
      left -= piece.length;
      if (left === 0) controller.close();
    },
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(what: string, condition: () => boolean, limitMs = 5000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    assert.ok(performance.now() < end, `in ${limitMs} ms: ${what}`);
    await pause(20);
  }
}

/** Milliseconds until the other side ends the connection, whatever it sends before. */
async function msUntilClosed(connection: Deno.Conn): Promise<number> {
  const start = performance.now();
  const buffer = new Uint8Array(65536);
  try {
    while (await connection.read(buffer) !== null);
  } catch { /* A reset or an unannounced end of a TLS stream is an end too. */ }
  const elapsed = performance.now() - start;
  connection.close();
  return elapsed;
}

/** Sends one request and reads up to the end of a short answer; throws if the connection is gone. */
async function ask(connection: Deno.Conn, path = "/"): Promise<void> {
  await connection.write(encoder.encode(`GET ${path} HTTP/1.1\r\nHost: tracker\r\n\r\n`));
  const buffer = new Uint8Array(4096);
  let text = "";
  while (!text.endsWith("hello")) {
    const length = await connection.read(buffer);
    if (length === null) throw new Error(`connection ended after "${text}"`);
    text += decoder.decode(buffer.subarray(0, length));
  }
}

function between(what: string, ms: number, least: number, most: number): void {
  assert.ok(ms >= least && ms <= most, `${what}: closed after ${Math.round(ms)} ms, not ${least} to ${most}`);
}

type Connect = () => Promise<Deno.Conn>;

// The clients that must be closed. Each returns when that has happened in the right time.

async function silentClient(connect: Connect): Promise<void> {
  between("silent", await msUntilClosed(await connect()), 900, 2000);
}

async function halfSentClient(connect: Connect, start: Uint8Array): Promise<void> {
  const connection = await connect();
  await connection.write(start);
  between("half sent", await msUntilClosed(connection), 900, 2000);
}

async function drippingClient(connect: Connect, start: Uint8Array): Promise<void> {
  const connection = await connect();
  let at = 0;
  const drip = setInterval(() => connection.write(start.slice(at, ++at)).catch(() => {}), 150);
  const elapsed = await msUntilClosed(connection);
  clearInterval(drip);
  between("dripping", elapsed, 900, 2000);
}

async function idleClient(connect: Connect): Promise<void> {
  const connection = await connect();
  await ask(connection);
  between("idle after a request", await msUntilClosed(connection), 2900, 4000);
}

async function partialNextClient(connect: Connect): Promise<void> {
  const connection = await connect();
  await ask(connection);
  await pause(1100);
  await connection.write(encoder.encode("GET / HT"));
  between("part of a next request", await msUntilClosed(connection), 900, 1750);
}

async function drippingNextClient(connect: Connect): Promise<void> {
  const connection = await connect();
  await ask(connection);
  const drip = setInterval(() => connection.write(encoder.encode("G")).catch(() => {}), 200);
  const elapsed = await msUntilClosed(connection);
  clearInterval(drip);
  between("dripping a next request", elapsed, 2500, 4000);
}

/** Asks for the large answer and never reads it. */
async function neverReadingClient(connect: Connect): Promise<void> {
  const connection = await connect();
  await connection.write(encoder.encode("GET /big HTTP/1.1\r\nHost: tracker\r\n\r\n"));
  await pause(4500);
  let bytes = 0;
  const buffer = new Uint8Array(1 << 20);
  try {
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) bytes += n;
  } catch { /* The reset that is expected. */ }
  connection.close();
  assert.ok(bytes < BIG_BYTES, "the answer that nobody read went on");
}

// The clients that must not be closed.

async function activeClient(connect: Connect, requests = 15): Promise<void> {
  const connection = await connect();
  for (let i = 0; i < requests; i++) {
    await ask(connection);
    await pause(300);
  }
  connection.close();
}

async function lateAnswerClient(connect: Connect): Promise<void> {
  const connection = await connect();
  for (let i = 0; i < 4; i++) await ask(connection, "/late");
  connection.close();
}

async function eventStreamClient(connect: Connect): Promise<void> {
  const connection = await connect();
  await connection.write(encoder.encode("GET /events HTTP/1.1\r\nHost: tracker\r\n\r\n"));
  const end = performance.now() + 4500;
  const buffer = new Uint8Array(4096);
  while (performance.now() < end) {
    assert.notEqual(await connection.read(buffer), null, "event stream was cut");
  }
  connection.close();
}

/** Reads the large answer at an even pace: for longer than both time limits, but always going on. */
async function downloadingClient(connect: Connect): Promise<void> {
  const connection = await connect();
  const start = performance.now();
  await connection.write(encoder.encode("GET /big HTTP/1.1\r\nHost: tracker\r\nConnection: close\r\n\r\n"));
  const buffer = new Uint8Array(1 << 20);
  let bytes = 0;
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    bytes += n;
    const early = bytes / BIG_BYTES * 4200 - (performance.now() - start);
    if (early > 10) await pause(early);
  }
  assert.ok(bytes >= BIG_BYTES, `the answer was cut after ${bytes} bytes`);
  connection.close();
}

interface Site {
  server: Deno.HttpServer<Deno.NetAddr>;
  sweep: ReturnType<typeof startHttpSweep>;
  closed: SweepReport["closed"];
}

interface SiteOptions {
  hostname?: string;
  maxConnections?: number;
  timeouts?: typeof TIMEOUTS;
  tls?: Deno.TlsCertifiedKeyPem;
}

function startSite(libc: Libc, options: SiteOptions = {}): Site {
  const { hostname = "127.0.0.1", maxConnections = 10_000, timeouts = TIMEOUTS, tls } = options;
  const server = Deno.serve(
    { hostname, port: 0, onListen() {}, onError: () => new Response(), ...tls },
    handle,
  );
  const closed = { unanswered: 0, idle: 0, partial: 0, slow: 0, limit: 0 };
  const sweep = startHttpSweep(libc, [{ ...server.addr, maxConnections }], timeouts, (report) => {
    for (const [reason, count] of Object.entries(report.closed)) {
      closed[reason as keyof typeof closed] += count;
    }
  });
  return { server, sweep, closed };
}

async function stopSite(site: Site): Promise<void> {
  await until("every connection is gone from the process", () => site.sweep.open(0) === 0);
  site.sweep.stop();
  await site.server.shutdown();
}

test("HTTP over IPv4 and IPv6: unused connections are closed, used ones are not", async (libc) => {
  await Promise.all(["127.0.0.1", "::1"].map((hostname) => checkPlainClients(libc, hostname)));
});

async function checkPlainClients(libc: Libc, hostname: string): Promise<void> {
  const site = startSite(libc, { hostname });
  const connect = () => Deno.connect({ hostname, port: site.server.addr.port });
  const request = encoder.encode("GET / HTTP/1.1\r\nHost: tracker");
  await Promise.all([
    silentClient(connect),
    halfSentClient(connect, request),
    drippingClient(connect, request),
    idleClient(connect),
    partialNextClient(connect),
    drippingNextClient(connect),
    neverReadingClient(connect),
    activeClient(connect),
    lateAnswerClient(connect),
    eventStreamClient(connect),
    downloadingClient(connect),
  ]);
  assert.deepEqual(site.closed, { unanswered: 3, idle: 3, partial: 1, slow: 0, limit: 0 });
  await stopSite(site);
}

test("HTTPS: unused connections are closed, used ones are not", async (libc) => {
  const { cert, key } = await makeCertificate();
  const site = startSite(libc, { tls: { cert, key } });
  const { port } = site.server.addr;
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  const connectTls = () => Deno.connectTls({ hostname: "localhost", port, caCerts: [cert] });
  // The header of a TLS record and of a ClientHello that never comes.
  const hello = new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...new Array(100).fill(7)]);
  await Promise.all([
    silentClient(connect),
    halfSentClient(connect, hello),
    drippingClient(connect, hello),
    stalledHandshake(port, cert),
    silentAfterHandshake(connectTls),
    idleClient(connectTls),
    partialNextClient(connectTls),
    neverReadingClient(connectTls),
    activeClient(connectTls),
    eventStreamClient(connectTls),
    downloadingClient(connectTls),
  ]);
  assert.equal(site.closed.unanswered, 3);
  assert.equal(site.closed.idle + site.closed.partial, 5);
  await stopSite(site);
});

/** A TLS client whose second flight never arrives: the relay between hands on its first words only. */
async function stalledHandshake(port: number, caCert: string): Promise<void> {
  const relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = Deno.connectTls({ hostname: "localhost", port: relay.addr.port, caCerts: [caCert] })
    .then((connection) => connection.handshake().finally(() => connection.close()));
  const inbound = await relay.accept();
  const outbound = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(65536);
  const length = await inbound.read(buffer);
  await outbound.write(buffer.slice(0, length ?? 0));
  between("half a handshake", await msUntilClosed(outbound), 2500, 4000);
  inbound.close();
  relay.close();
  await assert.rejects(client);
}

async function silentAfterHandshake(connectTls: () => Promise<Deno.TlsConn>): Promise<void> {
  const connection = await connectTls();
  await connection.handshake();
  between("silent after the handshake", await msUntilClosed(connection), 900, 4000);
}

async function makeCertificate(): Promise<{ cert: string; key: string }> {
  const folder = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command("openssl", {
      args: [
        ..."req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem -subj /CN=localhost"
          .split(" "),
        ..."-addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE".split(" "),
      ],
      cwd: folder,
    }).output();
    assert.ok(success, decoder.decode(stderr));
    const read = (name: string) => Deno.readTextFile(`${folder}/${name}`);
    return { cert: await read("cert.pem"), key: await read("key.pem") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

test("thousands of idle connections are closed while requests go on", async (libc) => {
  const wanted = Math.min(2000, Math.floor((raiseFileLimit(libc) - 200) / 2));
  const site = startSite(libc);
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: site.server.addr.port });
  const clients: Promise<number>[] = [];
  for (let i = 0; i < wanted; i++) clients.push(msUntilClosed(await connect()));
  const active = activeClient(connect, 8);
  await Promise.all(clients);
  // A pass is told of at its end, when some clients have known for a while.
  await until("all are told of", () => site.closed.unanswered >= wanted);
  await active;
  assert.equal(site.closed.unanswered, wanted);
  await stopSite(site);
});

const LONG_TIMEOUTS = { timeoutSeconds: 15, keepAliveSeconds: 30 };

test("above the limit the most idle connections are closed, and no more than needed", async (libc) => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const idle: Promise<number>[] = [];
  for (let i = 0; i < 40; i++) idle.push(connect().then(msUntilClosed));
  const used = await Promise.all(Array.from({ length: 15 }, connect));
  for (let i = 0; i < 5; i++) await Promise.all([...used.map((connection) => ask(connection)), pause(250)]);

  let closed = 0;
  const sweep = startHttpSweep(libc, [{ ...server.addr, maxConnections: 20 }], LONG_TIMEOUTS, (report) => {
    assert.equal(report.closed.limit, 35);
    closed += report.closed.limit;
  });
  await until("the limit holds", () => sweep.open(0) === 20);
  for (let i = 0; i < 5; i++) await Promise.all([...used.map((connection) => ask(connection)), pause(250)]);
  assert.equal(closed, 35);
  for (const connection of used) connection.close();
  // The five idle ones that were within the limit are still there, and the only ones.
  await until("the used ones are gone", () => sweep.open(0) === 5);
  sweep.stop();
  await server.shutdown();
  await Promise.all(idle);
});

test("connections just used are closed only far above the limit", async (libc) => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const connections = await Promise.all(Array.from({ length: 50 }, connect));
  const clients = connections.map(msUntilClosed);
  const closed: number[] = [];
  const listener = { ...server.addr, maxConnections: 20 };
  const sweep = startHttpSweep(libc, [listener], LONG_TIMEOUTS, (report) => closed.push(report.closed.limit));
  await until("the others are within the limit", () => sweep.open(0) === 20 && closed.length > 1);
  // Down to a quarter above the limit at once, and below it when they have been idle for a second.
  assert.deepEqual(closed, [25, 5]);
  sweep.stop();
  await server.shutdown();
  await Promise.all(clients);
});

test("other sockets of the process are left alone", async (libc) => {
  const site = startSite(libc);
  const { port } = site.server.addr;
  const otherSite = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const outgoing = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const accepted = await listener.accept();
  const unwatched = await Deno.connect({ hostname: "127.0.0.1", port: otherSite.addr.port });
  const datagrams = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
  await silentClient(() => Deno.connect({ hostname: "127.0.0.1", port }));
  await pause(2500);

  await outgoing.write(encoder.encode("ping"));
  assert.equal(await accepted.read(new Uint8Array(4)), 4);
  await ask(unwatched);
  await datagrams.send(encoder.encode("ping"), { transport: "udp", hostname: "127.0.0.1", port });
  assert.equal((await datagrams.receive())[0].length, 4);
  await ask(await closedLater(port));
  for (const resource of [outgoing, accepted, listener, unwatched, datagrams]) resource.close();
  await otherSite.shutdown();
  await stopSite(site);
});

/** A new connection to a listener that has been swept for a while; the sweep closes it in the end. */
async function closedLater(port: number): Promise<Deno.Conn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  setTimeout(() => connection.close(), 300);
  return connection;
}

test("a wildcard listener is swept on every address, and a stopped sweep does nothing", async (libc) => {
  const server = Deno.serve({ hostname: "0.0.0.0", port: 0, onListen() {} }, handle);
  const { port } = server.addr;
  const listeners = [{ hostname: "0.0.0.0", port, maxConnections: 100 }];
  const sweep = startHttpSweep(libc, listeners, TIMEOUTS);
  await Promise.all(
    ["127.0.0.1", "127.0.0.2"].map((hostname) => silentClient(() => Deno.connect({ hostname, port }))),
  );
  sweep.stop();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await pause(1700);
  await ask(connection);
  connection.close();
  await server.shutdown();
});

test("a hostname that is not an address is refused", (libc) => {
  assert.throws(
    () => startHttpSweep(libc, [{ hostname: "localhost", port: 1, maxConnections: 1 }]),
    TypeError,
  );
  return Promise.resolve();
});
