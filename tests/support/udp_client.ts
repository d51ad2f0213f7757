/**
 * A client of the UDP protocol (BEP 15, 41), written with a DataView from the text of the BEPs: independent of the
 * program's codec, and slow.
 */
import { withTimeLimit } from "./program.ts";

export const PROTOCOL_ID = 0x41727101980n;
export const CONNECT = 0;
export const ANNOUNCE = 1;
export const SCRAPE = 2;
export const ERROR = 3;

export interface AnnounceFields {
  connectionId: bigint;
  transactionId: number;
  infoHash: Uint8Array;
  peerId: Uint8Array;
  downloaded: bigint;
  left: bigint;
  uploaded: bigint;
  event: number;
  ip: number;
  key: number;
  numWant: number;
  port: number;
  options: Uint8Array;
}

export interface UdpPeer {
  /** 4 or 16 bytes. */
  address: Uint8Array;
  port: number;
}

export type UdpReply =
  | { action: "connect"; transactionId: number; connectionId: bigint }
  | {
    action: "announce";
    transactionId: number;
    interval: number;
    leechers: number;
    seeders: number;
    peers: UdpPeer[];
  }
  | {
    action: "scrape";
    transactionId: number;
    files: { seeders: number; completed: number; leechers: number }[];
  }
  | { action: "error"; transactionId: number; message: string };

export function encodeConnect(transactionId: number): Uint8Array<ArrayBuffer> {
  return encodeHeader(16, PROTOCOL_ID, CONNECT, transactionId);
}

export function encodeAnnounce(given: Partial<AnnounceFields>): Uint8Array<ArrayBuffer> {
  const fields = { ...DEFAULT_FIELDS, ...given };
  const length = 98 + fields.options.length;
  const bytes = encodeHeader(length, fields.connectionId, ANNOUNCE, fields.transactionId);
  const view = new DataView(bytes.buffer);
  bytes.set(fields.infoHash, 16);
  bytes.set(fields.peerId, 36);
  view.setBigUint64(56, fields.downloaded);
  view.setBigUint64(64, fields.left);
  view.setBigUint64(72, fields.uploaded);
  view.setUint32(80, fields.event);
  view.setUint32(84, fields.ip);
  view.setUint32(88, fields.key);
  view.setInt32(92, fields.numWant);
  view.setUint16(96, fields.port);
  bytes.set(fields.options, 98);
  return bytes;
}

export function encodeScrape(
  connectionId: bigint,
  transactionId: number,
  infoHashes: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const bytes = encodeHeader(16 + infoHashes.length * 20, connectionId, SCRAPE, transactionId);
  infoHashes.forEach((hash, i) => bytes.set(hash, 16 + i * 20));
  return bytes;
}

export function encodeHeader(
  length: number,
  connectionId: bigint,
  action: number,
  transactionId: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, connectionId);
  view.setUint32(8, action);
  view.setUint32(12, transactionId);
  return bytes;
}

/** Throws where the bytes are not an answer in full. `isIpv4` is the family of the one who asked. */
export function decodeReply(bytes: Uint8Array, isIpv4: boolean): UdpReply {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const action = view.getUint32(0);
  const transactionId = view.getUint32(4);
  switch (action) {
    case CONNECT:
      expectLength(bytes.length === 16, bytes);
      return { action: "connect", transactionId, connectionId: view.getBigUint64(8) };
    case ANNOUNCE:
      return {
        action: "announce",
        transactionId,
        interval: view.getUint32(8),
        leechers: view.getUint32(12),
        seeders: view.getUint32(16),
        peers: decodePeers(bytes.subarray(20), isIpv4),
      };
    case SCRAPE:
      return { action: "scrape", transactionId, files: decodeFiles(view) };
    case ERROR:
      return { action: "error", transactionId, message: new TextDecoder().decode(bytes.subarray(8)) };
    default:
      throw new Error(`an answer with action ${action}`);
  }
}

/** `endpoints` as BEP 23 and BEP 7 have them: address and port, one after the other. */
export function decodePeers(endpoints: Uint8Array, isIpv4: boolean): UdpPeer[] {
  const size = isIpv4 ? 6 : 18;
  expectLength(endpoints.length % size === 0, endpoints);
  return Array.from({ length: endpoints.length / size }, (_, i) => {
    const peer = endpoints.slice(i * size, (i + 1) * size);
    const port = new DataView(peer.buffer).getUint16(size - 2);
    return { address: peer.slice(0, size - 2), port };
  });
}

function decodeFiles(view: DataView): { seeders: number; completed: number; leechers: number }[] {
  const count = (view.byteLength - 8) / 12;
  if (!Number.isInteger(count)) throw new Error(`a scrape answer of ${view.byteLength} bytes`);
  return Array.from({ length: count }, (_, i) => ({
    seeders: view.getUint32(8 + i * 12),
    completed: view.getUint32(12 + i * 12),
    leechers: view.getUint32(16 + i * 12),
  }));
}

function expectLength(right: boolean, bytes: Uint8Array): void {
  if (!right) throw new Error(`an answer of ${bytes.length} bytes`);
}

const DEFAULT_FIELDS: AnnounceFields = {
  connectionId: 0n,
  transactionId: 1,
  infoHash: new Uint8Array(20).fill(0x11),
  peerId: new Uint8Array(20).fill(0x2d),
  downloaded: 0n,
  left: 1n,
  uploaded: 0n,
  event: 0,
  ip: 0,
  key: 0,
  numWant: -1,
  port: 6881,
  options: new Uint8Array(0),
};

/** One option of BEP 41 that carries a piece of the URL's path; at most 255 bytes. */
export function urlData(piece: Uint8Array): Uint8Array {
  return Uint8Array.of(2, piece.length, ...piece);
}

/** A whole path in one option. */
export function urlPath(path: string): Uint8Array {
  return urlData(new TextEncoder().encode(path));
}

/** How long to wait for an answer before sending again, and how often to send. */
const RETRY_MILLISECONDS = 1500;
const ATTEMPTS = 6;

/** A client with a socket of its own. Sends again what is not answered, as real clients do. */
export class UdpClient {
  readonly #server: Deno.NetAddr;
  readonly #socket: Deno.DatagramConn;
  readonly #isIpv4: boolean;
  readonly #waiting = new Map<number, (reply: Uint8Array) => void>();
  readonly #running: Promise<void>;
  #nextTransaction = 1;
  #connectionId = 0n;

  constructor(server: { hostname: string; port: number }, from = loopbackOf(server.hostname)) {
    this.#isIpv4 = !from.includes(":");
    const hostname = isWildcard(server.hostname) ? this.#isIpv4 ? "127.0.0.1" : "::1" : server.hostname;
    this.#server = { transport: "udp", hostname, port: server.port };
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: from, port: 0 });
    this.#running = this.#receive();
  }

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  async connect(): Promise<bigint> {
    const reply = await this.ask((transactionId) => encodeConnect(transactionId));
    if (reply.action !== "connect") throw new Error(`connect was answered by ${reply.action}`);
    return this.#connectionId = reply.connectionId;
  }

  /** Announces with the connection id of the last `connect`. */
  async announce(fields: Partial<AnnounceFields>): Promise<Extract<UdpReply, { action: "announce" }>> {
    const reply = await this.ask((transactionId) =>
      encodeAnnounce({ connectionId: this.#connectionId, transactionId, ...fields })
    );
    if (reply.action !== "announce") throw new Error(`announce was answered by ${JSON.stringify(reply)}`);
    return reply;
  }

  async scrape(infoHashes: readonly Uint8Array[]): Promise<Extract<UdpReply, { action: "scrape" }>["files"]> {
    const reply = await this.ask((id) => encodeScrape(this.#connectionId, id, infoHashes));
    if (reply.action !== "scrape") throw new Error(`scrape was answered by ${JSON.stringify(reply)}`);
    return reply.files;
  }

  /** Sends a request until an answer with its transaction id comes. */
  async ask(request: (transactionId: number) => Uint8Array): Promise<UdpReply> {
    return decodeReply(await this.askBytes(request), this.#isIpv4);
  }

  async askBytes(request: (transactionId: number) => Uint8Array): Promise<Uint8Array> {
    const transactionId = this.#nextTransaction++;
    const answered = Promise.withResolvers<Uint8Array>();
    this.#waiting.set(transactionId, answered.resolve);
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        await this.send(request(transactionId));
        const reply = await withTimeLimit(answered.promise, RETRY_MILLISECONDS);
        if (reply !== undefined) return reply;
      }
      throw new Error(`${this.#server.hostname}:${this.#server.port} does not answer`);
    } finally {
      this.#waiting.delete(transactionId);
    }
  }

  async send(bytes: Uint8Array): Promise<void> {
    await this.#socket.send(bytes, this.#server);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#running;
  }

  async #receive(): Promise<void> {
    for (;;) {
      try {
        const [bytes] = await this.#socket.receive(new Uint8Array(4096));
        if (bytes.length < 8) continue;
        const transactionId = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4);
        this.#waiting.get(transactionId)?.(bytes);
      } catch {
        return;
      }
    }
  }
}

function loopbackOf(hostname: string): string {
  return hostname.includes(":") ? "::1" : "127.0.0.1";
}

function isWildcard(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}
