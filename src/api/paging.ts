/** Pages of what lies in the buckets of shards, in no order: so many entries from a cursor on. */
import { z } from "@hono/zod-openapi";
import { SHARDS } from "../swarm/layout.ts";
import { wholeNumber } from "./parameters.ts";
import { nextTurn } from "./turns.ts";

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 1000;

/** How long one request may look for entries that are few; the next one goes on from there. */
const SEARCH_MILLISECONDS = 500;
const SLICE_MILLISECONDS = 0.5;

/** Buckets, so about as many entries, that are looked at in one piece. */
const BUCKETS_A_PIECE = 64;

export const prefixSchema = z.string().regex(/^[0-9A-Fa-f]{1,40}$/);

export const limitSchema = wholeNumber(1, MAX_LIMIT, DEFAULT_LIMIT).openapi({
  description:
    `Most entries of the page, ${DEFAULT_LIMIT} unless told; a very small one may be passed by a few`,
});

export const cursorSchema = z.string().regex(/^[0-9]{1,4}-[0-9]{1,10}$/).openapi({
  description: "Where to go on: `next` of the page before",
});

export const nextSchema = z.string().nullable().openapi({
  description: "What to give as `cursor` to go on, also where a page is not full; null after the last",
});

/** The first of all cursors. */
export const START = "0-0";

/** The two numbers of a cursor that {@link cursorSchema} has accepted. */
export function parseCursor(cursor: string): [first: number, second: number] {
  const [first, second] = cursor.split("-").map(Number);
  return [first, second];
}

/**
 * Adds the entries of `count` buckets of a shard from `bucket` on to `rows`, under a lock. Gives the next bucket, or −1
 * when the shard is through.
 */
export type LookIntoBuckets<Row> = (rows: Row[], shard: number, bucket: number, count: number) => number;

export interface FoundPage<Row> {
  readonly rows: Row[];
  readonly next: string | null;
}

/** Collects a page from a cursor on, with a look at the event loop all the time. */
export async function findPage<Row>(
  cursor: string,
  limit: number,
  look: LookIntoBuckets<Row>,
): Promise<FoundPage<Row>> {
  const search = new Search(look, limit, ...parseCursor(cursor));
  const end = performance.now() + SEARCH_MILLISECONDS;
  let sliceEnd = performance.now() + SLICE_MILLISECONDS;
  while (search.goOn()) {
    const now = performance.now();
    if (now > end) break;
    if (now < sliceEnd) continue;
    await nextTurn();
    sliceEnd = performance.now() + SLICE_MILLISECONDS;
  }
  return { rows: search.rows, next: search.next };
}

/** Whether the hash whose five words begin at `words[at]` begins with a prefix, "" being the beginning of each. */
export function prefixMatcher(prefix: string): (words: Int32Array, at: number) => boolean {
  const digits = Uint8Array.from(prefix, (digit) => parseInt(digit, 16));
  return (words, at) => {
    for (let i = 0; i < digits.length; i++) {
      const byte = words[at + (i >> 3)] >>> ((i >> 1 & 3) * 8) & 0xff;
      if ((i % 2 === 0 ? byte >> 4 : byte & 15) !== digits[i]) return false;
    }
    return true;
  };
}

/** Looks through the buckets, one shard after the other. */
class Search<Row> {
  readonly rows: Row[] = [];
  readonly #look: LookIntoBuckets<Row>;
  readonly #limit: number;
  #shard: number;
  #bucket: number;

  constructor(look: LookIntoBuckets<Row>, limit: number, shard: number, bucket: number) {
    this.#look = look;
    this.#limit = limit;
    this.#shard = shard;
    this.#bucket = bucket;
  }

  /** Where to go on, or null at the end. */
  get next(): string | null {
    return this.#shard < SHARDS ? `${this.#shard}-${this.#bucket}` : null;
  }

  /** Looks through some buckets; false when the page is full or nothing is left. */
  goOn(): boolean {
    const before = this.rows.length;
    if (this.#shard >= SHARDS || before >= this.#limit) return false;
    for (const buckets of this.#limit - before >= BUCKETS_A_PIECE ? [BUCKETS_A_PIECE, 1] : [1]) {
      const next = this.#look(this.rows, this.#shard, this.#bucket, buckets);
      // A page ends between two buckets. A bucket that holds more than a page is a page of its own.
      if (this.rows.length <= this.#limit || (buckets === 1 && before === 0)) {
        this.#bucket = Math.max(next, 0);
        if (next < 0) this.#shard++;
        return true;
      }
      this.rows.length = before;
    }
    return false;
  }
}
