/**
 * A load of UDP announces (BEP 15), sent and received in batches through FFI, so that one core can keep a tracker busy.
 *
 *     deno run --allow-all bench/udp_load.ts --port 6969 [--pid PID] [--seconds 10] [--torrents 1000000]
 *       [--peers 2000000] [--window 512] [--prefill]
 *
 * A closed loop: as many requests are on their way as the window says, connects and announces one to one and a scrape
 * for every hundred of them. Torrents have a skewed popularity. With `--prefill` every peer announces once, first.
 * With `--pid`, the processor time that the server took for a response is told. Linux on loopback only.
 */
import { parseArgs } from "node:util";
import { Prng } from "../src/base/prng.ts";
import {
  AF_INET,
  type Libc,
  MSG_DONTWAIT,
  openLibc,
  POLLIN,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../src/transport/linux_ffi.ts";

const BATCH = 64;
const SLOT_BYTES = 2048;
const SOCKETS = 4;
const HEADER_WORDS = 16;
const TICKS_A_SECOND = 100;

const { values: flags } = parseArgs({
  options: {
    port: { type: "string" },
    pid: { type: "string" },
    seconds: { type: "string", default: "10" },
    torrents: { type: "string", default: "1000000" },
    peers: { type: "string", default: "2000000" },
    window: { type: "string", default: "512" },
    prefill: { type: "boolean", default: false },
  },
});

/** What came back. */
interface Tally {
  sent: number;
  responses: number;
  announces: number;
  scrapes: number;
  errors: number;
  peers: number;
  /** Milliseconds, of one response in sixteen. */
  latencies: number[];
}

/** The buffers of one socket, and the kernel's descriptions of them. */
class Client {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #out = new Uint8Array(BATCH * SLOT_BYTES);
  readonly #outWords = new Int32Array(this.#out.buffer);
  readonly #in = new Uint8Array(BATCH * SLOT_BYTES);
  readonly #inView = new DataView(this.#in.buffer);
  readonly #name = new Int32Array(4);
  readonly #outHeaders = new Int32Array(BATCH * HEADER_WORDS);
  readonly #inHeaders = new Int32Array(BATCH * HEADER_WORDS);
  readonly #outVectors = new Int32Array(BATCH * 4);
  readonly #inVectors = new Int32Array(BATCH * 4);
  readonly #poll = new Int32Array(2);
  readonly #sentAt = new Float64Array(1 << 16);
  readonly #id = new Uint8Array(8);
  #transaction = 0;
  onTheWay = 0;

  constructor(libc: Libc, port: number) {
    this.#libc = libc;
    this.#fd = libc.socket(AF_INET, SOCK_DGRAM, 0);
    const size = Int32Array.of(4 << 20);
    libc.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUF, size, 4);
    libc.setsockopt(this.#fd, SOL_SOCKET, SO_SNDBUF, size, 4);
    this.#name[0] = AF_INET | (((port & 0xff) << 8 | port >> 8) << 16);
    this.#name[1] = 0x0100007f;
    this.#poll[0] = this.#fd;
    this.#poll[1] = POLLIN;
    for (let i = 0; i < BATCH; i++) {
      describe(this.#outHeaders, this.#outVectors, this.#out, this.#name, i, 16);
      describe(this.#inHeaders, this.#inVectors, this.#in, null, i, SLOT_BYTES);
    }
  }

  /** Sends `count` requests, each written by `write` to a place in the buffer; gives how many were sent. */
  send(count: number, write: (bytes: Uint8Array, words: Int32Array, at: number) => number): number {
    const now = performance.now();
    for (let i = 0; i < count; i++) {
      const at = i * SLOT_BYTES;
      this.#out.set(this.#id, at);
      this.#outVectors[i * 4 + 2] = write(this.#out, this.#outWords, at);
      const transaction = this.#transaction++ & 0xffff;
      this.#sentAt[transaction] = now;
      this.#outWords[(at >> 2) + 3] = transaction;
    }
    const sent = this.#libc.sendmmsg(this.#fd, this.#outHeaders, count, 0);
    this.onTheWay += Math.max(sent, 0);
    return Math.max(sent, 0);
  }

  /** Receives what there is, waiting up to so many milliseconds for the first. */
  receive(tally: Tally, waitMilliseconds: number): number {
    let count = this.#libc.recvmmsg(this.#fd, this.#inHeaders, BATCH, MSG_DONTWAIT, null);
    if (count <= 0 && waitMilliseconds > 0) {
      this.#libc.poll(this.#poll, 1, waitMilliseconds);
      count = this.#libc.recvmmsg(this.#fd, this.#inHeaders, BATCH, MSG_DONTWAIT, null);
    }
    const now = performance.now();
    for (let i = 0; i < count; i++) {
      this.#take(tally, i * SLOT_BYTES, this.#inHeaders[i * HEADER_WORDS + 14], now);
    }
    this.onTheWay = Math.max(this.onTheWay - Math.max(count, 0), 0);
    return Math.max(count, 0);
  }

  /** What is on its way is taken for lost. */
  giveUp(): number {
    const lost = this.onTheWay;
    this.onTheWay = 0;
    return lost;
  }

  #take(tally: Tally, at: number, length: number, now: number): void {
    const action = this.#inView.getInt32(at);
    tally.responses++;
    if (action === 0) this.#id.set(this.#in.subarray(at + 8, at + 16));
    else if (action === 1) {
      tally.announces++;
      tally.peers += (length - 20) / 6;
    } else if (action === 2) tally.scrapes++;
    else tally.errors++;
    if ((tally.responses & 15) === 0) {
      tally.latencies.push(now - this.#sentAt[this.#inView.getInt32(at + 4, true) & 0xffff]);
    }
  }
}

function describe(
  headers: Int32Array<ArrayBuffer>,
  vectors: Int32Array<ArrayBuffer>,
  buffer: Uint8Array<ArrayBuffer>,
  name: Int32Array<ArrayBuffer> | null,
  i: number,
  length: number,
): void {
  const header = i * HEADER_WORDS;
  if (name !== null) {
    writePointer(headers, header, name, 0);
    headers[header + 2] = 16;
  }
  writePointer(headers, header + 4, vectors, i * 16);
  headers[header + 6] = 1;
  writePointer(vectors, i * 4, buffer, i * SLOT_BYTES);
  vectors[i * 4 + 2] = length;
}

function writePointer(words: Int32Array, at: number, array: BufferSource, offset: number): void {
  const pointer = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(array))) + BigInt(offset);
  words[at] = Number(BigInt.asIntN(32, pointer));
  words[at + 1] = Number(BigInt.asIntN(32, pointer >> 32n));
}

const torrents = Number(flags.torrents);
const peers = Number(flags.peers);
const random = new Prng(1);

function writeConnect(_: Uint8Array, words: Int32Array, at: number): number {
  words[at >> 2] = 0x17040000;
  words[(at >> 2) + 1] = 0x80191027;
  words[(at >> 2) + 2] = 0;
  return 16;
}

/** Peer number `peer` announces to its torrent: the few popular torrents have most peers. */
function writeAnnounce(bytes: Uint8Array, words: Int32Array, at: number, peer: number): number {
  const word = at >> 2;
  words[word + 2] = 0x01000000;
  writeHash(words, word + 4, peer);
  words[word + 9] = peer;
  for (let i = 10; i < 24; i++) words[word + i] = 0;
  bytes[at + 71] = peer & 1;
  // Thirty peers wanted.
  bytes[at + 95] = 30;
  bytes[at + 96] = peer >> 8;
  bytes[at + 97] = peer | 1;
  return 98;
}

function writeScrape(words: Int32Array, at: number): number {
  words[(at >> 2) + 2] = 0x02000000;
  writeHash(words, (at >> 2) + 4, random.below(peers));
  return 36;
}

function writeHash(words: Int32Array, word: number, peer: number): void {
  const share = (Math.imul(peer, 0x9e3779b1) >>> 0) / 0x100000000;
  const torrent = Math.floor(torrents * share ** 3);
  words[word] = Math.imul(torrent, 0x85ebca6b);
  for (let i = 1; i < 5; i++) words[word + i] = torrent;
}

/** Sends and receives until told to stop; gives what came back and how many requests were lost. */
function run(
  clients: Client[],
  isOver: (tally: Tally) => boolean,
  write: (bytes: Uint8Array, words: Int32Array, at: number) => number,
): Tally & { lost: number; seconds: number } {
  const tally = {
    sent: 0,
    responses: 0,
    announces: 0,
    scrapes: 0,
    errors: 0,
    peers: 0,
    latencies: [] as number[],
  };
  const window = Number(flags.window) / clients.length;
  const began = performance.now();
  let lost = 0;
  while (!isOver(tally)) {
    let received = 0;
    for (const client of clients) {
      while (client.onTheWay + BATCH <= window) tally.sent += client.send(BATCH, write);
      received += client.receive(tally, 0);
    }
    if (received === 0 && clients[0].receive(tally, 20) === 0) {
      for (const client of clients) lost += client.giveUp();
    }
  }
  return { ...tally, lost, seconds: (performance.now() - began) / 1000 };
}

function processorSeconds(pid: string | undefined): number {
  if (pid === undefined) return 0;
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

const libc = openLibc();
if ("unavailable" in libc) throw new Error(libc.unavailable);
const clients = Array.from({ length: SOCKETS }, () => new Client(libc, Number(flags.port)));
run(clients, (tally) => tally.responses >= SOCKETS * BATCH, writeConnect);

if (flags.prefill) {
  let peer = 0;
  const filled = run(
    clients,
    () => peer >= peers,
    (bytes, words, at) => writeAnnounce(bytes, words, at, peer++),
  );
  console.log(`prefilled ${filled.announces} peers in ${filled.seconds.toFixed(1)} s, ${filled.lost} lost`);
}

let turn = 0;
const end = performance.now() + Number(flags.seconds) * 1000;
const before = processorSeconds(flags.pid);
const result = run(clients, () => performance.now() >= end, (bytes, words, at) => {
  if (++turn % 101 === 0) return writeScrape(words, at);
  return turn % 2 === 0
    ? writeConnect(bytes, words, at)
    : writeAnnounce(bytes, words, at, random.below(peers));
});
const spent = processorSeconds(flags.pid) - before;
const sorted = result.latencies.toSorted((a, b) => a - b);
const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(2);
console.log(
  `${Math.round(result.responses / result.seconds)} responses/s, ` +
    `${Math.round(result.announces / result.seconds)} announces/s, ` +
    `${(result.peers / result.announces).toFixed(1)} peers an answer, ` +
    `${result.errors} errors, ${result.lost} lost, latency ms p50 ${at(0.5)} p99 ${at(0.99)} p99.9 ${
      at(0.999)
    }` +
    (flags.pid === undefined
      ? ""
      : `, server ${((spent / result.responses) * 1e6).toFixed(2)} µs of processor a response`),
);
