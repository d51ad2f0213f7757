// The rules of the house (docs: who may import whom, what a pure level may use, where third parties stand), each a
// function from a file to what is wrong with it.

import { codeOnly, importsOf, lineAt, type SourceFile } from "./source_text.ts";

/** `path:line: what is wrong`. */
export type Finding = string;

/**
 * The levels, lowest first. A file may import from its own folder and from every level below; folders of one level are
 * siblings and never meet. `wiring` is src/*.ts, `main` is main.ts. The doctor looks at everything, and nobody needs it.
 */
const levels: readonly (readonly string[])[] = [
  ["base"],
  ["protocol", "swarm", "config"],
  ["tracker"],
  ["api", "persistence", "transport"],
  ["transfer"],
  ["wiring"],
  ["doctor"],
  ["main"],
];

/** Folders that are called from any thread, fuzzed and simulated: synchronous, without clock, chance or the world. */
const pureFolders = ["base", "protocol", "swarm", "tracker", "config"];
/** The places where the clock, the log and the configuration's file meet the world. */
const impureFiles = ["src/base/clock.ts", "src/base/log.ts", "src/config/file.ts"];

interface Ban {
  pattern: RegExp;
  folders: readonly string[];
  instead: string;
}

const bans: readonly Ban[] = [
  {
    pattern: /\bDate\s*\.\s*now\b|\bnew\s+Date\b/g,
    folders: pureFolders,
    instead: "take the time as an argument",
  },
  { pattern: /\bperformance\s*\.\s*now\b/g, folders: pureFolders, instead: "take the time as an argument" },
  { pattern: /\bMath\s*\.\s*random\b/g, folders: pureFolders, instead: "take a Prng as an argument" },
  {
    pattern: /\bcrypto\s*\.\s*(?:getRandomValues|randomUUID)\b/g,
    folders: ["protocol", "swarm", "tracker"],
    instead: "take random words as an argument",
  },
  { pattern: /\bawait\b|\basync\b/g, folders: pureFolders, instead: "stay synchronous" },
  { pattern: /\bDeno\s*\./g, folders: pureFolders, instead: "leave the world to the edges" },
  {
    pattern: /\b(?:setTimeout|setInterval|queueMicrotask)\b/g,
    folders: pureFolders,
    instead: "leave timers to the wiring",
  },
];

/** Where each package may be imported: path prefixes. A package that is missing here may be imported nowhere in src/. */
const thirdParties: Readonly<Record<string, readonly string[]>> = {
  "hono": ["src/transport/http", "src/api/"],
  "@hono/zod-openapi": ["src/api/"],
  "prom-client": ["src/api/"],
  "zod": ["src/config/", "src/api/"],
  "smol-toml": ["src/config/"],
  "fastest-levenshtein": ["src/config/"],
  "@logtape/logtape": ["src/base/log.ts"],
  "commander": ["src/flags.ts"],
  "mysql2": ["src/persistence/mysql.ts"],
  "postgres": ["src/persistence/postgres.ts"],
  "node:sqlite": ["src/persistence/sqlite.ts"],
};

/** Parts of the platform with no business in a pure folder, beyond its `Deno.` ban. */
const pureNodeModules = ["node:buffer"];

const maxLines = 500;
const maxMainLines = 100;
const meaninglessNames = ["utils", "util", "helpers", "common", "manager", "types", "index", "misc"];

/** The rules that look at one file of the program (main.ts and src/) at a time. */
export function checkProgramFile(file: SourceFile): Finding[] {
  return [layering, bannedWords, packages, anyTypes, fileLength, barrels].flatMap((rule) => rule(file));
}

export function layering({ path, text }: SourceFile): Finding[] {
  const findings: Finding[] = [];
  for (const { specifier, line } of importsOf(text)) {
    if (!specifier.startsWith(".")) continue;
    const target = resolvePath(path, specifier);
    const problem = importProblem(path, target);
    if (problem !== undefined) findings.push(`${path}:${line}: imports ${target}: ${problem}`);
  }
  return findings;
}

export function bannedWords({ path, text }: SourceFile): Finding[] {
  const findings: Finding[] = [];
  const code = codeOnly(text);
  const folder = folderOf(path);
  for (const { pattern, folders, instead } of bans) {
    if (!folders.includes(folder) || impureFiles.includes(path)) continue;
    for (const match of code.matchAll(pattern)) {
      findings.push(`${path}:${lineAt(code, match.index)}: ${match[0]} is banned in ${folder}: ${instead}`);
    }
  }
  if (path === "src/transport/linux_ffi.ts") return findings;
  for (const match of code.matchAll(/\bDeno\s*\.\s*dlopen\b/g)) {
    findings.push(`${path}:${lineAt(code, match.index)}: Deno.dlopen belongs in src/transport/linux_ffi.ts`);
  }
  return findings;
}

export function packages({ path, text }: SourceFile): Finding[] {
  const isPure = pureFolders.includes(folderOf(path)) && !impureFiles.includes(path);
  return importsOf(text).flatMap(({ specifier, line }) => {
    if (specifier.startsWith(".")) return [];
    const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
    const places = thirdParties[name];
    const where = `${path}:${line}: imports ${specifier}`;
    if (places?.some((place) => path.startsWith(place))) return [];
    if (places !== undefined) return [`${where}, which belongs in ${places.join(", ")}`];
    if (!name.startsWith("node:")) return [`${where}, which has no place in the tidy rules' table`];
    return isPure && !pureNodeModules.includes(name) ? [`${where}: a pure folder does without it`] : [];
  });
}

export function anyTypes({ path, text }: SourceFile): Finding[] {
  const code = codeOnly(text);
  const pattern = /(?::|\bas\b|\bsatisfies\b|[<,|&=])\s*any\b(?!\s*[(:.=])|\bany\s*\[\]/g;
  return [...code.matchAll(pattern)].map((match) => `${path}:${lineAt(code, match.index)}: the type any`);
}

export function fileLength({ path, text }: SourceFile): Finding[] {
  const lines = text.trimEnd().split("\n").length;
  const most = path === "main.ts" ? maxMainLines : maxLines;
  return lines > most ? [`${path}:${most + 1}: ${lines} lines, ${most} are allowed`] : [];
}

export function barrels({ path, text }: SourceFile): Finding[] {
  const code = codeOnly(text);
  return [...code.matchAll(/\bexport\s*\*/g)].map((match) =>
    `${path}:${lineAt(code, match.index)}: export *: import from where things are`
  );
}

export function fileNames({ path }: SourceFile): Finding[] {
  const name = path.split("/").at(-1)!;
  const findings: Finding[] = [];
  if (!/^[a-z0-9]+(?:_[a-z0-9]+)*\.tsx?$/.test(name)) findings.push(`${path}:1: the name is not snake_case`);
  if (meaninglessNames.includes(name.replace(/\.tsx?$/, ""))) {
    findings.push(`${path}:1: the name says nothing`);
  }
  return findings;
}

/** Put together here so that this file does not contain what it looks for. */
const unfinished = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`, "g");

export function unfinishedWork({ path, text }: SourceFile): Finding[] {
  return [...text.matchAll(unfinished)].map((match) =>
    `${path}:${lineAt(text, match.index)}: ${match[0]}: do it, or leave it`
  );
}

const localPaths = /(?<![\w.$~}/-])\/(?:work|root|home|Users)\/[\w.]/g;
const registryHosts =
  /\b(?:registry\.npmjs\.org|registry\.yarnpkg\.com|(?:npm\.)?jsr\.io|esm\.sh|unpkg\.com|cdn\.jsdelivr\.net|deb\.debian\.org|pypi\.org|crates\.io|proxy\.golang\.org)\b/g;

/** Nothing in the repository depends on one machine's folders or on a package registry's address. */
export function localNames({ path, text }: SourceFile): Finding[] {
  return [localPaths, registryHosts].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) =>
      `${path}:${lineAt(text, match.index)}: ${match[0]} holds for one machine or one registry`
    )
  );
}

/** The test that mirrors a source file: `src/base/ip.ts` has `tests/base/ip_test.ts`. */
export function mirrorOf(path: string): string {
  return path.replace(/^src\//, "tests/").replace(/^main\.ts$/, "tests/main.ts").replace(/\.ts$/, "_test.ts");
}

/** `coveredBy` names, for a file without a test of its own, the test that covers it. */
export function mirrors(
  sources: readonly string[],
  tests: ReadonlySet<string>,
  coveredBy: Readonly<Record<string, string>>,
): Finding[] {
  return sources.flatMap((path) => {
    const cover = coveredBy[path];
    if (tests.has(mirrorOf(path))) return [];
    if (cover === undefined) return [`${path}:1: ${mirrorOf(path)} is missing`];
    return tests.has(cover) ? [] : [`${path}:1: neither ${mirrorOf(path)} nor ${cover} is there`];
  });
}

function importProblem(path: string, target: string): string | undefined {
  if (target === "deno.json") return levelOf(path) >= levelOf("src/api/") ? undefined : "it knows no project";
  if (target.startsWith("webgui/")) {
    return folderOf(path) === "api" ? undefined : "only the API serves the web interface";
  }
  if (!target.startsWith("src/")) return "it is not part of the program";
  if (levelOf(target) === -1) return "its folder is not in the table of levels";
  if (target === "src/app.ts" && path !== "main.ts") return "only main.ts starts the application";
  if (target === "src/worker.ts") return "a Worker is started by its URL";
  if (folderOf(path) === folderOf(target)) return undefined;
  if (levelOf(target) < levelOf(path)) return undefined;
  const relation = levelOf(target) === levelOf(path) ? "siblings never meet" : "arrows only go down";
  return `${folderOf(path)} may not use ${folderOf(target)}, ${relation}`;
}

function levelOf(path: string): number {
  return levels.findIndex((folders) => folders.includes(folderOf(path)));
}

function folderOf(path: string): string {
  if (path === "main.ts") return "main";
  const parts = path.split("/");
  return parts.length === 2 ? "wiring" : parts[1]!;
}

function resolvePath(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}
