/** Finds the lines of a TOML text on which its keys stand, so that a problem can name the line to mend. */

import { oneLine } from "./text.ts";

/** Where something stands in the configuration: keys and list indexes from the top. */
export type Path = readonly (string | number)[];

/** The path as operators read it: `udp_server[0].bind_address`. */
export function formatPath(path: Path): string {
  const parts = path.map((part) => typeof part === "number" ? `[${part}]` : `.${oneLine(part)}`);
  return parts.join("").replace(/^\./, "");
}

/**
 * The line (from 1) of every key, table, block and list entry, under `pathId` of its path. The text must be one that
 * a TOML parser accepts. A key in quotes with an escape that only TOML knows is missing.
 */
export function findLines(text: string): ReadonlyMap<string, number> {
  const scan: Scan = { text, at: 0, line: 1, lines: new Map() };
  const blockCounts = new Map<string, number>();
  let table: Path = [];
  skipBlank(scan);
  while (scan.at < text.length) {
    const start = scan.at;
    if (text[scan.at] === "[") table = readHeader(scan, blockCounts);
    else readPair(scan, table);
    // Only on what is no TOML after all: a step that reads nothing would be repeated for ever.
    if (scan.at === start) scan.at++;
    skipBlank(scan);
  }
  return scan.lines;
}

/** The key of a path in the map of `findLines`. */
export function pathId(path: Path): string {
  return JSON.stringify(path);
}

/** Text that is being read, and what was found so far. */
interface Scan {
  readonly text: string;
  readonly lines: Map<string, number>;
  at: number;
  /** The line of `at`. */
  line: number;
}

/** The first mention counts: a table made by `[a.b]` stands there, even if `[a]` follows. */
function note(scan: Scan, path: Path): void {
  const id = pathId(path);
  if (!scan.lines.has(id)) scan.lines.set(id, scan.line);
}

/** Reads `[a.b]` or `[[a.b]]`; returns the path that the keys after it belong to. */
function readHeader(scan: Scan, blockCounts: Map<string, number>): Path {
  const isBlock = scan.text.startsWith("[[", scan.at);
  scan.at += isBlock ? 2 : 1;
  const names = readDottedKey(scan);
  let path: Path = [];
  names.forEach((name, i) => {
    path = [...path, name];
    note(scan, path);
    const isLast = i === names.length - 1;
    let count = blockCounts.get(pathId(path)) ?? 0;
    if (isBlock && isLast) blockCounts.set(pathId(path), ++count);
    // A header that passes through a list of blocks means the last of them.
    if (count > 0) {
      path = [...path, count - 1];
      note(scan, path);
    }
  });
  while (scan.text[scan.at] === "]") scan.at++;
  return path;
}

/** Reads `a.b = value`, the value's own keys included. */
function readPair(scan: Scan, table: Path): void {
  let path = table;
  for (const name of readDottedKey(scan)) {
    path = [...path, name];
    note(scan, path);
  }
  if (scan.text[scan.at] === "=") scan.at++;
  skipBlank(scan);
  readValue(scan, path);
}

/** Reads the names of a key up to the character that ends it. */
function readDottedKey(scan: Scan): string[] {
  const names: string[] = [];
  do {
    if (scan.text[scan.at] === ".") scan.at++;
    skipSpaces(scan);
    const quote = scan.text[scan.at];
    const start = scan.at;
    if (quote === '"' || quote === "'") {
      skipString(scan);
      names.push(unquote(scan.text.slice(start, scan.at)));
    } else {
      while (/[A-Za-z0-9_-]/.test(scan.text[scan.at] ?? "")) scan.at++;
      names.push(scan.text.slice(start, scan.at));
    }
    skipSpaces(scan);
  } while (scan.text[scan.at] === ".");
  return names;
}

function unquote(name: string): string {
  if (!name.includes("\\") || name.startsWith("'")) return name.slice(1, -1);
  try {
    return String(JSON.parse(name));
  } catch {
    return name;
  }
}

function readValue(scan: Scan, path: Path): void {
  const first = scan.text[scan.at];
  if (first === "[") {
    readItems(scan, "]", (index) => {
      note(scan, [...path, index]);
      readValue(scan, [...path, index]);
    });
  } else if (first === "{") {
    readItems(scan, "}", () => readPair(scan, path));
  } else if (first === '"' || first === "'") {
    skipString(scan);
  } else {
    while (scan.at < scan.text.length && !",]}#\n".includes(scan.text[scan.at])) scan.at++;
  }
}

/** Reads what stands between brackets, commas and comments left out. */
function readItems(scan: Scan, end: string, readItem: (index: number) => void): void {
  scan.at++;
  for (let index = 0;; index++) {
    skipBlank(scan);
    while (scan.text[scan.at] === ",") {
      scan.at++;
      skipBlank(scan);
    }
    if (scan.at >= scan.text.length) return;
    if (scan.text[scan.at] === end) {
      scan.at++;
      return;
    }
    const start = scan.at;
    readItem(index);
    if (scan.at === start) return;
  }
}

/** Steps over a string of any of the four kinds, its quotes included. */
function skipString(scan: Scan): void {
  const quote = scan.text[scan.at];
  const isLong = scan.text.startsWith(quote.repeat(3), scan.at);
  const end = isLong ? quote.repeat(3) : quote;
  scan.at += end.length;
  while (scan.at < scan.text.length && !scan.text.startsWith(end, scan.at)) {
    if (scan.text[scan.at] === "\n") scan.line++;
    if (quote === '"' && scan.text[scan.at] === "\\") {
      scan.at++;
      if (scan.text[scan.at] === "\n") scan.line++;
    }
    scan.at++;
  }
  scan.at = Math.min(scan.at + end.length, scan.text.length);
  // A long string may end in one or two quotes of its own before the closing three.
  while (isLong && scan.text[scan.at] === quote) scan.at++;
}

/** Steps over spaces, line ends and comments. */
function skipBlank(scan: Scan): void {
  while (scan.at < scan.text.length) {
    const character = scan.text[scan.at];
    if (character === "#") {
      while (scan.at < scan.text.length && scan.text[scan.at] !== "\n") scan.at++;
    } else if (character === "\n") {
      scan.line++;
      scan.at++;
    } else if (character === " " || character === "\t" || character === "\r" || character === "\uFEFF") {
      scan.at++;
    } else {
      return;
    }
  }
}

function skipSpaces(scan: Scan): void {
  while (scan.text[scan.at] === " " || scan.text[scan.at] === "\t") scan.at++;
}
