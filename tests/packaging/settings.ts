// What the packages have in common: they set the program up through its environment.

import assert from "node:assert/strict";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { repositoryRoot } from "../support/program.ts";

/** The configuration that these variables come to. They must be known, and good, and mean what they say. */
export function configOf(env: Readonly<Record<string, string>>): Config {
  const ours = Object.keys(env).filter((name) => name.startsWith("DENOTRACK_"));
  assert.ok(ours.length > 0);
  const result = parseConfig({ text: "", file: "none", env });
  assert.ok("config" in result, JSON.stringify(result));
  assert.deepEqual(result.warnings, []);
  return result.config;
}

export function readPackage(name: string): string {
  return Deno.readTextFileSync(`${repositoryRoot}/.ci/packaging/${name}`);
}
