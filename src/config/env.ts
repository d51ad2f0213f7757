/** Reads the `DENOTRACK_` environment variables as values of the configuration. */

import type { Path } from "./lines.ts";
import { configKeys, type Keys, MAX_BLOCKS, type Node } from "./schema.ts";
import { oneLine, quoted, suggestion } from "./text.ts";

/** One value that a variable sets. */
export interface EnvSetting {
  readonly variable: string;
  readonly path: Path;
  readonly value: unknown;
}

export interface EnvReading {
  readonly settings: readonly EnvSetting[];
  /** One line each, the variable named first. */
  readonly problems: readonly string[];
}

const PREFIX = "DENOTRACK_";

/** What container platforms set in every container that can see a service of this name. */
const INJECTED = /^DENOTRACK_(SERVICE_.*|PORT|PORT_.*)$/;

/** The variable that sets the key at this path, such as `DENOTRACK_UDP_SERVER__0__BIND_ADDRESS`. */
export function variableName(path: Path): string {
  return PREFIX + path.map((part) => String(part).toUpperCase()).join("__");
}

/** Takes the variables with our prefix, in the order of their names; the others are not for us. */
export function readEnv(env: Readonly<Record<string, string>>): EnvReading {
  const settings: EnvSetting[] = [];
  const problems: string[] = [];
  for (const variable of Object.keys(env).sort()) {
    if (!variable.startsWith(PREFIX) || INJECTED.test(variable)) continue;
    const target = findTarget(variable);
    if (typeof target === "string") problems.push(`${oneLine(variable)}: ${target}`);
    else settings.push({ variable, path: target.path, value: target.node.note.fromText(env[variable]) });
  }
  return { settings, problems };
}

type KeyNode = Extract<Node, { kind: "key" }>;

interface Target {
  readonly path: Path;
  readonly node: KeyNode;
}

/** The key that a variable sets, or what is wrong with its name. */
function findTarget(variable: string): Target | string {
  const [name, ...rest] = variable.slice(PREFIX.length).split("__");
  const key = name.toLowerCase();
  const node = lookUp(configKeys, name);
  if (node === undefined) return unknownVariable(variable);
  if (node.kind === "key") return rest.length === 0 ? { path: [key], node } : unknownVariable(variable);
  if (node.kind === "table") return findInTable(variable, [key], node.keys, rest);
  const [index, ...inBlock] = rest;
  if (index === undefined) return needsKey([key, 0], node.keys);
  if (isBlockIndex(index)) return findInTable(variable, [key, Number(index)], node.keys, inBlock);
  return `${key}: expected a block number from 0 to ${MAX_BLOCKS - 1} after the name, found ${quoted(index)}`;
}

function findInTable(variable: string, path: Path, keys: Keys, names: readonly string[]): Target | string {
  if (names.length === 0) return needsKey(path, keys);
  const node = lookUp(keys, names[0]);
  if (names.length > 1 || node?.kind !== "key") return unknownVariable(variable);
  return { path: [...path, names[0].toLowerCase()], node };
}

/** Names are upper case, as written in the documentation; another spelling gets the right one suggested. */
function lookUp(keys: Keys, name: string): Node | undefined {
  return name === name.toUpperCase() ? keys.get(name.toLowerCase()) : undefined;
}

function isBlockIndex(text: string): boolean {
  return /^(0|[1-9][0-9]?)$/.test(text) && Number(text) < MAX_BLOCKS;
}

function needsKey(path: Path, keys: Keys): string {
  const [first] = keys.keys();
  return `${path[0]} is set key by key, as in ${variableName([...path, first])}`;
}

function unknownVariable(variable: string): string {
  const index = Number(/__([0-9]{1,2})__/.exec(variable)?.[1] ?? 0);
  const paths = allPaths(Math.min(index, MAX_BLOCKS - 1));
  return `unknown variable${suggestion(variable, paths.map(variableName), PREFIX)}`;
}

/** Every key there is, with one number for all blocks. */
function allPaths(index: number): Path[] {
  return [...configKeys].flatMap(([key, node]): Path[] => {
    if (node.kind === "key") return [[key]];
    const path = node.kind === "blocks" ? [key, index] : [key];
    return [...node.keys.keys()].map((child) => [...path, child]);
  });
}
