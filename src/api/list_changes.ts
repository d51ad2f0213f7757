/** Changes of many entries of a list, in short steps: all of them, or none if there is no room. */
import { KEY_WORDS } from "../swarm/layout.ts";
import { type HashSet, SetCursor } from "../swarm/hash_set.ts";
import { inTurns } from "./turns.ts";

/** Entries between two looks at the clock. */
const STEP_ENTRIES = 64;

export interface ListChange {
  /** Entries that were added, given another value, or removed. */
  readonly changed: number;
  /** Entries that were so already. */
  readonly unchanged: number;
}

/** There is no room for all; so many were changed, which is 0 unless somebody else added entries at the same time. */
export class NoRoomError extends Error {
  readonly changed: number;

  constructor(changed: number) {
    super("no room");
    this.changed = changed;
  }
}

/**
 * Adds the entries, five words each, or gives those that are there the new value; of an entry that comes twice the last
 * value counts. Throws a NoRoomError when the list would hold more than `most`.
 */
export async function addEntries(
  list: HashSet,
  entries: Int32Array,
  most: number,
  valueOf: (place: number) => number = () => 0,
): Promise<ListChange> {
  let missing = 0;
  await forEachEntry(entries, (at) => {
    if (!list.has(entries, at)) missing++;
  });
  if (list.size() + missing > most) throw new NoRoomError(0);
  let changed = 0;
  await forEachEntry(entries, (at) => {
    const value = valueOf(at / KEY_WORDS);
    if (list.get(entries, at) === value) return;
    if (!list.set(entries, at, value)) throw new NoRoomError(changed);
    changed++;
  });
  return { changed, unchanged: entries.length / KEY_WORDS - changed };
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
