/** Checks every key of a configuration by itself, so that one wrong key does not hide another. */

import { type EnvSetting, variableName } from "./env.ts";
import type { Path } from "./lines.ts";
import type { Report } from "./report.ts";
import { configKeys, type KeyNote, type Keys, MAX_BLOCKS, type Node } from "./schema.ts";
import { either, showKind, showValue, suggestion } from "./text.ts";

type Table = Readonly<Record<string, unknown>>;
type KeyNode = Extract<Node, { kind: "key" }>;

/**
 * Puts the settings over the file's tables and reports all that is wrong. What it returns is the part that is right:
 * the schema accepts it.
 */
export function checkTree(file: Table, settings: readonly EnvSetting[], report: Report): Table {
  return checkTable(withSettings(file, settings, report), configKeys, [], report);
}

function withSettings(file: Table, settings: readonly EnvSetting[], report: Report): Table {
  const tree: Record<string, unknown> = { ...file };
  // In the order of the block numbers, so that block 10 comes after block 9.
  for (const setting of settings.toSorted((a, b) => blockNumber(a) - blockNumber(b))) {
    const [name, index] = setting.path;
    const key = String(setting.path.at(-1));
    if (setting.path.length === 1) tree[key] = setting.value;
    else if (typeof index === "number") setInBlock(tree, setting, index, report);
    else tree[name] = withKey(tree[name] ?? {}, key, setting.value);
  }
  return tree;
}

function blockNumber({ path }: EnvSetting): number {
  return typeof path[1] === "number" ? path[1] : -1;
}

/** A block's number is that of one in the file, or the next one. Without any in the file, block 0 is the default. */
function setInBlock(tree: Record<string, unknown>, setting: EnvSetting, index: number, report: Report): void {
  const name = setting.path[0];
  const blocks: unknown = tree[name] ?? [{}];
  if (!Array.isArray(blocks)) return;
  if (index > blocks.length) {
    const next = variableName([name, blocks.length, setting.path[2]]);
    report.add(setting.path, `there is no ${name}[${blocks.length}] before it, did you mean ${next}?`);
    return;
  }
  tree[name] = blocks.toSpliced(
    index,
    1,
    withKey(blocks[index] ?? {}, String(setting.path[2]), setting.value),
  );
}

/** The table with one more key. What is no table stays as it is, and is reported as such later. */
function withKey(table: unknown, key: string, value: unknown): unknown {
  return isTable(table) ? { ...table, [key]: value } : table;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function checkTable(table: Table, keys: Keys, path: Path, report: Report): Table {
  const checked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(table)) {
    const node = keys.get(key);
    if (node === undefined) report.add([...path, key], unknownKey(key, keys, path));
    else checked[key] = checkNode(node, value, [...path, key], report);
  }
  return checked;
}

/** The value, or `undefined` after a report. */
function checkNode(node: Node, value: unknown, path: Path, report: Report): unknown {
  if (node.kind === "key") return checkKey(node, value, path, report);
  if (node.kind === "blocks") return checkBlocks(node.keys, value, path, report);
  if (isTable(value)) return checkTable(value, node.keys, path, report);
  report.add(path, `expected the section [${path[0]}], found ${showKind(value)}`);
  return undefined;
}

function checkBlocks(keys: Keys, value: unknown, path: Path, report: Report): unknown {
  const blocks = `[[${path[0]}]]`;
  if (!Array.isArray(value)) {
    const found = isTable(value) ? `a single section; write ${blocks} with two brackets` : showKind(value);
    report.add(path, `expected blocks that start with ${blocks}, found ${found}`);
    return undefined;
  }
  if (value.length > MAX_BLOCKS) {
    report.add(path, `expected at most ${MAX_BLOCKS} ${blocks} blocks, found ${value.length}`);
    return undefined;
  }
  return value.map((block: unknown, index) => {
    if (isTable(block)) return checkTable(block, keys, [...path, index], report);
    report.add([...path, index], `expected a block with the keys of ${blocks}, found ${showKind(block)}`);
    return {};
  });
}

function checkKey({ schema, note }: KeyNode, value: unknown, path: Path, report: Report): unknown {
  const result = schema.safeParse(value);
  if (result.success) return value;
  const wrongEntries = Array.isArray(value)
    ? new Set(result.error.issues.flatMap((issue) => issue.path))
    : new Set();
  for (const index of wrongEntries) {
    if (typeof index !== "number" || !Array.isArray(value)) continue;
    report.add([...path, index], `expected ${note.expectedEntry}, found ${showValue(value[index])}`);
  }
  if (wrongEntries.size === 0) {
    const expected = `${note.expected}${isQuotedInVain(value, note, schema) ? " without quotes" : ""}`;
    report.add(path, `expected ${expected}, found ${note.secret ? showKind(value) : showValue(value)}`);
  }
  return undefined;
}

/** Whether the file holds a number or a boolean in quotes. */
function isQuotedInVain(value: unknown, note: KeyNote, schema: KeyNode["schema"]): boolean {
  if (typeof value !== "string") return false;
  const meant = note.fromText(value);
  return (typeof meant === "number" || typeof meant === "boolean") && schema.safeParse(meant).success;
}

function unknownKey(key: string, keys: Keys, path: Path): string {
  const homes = homesOf(key);
  if (homes.length === 0) return `unknown key${suggestion(key, [...keys.keys()])}`;
  const here = path.length === 0 ? "before the first section" : `in ${sectionName(String(path[0]))}`;
  return `unknown key ${here}, it belongs ${either(homes)}`;
}

/** Where a key of this name is known: one in the wrong place is a slip of its own. */
function homesOf(key: string): string[] {
  const homes = configKeys.has(key) ? ["before the first section of the file"] : [];
  for (const [name, node] of configKeys) {
    if (node.kind !== "key" && node.keys.has(key)) homes.push(`in ${sectionName(name)}`);
  }
  return homes;
}

function sectionName(name: string): string {
  return configKeys.get(name)?.kind === "blocks" ? `[[${name}]]` : `[${name}]`;
}
