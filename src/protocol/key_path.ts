/**
 * The path of a tracker URL, which may carry a key: `/announce`, `/announce/KEY` or `/KEY/announce`, and the same
 * with `scrape`. HTTP has it in the request line, UDP in BEP 41 options.
 */
import { ascii, hexDigit } from "../base/bytes.ts";
import { KEY_ABSENT, KEY_BYTES, KEY_MALFORMED, KEY_PRESENT } from "./messages.ts";

export const ANNOUNCE_PATH = ascii("/announce");
export const SCRAPE_PATH = ascii("/scrape");

/** How much of a path is worth reading: a verb, a key and two slashes are shorter. */
export const MAX_PATH_BYTES = 64;

const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;

/**
 * Reads the key out of the first `length` bytes of a path into `key` (20 bytes). Gives `KEY_ABSENT` for the bare
 * verb or an empty path, `KEY_PRESENT`, or `KEY_MALFORMED` for anything else. Whatever follows a `?` is left out.
 */
export function parseKeyPath(path: Uint8Array, length: number, verb: Uint8Array, key: Uint8Array): number {
  let end = 0;
  while (end < length && path[end] !== QUESTION_MARK) end++;
  if (end > 0 && path[end - 1] === SLASH) end--;
  if (end === 0) return KEY_ABSENT;
  if (end === verb.length) return holds(path, 0, verb) ? KEY_ABSENT : KEY_MALFORMED;
  if (end !== verb.length + 1 + KEY_BYTES * 2) return KEY_MALFORMED;
  if (holds(path, 0, verb) && path[verb.length] === SLASH) return readKey(path, verb.length + 1, key);
  const keyFirst = path[0] === SLASH && holds(path, 1 + KEY_BYTES * 2, verb);
  return keyFirst ? readKey(path, 1, key) : KEY_MALFORMED;
}

function holds(path: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (path[at + i] !== part[i]) return false;
  return true;
}

function readKey(path: Uint8Array, at: number, key: Uint8Array): number {
  for (let i = 0; i < KEY_BYTES; i++) {
    const high = hexDigit(path[at + i * 2]);
    const low = hexDigit(path[at + i * 2 + 1]);
    if (high < 0 || low < 0) return KEY_MALFORMED;
    key[i] = (high << 4) | low;
  }
  return KEY_PRESENT;
}
