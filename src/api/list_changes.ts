/** Changes of many entries of a list, in short steps: all of them, or none if there is no room. */
import { KEY_WORDS } from "../swarm/layout.ts";
import { type HashSet, SetCursor } from "../swarm/hash_set.ts";
import { inTurns } from "./turns.ts";

/** Entries between two looks at the clock. */
const STEP_ENTRIES = 64;

export interface ListChange {
  /** Entries that were added or removed. */
  readonly changed: number;
  /** Entries that were so already. */
  readonly unchanged: number;
}

/** There is no room for all; so many were added, which is 0 unless somebody else added entries at the same time. */
export class NoRoomError extends Error {
  readonly added: number;

  constructor(added: number) {
    super("no room");
    this.added = added;
  }
}

/** Adds the entries, five words each. Throws a NoRoomError when the list would hold more than `most`. */
export async function addEntries(list: HashSet, entries: Int32Array, most: number): Promise<ListChange> {
  let missing = 0;
  await forEachEntry(entries, (at) => {
    if (!list.has(entries, at)) missing++;
  });
  if (list.size() + missing > most) throw new NoRoomError(0);
  let added = 0;
  await forEachEntry(entries, (at) => {
    if (list.has(entries, at)) return;
    if (!list.set(entries, at, 0)) throw new NoRoomError(added);
    added++;
  });
  return { changed: added, unchanged: entries.length / KEY_WORDS - added };
}

/** Removes the entries, five words each. */
export async function removeEntries(list: HashSet, entries: Int32Array): Promise<ListChange> {
  let removed = 0;
  await forEachEntry(entries, (at) => {
    if (list.remove(entries, at)) removed++;
  });
  return { changed: removed, unchanged: entries.length / KEY_WORDS - removed };
}

/** Removes all entries that are there now; gives their number. Some that are added meanwhile may stay. */
export async function clearList(list: HashSet): Promise<number> {
  const cursor = new SetCursor();
  const found: number[] = [];
  const entry = new Int32Array(KEY_WORDS);
  let removed = 0;
  await inTurns(() => {
    found.length = 0;
    const hasMore = list.visit(cursor, (words, at) => {
      for (let i = 0; i < KEY_WORDS; i++) found.push(words[at + i]);
    });
    for (let at = 0; at < found.length; at += KEY_WORDS) {
      for (let i = 0; i < KEY_WORDS; i++) entry[i] = found[at + i];
      if (list.remove(entry, 0)) removed++;
    }
    return hasMore;
  });
  return removed;
}

async function forEachEntry(entries: Int32Array, change: (at: number) => void): Promise<void> {
  let at = 0;
  await inTurns(() => {
    const end = Math.min(at + STEP_ENTRIES * KEY_WORDS, entries.length);
    for (; at < end; at += KEY_WORDS) change(at);
    return at < entries.length;
  });
}
