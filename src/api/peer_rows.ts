/** The peers of one torrent as the API shows them. */
import { z } from "@hono/zod-openapi";
import { formatEndpoint } from "../base/ip.ts";
import { toHex } from "../base/bytes.ts";
import { clientName, formatClientName } from "../protocol/client_name.ts";
import {
  COLD_WORDS,
  EVENT_COMPLETED,
  EVENT_NONE,
  EVENT_STARTED,
  EVENT_STOPPED,
  KEY_WORDS,
} from "../swarm/layout.ts";
import { type ReadablePeer, readPeer } from "../swarm/peer_record.ts";
import type { SwarmStore } from "../swarm/store.ts";
import { PeerCursor } from "../swarm/swarm_table.ts";
import { hashTextSchema } from "./parameters.ts";

const EVENT_NAMES = {
  [EVENT_NONE]: "None",
  [EVENT_COMPLETED]: "Completed",
  [EVENT_STARTED]: "Started",
  [EVENT_STOPPED]: "Stopped",
} as const;

const bytes = () => z.int().min(0).max(2 ** 48 - 1).openapi({ description: "Bytes, as the client says" });

/** Who it is, then what it does: two objects, in the documented form. */
export const peerSchema = z.tuple([
  z.object({
    client: z.string().openapi({ description: "Software, from the peer id", example: "qBittorrent 4.5.0" }),
    id: hashTextSchema,
  }),
  z.object({
    downloaded: bytes(),
    event: z.enum(["Started", "Stopped", "Completed", "None"]),
    ip: z.string().openapi({ description: "Address and port", example: "[2001:db8::1]:6881" }),
    left: bytes(),
    updated: z.int().min(0).openapi({ description: "Seconds since its last announce" }),
    uploaded: bytes(),
  }),
]).openapi("Peer");

/** Ages are kept in 16 bits. One near the end is of a peer that another thread heard a moment "later" than now. */
const AGE_MASK = 0xffff;
const LATEST_AGE = AGE_MASK - 600;

/** Most peers of a block, which a walk takes at a time. */
const BLOCK_PEERS = 256;

/** Walks through the peers of a torrent, some at a time. */
export class PeerRows {
  readonly #store: SwarmStore;
  readonly #infoHash: Int32Array;
  readonly #cursor = new PeerCursor();
  /** Peers of the next block that are passed over. */
  #skip = 0;
  readonly #peer: ReadablePeer = {
    address: new Int32Array(4),
    port: 0,
    peerId: new Int32Array(KEY_WORDS),
    amounts: new Int32Array(6),
    event: 0,
  };
  readonly #peerIdBytes = new Uint8Array(this.#peer.peerId.buffer);

  /** Begins at a cursor that {@link PeerRows.page} has given, or at the first peer. */
  constructor(store: SwarmStore, infoHash: Int32Array, cursor = "4-0") {
    this.#store = store;
    this.#infoHash = infoHash;
    const [family, place] = cursor.split("-").map(Number);
    this.#cursor.isIpv6 = family === 6;
    this.#cursor.block = Math.floor(place / BLOCK_PEERS);
    this.#skip = place % BLOCK_PEERS;
  }

  /** The JSON of at most `limit` peers, and the cursor of the next page; null after the last. */
  page(limit: number, seconds: number): { rows: string[]; next: string | null } {
    const rows: string[] = [];
    while (rows.length < limit) {
      const before = rows.length;
      const passed = this.#skip;
      if (!this.fill(rows, seconds)) return { rows, next: null };
      rows.splice(before, passed);
      this.#skip = 0;
      if (rows.length < limit) continue;
      const { isIpv6, block } = this.#cursor;
      const left = rows.length - limit;
      rows.length = limit;
      // The cursor stands behind the block that was read last.
      const inBlock = left === 0 ? BLOCK_PEERS : passed + limit - before;
      return { rows, next: `${isIpv6 ? 6 : 4}-${(block - 1) * BLOCK_PEERS + inBlock}` };
    }
    return { rows, next: null };
  }

  /** Adds the JSON of some more peers, with their ages at `seconds`; false when there are no more. */
  fill(rows: string[], seconds: number): boolean {
    return this.#store.visitSomePeers(this.#infoHash, this.#cursor, ({ arena }, index) => {
      const { hot, hotWords, cold } = arena;
      readPeer(hot, index * hotWords, cold, index * COLD_WORDS, hotWords, this.#peer);
      const age = (seconds - (hot[(index + 1) * hotWords - 1] >>> 16)) & AGE_MASK;
      rows.push(this.#row(arena.isIpv4, age > LATEST_AGE ? 0 : age));
    });
  }

  #row(isIpv4: boolean, updated: number): string {
    const { address, port, amounts, event } = this.#peer;
    const row: z.input<typeof peerSchema> = [
      { client: formatClientName(clientName(this.#peerIdBytes)), id: toHex(this.#peerIdBytes) },
      {
        downloaded: amount(amounts, 4),
        event: EVENT_NAMES[event as keyof typeof EVENT_NAMES] ?? "None",
        ip: formatEndpoint(isIpv4 ? 4 : 6, address, (port & 0xff) << 8 | port >>> 8),
        left: amount(amounts, 0),
        updated,
        uploaded: amount(amounts, 2),
      },
    ];
    return JSON.stringify(row);
  }
}

function amount(amounts: Int32Array, at: number): number {
  return (amounts[at] >>> 0) + amounts[at + 1] * 2 ** 32;
}
