/** Reads a list of the tracker, which may hold many millions of entries: page by page, or all of it in a stream. */
import { ask, askJson } from "./api_client.ts";
import type { ListName } from "./tracker_facts.ts";

export interface Entry {
  readonly hash: string;
  /** UNIX time at which a key ends, 0 for never; 0 for what is no key. */
  readonly end: number;
}

export interface EntryPage {
  readonly entries: readonly Entry[];
  /** The cursor of the next page, `null` after the last. */
  readonly next: string | null;
}

const SLICE_MILLISECONDS = 20;

/** An entry of `["hash", …]`, and of `[["key",1800000000], …]`. */
type GivenEntry = string | readonly [key: string, end: number];

const HASH = /"([0-9a-f]{40})"/g;
const KEY = /\["([0-9a-f]{40})",(\d+)\]/g;

/**
 * Reads about `size` of the entries that begin with `prefix`, from a cursor on. The tracker looks for those that are few
 * for a moment only, and is asked again from there.
 */
export async function readPage(
  list: ListName,
  prefix: string,
  cursor: string,
  size: number,
  signal: AbortSignal,
): Promise<EntryPage> {
  const entries: Entry[] = [];
  let next: string | null = cursor;
  do {
    const query = new URLSearchParams({ limit: String(size - entries.length) });
    if (prefix !== "") query.set("prefix", prefix);
    if (next !== "") query.set("cursor", next);
    const page: { entries: readonly GivenEntry[]; next: string | null } = await askJson(
      `/api/${list}?${query}`,
      { signal },
    );
    for (const entry of page.entries) entries.push(readEntry(entry));
    next = page.next;
  } while (next !== null && entries.length < size / 2);
  return { entries, next };
}

/** The whole list, some entries at a time, with a turn for the page in between: they come faster than it can draw. */
export async function* readEntries(list: ListName, signal: AbortSignal): AsyncGenerator<Entry[]> {
  const response = await ask(`/api/${list}`, { signal });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let sliceEnd = performance.now() + SLICE_MILLISECONDS;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (performance.now() > sliceEnd) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      sliceEnd = performance.now() + SLICE_MILLISECONDS;
    }
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

function readEntry(entry: GivenEntry): Entry {
  return typeof entry === "string" ? { hash: entry, end: 0 } : { hash: entry[0], end: entry[1] };
}
