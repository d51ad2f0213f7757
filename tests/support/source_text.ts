// TypeScript source reduced to what the tidy rules look at, with every character kept at its line and column.

/** A file of the repository. `path` is relative to its root, with slashes. */
export interface SourceFile {
  path: string;
  text: string;
}

export interface Import {
  specifier: string;
  /** Counted from 1. */
  line: number;
}

/** What a stretch of source is. */
type Kind = "code" | "comment" | "string" | "template" | "regexp";

interface Stretch {
  kind: Kind;
  start: number;
  end: number;
}

/** The source with comments, strings, templates and regular expressions blanked: code only. */
export function codeOnly(text: string): string {
  return blank(text, (kind) => kind !== "code");
}

/** The modules that a file imports or re-exports, also by `import()` and of types. */
export function importsOf(text: string): Import[] {
  const source = blank(text, (kind) => kind === "comment" || kind === "template" || kind === "regexp");
  const patterns = [
    /^[ \t]*(?:import|export)\b[^;"'`]*?\bfrom\s*(?:"([^"\n]+)"|'([^'\n]+)')/gm,
    /^[ \t]*import\s*(?:"([^"\n]+)"|'([^'\n]+)')/gm,
    /\bimport\s*\(\s*(?:"([^"\n]+)"|'([^'\n]+)')/g,
  ];
  const found = patterns.flatMap((pattern) =>
    [...source.matchAll(pattern)].map((match) => ({
      specifier: match[1] ?? match[2]!,
      line: lineAt(source, match.index + match[0].length),
    }))
  );
  return found.sort((a, b) => a.line - b.line);
}

/** Counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i !== -1 && i < offset; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

function blank(text: string, isBlanked: (kind: Kind) => boolean): string {
  return stretchesOf(text).map(({ kind, start, end }) => {
    const part = text.slice(start, end);
    return isBlanked(kind) ? part.replace(/[^\n]/g, " ") : part;
  }).join("");
}

/** Cuts the source into stretches, without gaps. */
function stretchesOf(text: string): Stretch[] {
  const stretches: Stretch[] = [];
  // Depths of braces at which the code inside a `${` ends and its template goes on.
  const templates: number[] = [];
  let depth = 0;
  let position = 0;
  let codeStart = 0;
  const push = (kind: Kind, end: number) => {
    if (codeStart < position) stretches.push({ kind: "code", start: codeStart, end: position });
    stretches.push({ kind, start: position, end });
    position = codeStart = end;
  };
  const pushTemplate = () => {
    const end = templateEnd(text, position + 1);
    if (text.startsWith("${", end - 2)) templates.push(depth++);
    push("template", end);
  };
  while (position < text.length) {
    const character = text[position]!;
    const two = text.slice(position, position + 2);
    if (two === "//") push("comment", endOf(text, "\n", position));
    else if (two === "/*") push("comment", endOf(text, "*/", position + 2) + 2);
    else if (character === '"' || character === "'") push("string", quotedEnd(text, position));
    else if (character === "`") pushTemplate();
    else if (character === "/" && isRegExpAllowed(text.slice(codeStart, position), stretches, text)) {
      push("regexp", regExpEnd(text, position));
    } else if (character === "}" && templates.at(-1) === depth - 1) {
      depth = templates.pop()!;
      pushTemplate();
    } else {
      if (character === "{") depth++;
      if (character === "}") depth--;
      position++;
    }
  }
  if (codeStart < position) stretches.push({ kind: "code", start: codeStart, end: position });
  return stretches;
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
}

function quotedEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === text[start] || text[i] === "\n") return i + 1;
  }
  return text.length;
}

/** Just after the closing backtick or the `${` that interrupts the template. */
function templateEnd(text: string, start: number): number {
  for (let i = start; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "`") return i + 1;
    else if (text.startsWith("${", i)) return i + 2;
  }
  return text.length;
}

function regExpEnd(text: string, start: number): number {
  let isInClass = false;
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "[") isInClass = true;
    else if (text[i] === "]") isInClass = false;
    else if (text[i] === "/" && !isInClass || text[i] === "\n") return i + 1;
  }
  return text.length;
}

/** A slash after a value divides; anywhere else it starts a regular expression. */
function isRegExpAllowed(code: string, before: readonly Stretch[], text: string): boolean {
  const trimmed = code.trimEnd();
  if (trimmed !== "") {
    return !/(?:[\w$)\]}]|\+\+|--)$/.test(trimmed) || /\b(?:return|typeof|case|in|of)$/.test(trimmed);
  }
  const last = before.findLast(({ kind, start, end }) =>
    kind !== "comment" && text.slice(start, end).trim() !== ""
  );
  return last === undefined ||
    last.kind === "code" && isRegExpAllowed(text.slice(last.start, last.end), [], text);
}
