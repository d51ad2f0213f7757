/**
 * The configuration: reads and checks a file and the environment. Pure: the text, the name of the file and the
 * variables are arguments. What the keys are stands in config_schema.ts.
 */

import { parse, TomlError } from "smol-toml";
import { checkTree } from "./check.ts";
import { readEnv } from "./env.ts";
import { findLines } from "./lines.ts";
import { Report } from "./report.ts";
import { findConflicts, findOddities } from "./rules.ts";
import { type Config, configSchema, defaultConfig } from "./schema.ts";
import { oneLine } from "./text.ts";

export {
  type ApiServerConfig,
  type BindAddress,
  type Config,
  type DbStructure,
  type HttpServerConfig,
  parseBindAddress,
  type UdpServerConfig,
} from "./schema.ts";
export { configTable, exampleConfig, printConfig, publicConfig } from "./print.ts";

/** Where a configuration comes from. */
export interface ConfigSource {
  /** The TOML text; "" where there is no file. */
  readonly text: string;
  /** The name of the file, as problems show it. */
  readonly file: string;
  /** The environment; variables without our prefix are not looked at. */
  readonly env: Readonly<Record<string, string>>;
}

/** A configuration to run with, or all that is wrong with it: one line each, with its file and line or its variable. */
export type ConfigResult =
  | { readonly config: Config; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] };

/**
 * Reads a configuration: the file over the defaults, the environment over the file. Never throws. Reports all
 * problems at once; only of a text that is no TOML, the first mistake alone is known. No line holds a secret.
 */
export function parseConfig({ text, file, env }: ConfigSource): ConfigResult {
  const { settings, problems: variableProblems } = readEnv(env);
  const toml = parseToml(text);
  if ("mistake" in toml) return { problems: [`${oneLine(file)}:${toml.mistake}`, ...variableProblems] };
  const report = new Report(file, findLines(text), settings);
  const tree = checkTree(toml.tree, settings, report);
  const config = configSchema.parse(followInterval(tree));
  findConflicts(config).forEach((finding) => report.addConflict(finding));
  const problems = [...report.problems(), ...variableProblems];
  if (problems.length > 0) return { problems };
  return { config, warnings: findOddities(config).map((finding) => report.describe(finding)) };
}

/** What the parser says of a text without quotes, depending on how it starts. */
const UNQUOTED = /^(invalid value|illegal character in numeric literal|each key-value declaration)/;

/** The text as plain tables and lists, or its first mistake as `LINE:COLUMN: what is wrong`. */
function parseToml(text: string): { tree: Readonly<Record<string, unknown>> } | { mistake: string } {
  try {
    return { tree: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) return { mistake: " not valid TOML" };
    // The lines after the first quote the file, which may hold a secret.
    const reason = error.message.split("\n")[0].replace("Invalid TOML document: ", "");
    const hint = UNQUOTED.test(reason) ? " (text stands in quotes; numbers, true and false do not)" : "";
    return { mistake: `${error.line}:${error.column}: not valid TOML: ${reason}${hint}` };
  }
}

/** Whoever sets only a lower `interval` wants clients back sooner, not a conflict with a default they never saw. */
function followInterval(tree: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (tree.interval_minimum !== undefined || typeof tree.interval !== "number") return tree;
  return { ...tree, interval_minimum: Math.min(tree.interval, defaultConfig().interval_minimum) };
}
