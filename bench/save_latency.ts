/**
 * How much longer announces take while a million changed torrents are saved to SQLite.
 *
 *     deno run --allow-all bench/save_latency.ts [TORRENTS]
 *
 * Starts the tracker, announces to that many torrents, then announces at a steady rate over UDP and HTTP: for a while
 * as it is, then while a SIGHUP makes the tracker save everything. Prints the latencies of both times.
 */

const TORRENTS = Number(Deno.args[0] ?? 1_000_000);
const BASELINE_MILLISECONDS = 5000;
const UDP_PER_MILLISECOND = 2;
const HTTP_CONNECTIONS = 4;
const HTTP_PAUSE_MILLISECONDS = 5;
const WINDOW = 256;
const LIMIT_MILLISECONDS = 300_000;

interface Latencies {
  udp: number[];
  http: number[];
}

class Tracker {
  readonly #process: Deno.ChildProcess;
  #log = "";

  constructor(folder: string) {
    const config = `${folder}/config.toml`;
    Deno.writeTextFileSync(
      config,
      [
        "persistence = true",
        "persistence_interval = 3600",
        `db_path = "sqlite://${folder}/torrents.db"`,
        "api_server = []",
        '[[udp_server]]\nbind_address = "127.0.0.1:0"',
        '[[http_server]]\nbind_address = "127.0.0.1:0"',
      ].join("\n"),
    );
    const main = new URL("../main.ts", import.meta.url).pathname;
    this.#process = new Deno.Command("deno", {
      args: ["run", "--allow-all", main, "--config", config],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#readLog();
  }

  async #readLog(): Promise<void> {
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) this.#log += text;
  }

  /** What the log says that fits the pattern, once it does. */
  async logged(pattern: RegExp): Promise<string> {
    const end = performance.now() + LIMIT_MILLISECONDS;
    while (performance.now() < end) {
      const found = pattern.exec(this.#log);
      if (found !== null) return found[1] ?? found[0];
      await pause(20);
    }
    throw new Error(`the log never said ${pattern}:\n${this.#log}`);
  }

  save(): void {
    this.#process.kill("SIGHUP");
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
  }
}

class UdpClient {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #to: Deno.NetAddr;
  readonly #packet = new Uint8Array(98);
  readonly #view = new DataView(this.#packet.buffer);
  readonly #sentAt = new Map<number, number>();
  #transaction = 0;
  latencies: number[] = [];

  constructor(port: number) {
    this.#to = { transport: "udp", hostname: "127.0.0.1", port };
  }

  get waiting(): number {
    return this.#sentAt.size;
  }

  async connect(): Promise<void> {
    const request = new DataView(new ArrayBuffer(16));
    request.setBigUint64(0, 0x41727101980n);
    await this.#socket.send(new Uint8Array(request.buffer), this.#to);
    const [reply] = await this.#socket.receive();
    this.#packet.set(reply.subarray(8, 16));
    this.#view.setUint32(8, 1);
    this.#view.setUint32(92, 30);
    this.#view.setUint16(96, 6881);
    this.#receive();
  }

  async announce(torrent: number, event: number): Promise<void> {
    const transaction = ++this.#transaction;
    this.#view.setUint32(12, transaction);
    this.#view.setUint32(16, Math.imul(torrent, 0x9e3779b1));
    this.#view.setUint32(20, torrent);
    this.#view.setUint32(80, event);
    this.#sentAt.set(transaction, performance.now());
    await this.#socket.send(this.#packet, this.#to);
  }

  forget(): void {
    this.#sentAt.clear();
    this.latencies = [];
  }

  close(): void {
    this.#socket.close();
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(2048);
    try {
      for (;;) {
        const [reply] = await this.#socket.receive(buffer);
        const transaction = (reply[4] << 24) | (reply[5] << 16) | (reply[6] << 8) | reply[7];
        const sentAt = this.#sentAt.get(transaction);
        if (sentAt === undefined) continue;
        this.#sentAt.delete(transaction);
        this.latencies.push(performance.now() - sentAt);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) {
        throw error;
      }
    }
  }
}

/** Announces to every torrent once, so that each is new and waits to be saved. */
async function changeTorrents(port: number): Promise<void> {
  const client = new UdpClient(port);
  await client.connect();
  for (let torrent = 0; torrent < TORRENTS; torrent++) {
    await client.announce(torrent, 1);
    // A lost answer must not stop the load: after a while it is forgotten.
    for (let i = 0; client.waiting > WINDOW && i < 200; i++) await pause(0);
    if (client.waiting > WINDOW) client.forget();
  }
  client.close();
}

/** Announces at a steady rate until the promise is fulfilled. */
async function measure(udpPort: number, httpUrl: string, until: Promise<unknown>): Promise<Latencies> {
  let isOver = false;
  until.finally(() => isOver = true);
  const client = new UdpClient(udpPort);
  await client.connect();
  const http: number[] = [];
  const requests = Array.from({ length: HTTP_CONNECTIONS }, async (_, connection) => {
    for (let i = 0; !isOver; i++) {
      const hash = String(connection * 1_000_000 + i).padStart(20, "h");
      const began = performance.now();
      const response = await fetch(`${httpUrl}?info_hash=${hash}&peer_id=${hash}&port=6881&left=1`);
      await response.arrayBuffer();
      http.push(performance.now() - began);
      await pause(HTTP_PAUSE_MILLISECONDS);
    }
  });
  let due = performance.now();
  for (let i = 0; !isOver; i++) {
    while (performance.now() >= due && !isOver) {
      await client.announce(i++ % TORRENTS, 0);
      due += 1 / UDP_PER_MILLISECOND;
    }
    await pause(1);
  }
  await Promise.all(requests);
  await pause(100);
  const lost = client.waiting;
  if (lost > 0) console.log(`${lost} UDP announces were not answered`);
  client.close();
  return { udp: client.latencies, http };
}

function row(name: string, latencies: number[]): string {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)].toFixed(2);
  return `| ${name} | ${sorted.length} | ${at(0.5)} | ${at(0.99)} | ${at(0.999)} | ${at(1)} |`;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const folder = Deno.makeTempDirSync();
const tracker = new Tracker(folder);
try {
  const udpPort = Number(await tracker.logged(/udp:\/\/127\.0\.0\.1:(\d+)\/announce/));
  const httpUrl = await tracker.logged(/(http:\/\/127\.0\.0\.1:\d+\/announce)/);
  await changeTorrents(udpPort);
  const before = await measure(udpPort, httpUrl, pause(BASELINE_MILLISECONDS));
  const began = performance.now();
  tracker.save();
  const saved = tracker.logged(/reloaded/);
  const during = await measure(udpPort, httpUrl, saved);
  console.log(
    `${TORRENTS} changed torrents were saved in ${((performance.now() - began) / 1000).toFixed(1)} s\n`,
  );
  console.log(
    "| announces | number | p50 ms | p99 ms | p99.9 ms | longest ms |\n| --- | --- | --- | --- | --- | --- |",
  );
  console.log(row("UDP before", before.udp));
  console.log(row("UDP while saving", during.udp));
  console.log(row("HTTP before", before.http));
  console.log(row("HTTP while saving", during.http));
} finally {
  await tracker.stop();
  Deno.removeSync(folder, { recursive: true });
}
