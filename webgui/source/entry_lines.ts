/** What is pasted into a list: checked line by line before anything is sent. */

export interface BadLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly reason: string;
}

export interface CheckedLines {
  /** In lower case, each once. */
  readonly hashes: readonly string[];
  readonly repeated: number;
  readonly badCount: number;
  /** The first of them. */
  readonly bad: readonly BadLine[];
}

const SHOWN_BAD_LINES = 20;
const SHOWN_CHARACTERS = 60;

export function checkLines(text: string): CheckedLines {
  const hashes = new Set<string>();
  const bad: BadLine[] = [];
  let repeated = 0;
  let badCount = 0;
  text.split(/\r\n|\n|\r/).forEach((line, i) => {
    const entry = line.trim();
    if (entry === "") return;
    const reason = problemOf(entry);
    if (reason !== undefined) {
      badCount++;
      if (bad.length < SHOWN_BAD_LINES) bad.push({ number: i + 1, text: shorten(entry), reason });
      return;
    }
    const before = hashes.size;
    hashes.add(entry.toLowerCase());
    if (hashes.size === before) repeated++;
  });
  return { hashes: [...hashes], repeated, badCount, bad };
}

/** Whether a text is 40 hexadecimal digits. */
export function isHash(text: string): boolean {
  return /^[0-9a-f]{40}$/i.test(text);
}

/** Whether a text may be the beginning of a hash. */
export function isPrefix(text: string): boolean {
  return /^[0-9a-f]{0,40}$/i.test(text);
}

function problemOf(entry: string): string | undefined {
  if (isHash(entry)) return undefined;
  if (!/^[0-9a-f]*$/i.test(entry)) return "not only hexadecimal digits";
  return `${entry.length} digits, 40 are wanted`;
}

function shorten(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
