/** What is pasted into a list: checked line by line before anything is sent. */
import { unixNow } from "./format.ts";

export interface BadLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly reason: string;
}

export interface CheckedLines {
  /** As they are sent: hashes in lower case, each once; the last line of a hash counts. */
  readonly entries: readonly string[];
  readonly repeated: number;
  readonly badCount: number;
  /** The first of them. */
  readonly bad: readonly BadLine[];
}

const SHOWN_BAD_LINES = 20;
const SHOWN_CHARACTERS = 60;

/** The latest time that a key may end at. */
const LATEST_END = 2 ** 32 - 1;

/** With `takesEnds` a hash may be followed by the UNIX time at which it ends. */
export function checkLines(text: string, takesEnds = false): CheckedLines {
  const entries = new Map<string, string>();
  const bad: BadLine[] = [];
  let repeated = 0;
  let badCount = 0;
  text.split(/\r\n|\n|\r/).forEach((line, i) => {
    const entry = line.trim();
    if (entry === "") return;
    const [hash, end] = takesEnds ? entry.split(/\s+(.*)/) : [entry];
    const reason = problemOf(hash) ?? problemOfEnd(end);
    if (reason !== undefined) {
      badCount++;
      if (bad.length < SHOWN_BAD_LINES) bad.push({ number: i + 1, text: shorten(entry), reason });
      return;
    }
    const key = hash.toLowerCase();
    const before = entries.size;
    entries.set(key, end === undefined ? key : `${key} ${end}`);
    if (entries.size === before) repeated++;
  });
  return { entries: [...entries.values()], repeated, badCount, bad };
}

/** Whether a text is 40 hexadecimal digits. */
export function isHash(text: string): boolean {
  return /^[0-9a-f]{40}$/i.test(text);
}

/** Whether a text may be the beginning of a hash. */
export function isPrefix(text: string): boolean {
  return /^[0-9a-f]{0,40}$/i.test(text);
}

function problemOf(hash: string): string | undefined {
  if (isHash(hash)) return undefined;
  if (!/^[0-9a-f]*$/i.test(hash)) return "not only hexadecimal digits";
  return `${hash.length} digits, 40 are wanted`;
}

function problemOfEnd(end: string | undefined): string | undefined {
  if (end === undefined) return undefined;
  if (!/^\d{1,10}$/.test(end) || Number(end) > LATEST_END) return "what follows the key is no UNIX time";
  return Number(end) > 0 && Number(end) <= unixNow() ? "its time is over" : undefined;
}

function shorten(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
