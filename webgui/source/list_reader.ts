/**
 * Reads a list of the tracker while it arrives. A list may hold many millions of entries: a page of it is taken from
 * the stream, which is then left.
 */
import { ask } from "./api_client.ts";
import type { ListName } from "./tracker_facts.ts";

export interface Entry {
  readonly hash: string;
  /** UNIX time at which a key ends, 0 for never; 0 for what is no key. */
  readonly end: number;
}

export interface EntryPage {
  readonly entries: readonly Entry[];
  readonly hasMore: boolean;
}

const HASH_DIGITS = 40;

/** An entry of `["hash", …]`, and of `[["key",1800000000], …]`. */
const HASH = /"([0-9a-f]{40})"/g;
const KEY = /\["([0-9a-f]{40})",(\d+)\]/g;

/** Reads the entries that begin with `prefix`: `size` of them after the first `skip`. */
export async function readPage(
  list: ListName,
  prefix: string,
  skip: number,
  size: number,
  signal: AbortSignal,
): Promise<EntryPage> {
  const entries: Entry[] = [];
  let seen = 0;
  const leave = new AbortController();
  const either = AbortSignal.any([signal, leave.signal]);
  for await (const found of readEntries(list, either)) {
    for (const entry of found) {
      if (!entry.hash.startsWith(prefix)) continue;
      if (seen++ < skip) continue;
      if (entries.length === size) {
        leave.abort();
        return { entries, hasMore: true };
      }
      entries.push(entry);
      // No other entry has the same hash.
      if (prefix.length === HASH_DIGITS) {
        leave.abort();
        return { entries, hasMore: false };
      }
    }
  }
  return { entries, hasMore: false };
}

/** The whole list, some entries at a time. */
export async function* readEntries(list: ListName, signal: AbortSignal): AsyncGenerator<Entry[]> {
  const response = await ask(`/api/${list}`, { signal });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    let end = 0;
    const entries = Array.from(text.matchAll(list === "keys" ? KEY : HASH), (match) => {
      end = match.index + match[0].length;
      return { hash: match[1], end: Number(match[2] ?? 0) };
    });
    text = text.slice(end);
    if (entries.length > 0) yield entries;
  }
}
