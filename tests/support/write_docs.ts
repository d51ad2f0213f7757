/** Writes what is made from the configuration's schema: config.toml.example, and the table of the README. */
import { configTable, exampleConfig } from "../../src/config/config.ts";

const README = new URL("../../README.md", import.meta.url);
const EXAMPLE = new URL("../../config.toml.example", import.meta.url);

/** The README with its table as the schema has it now. */
export function withConfigTable(readme: string): string {
  const [before, rest] = readme.split(/(?<=<!-- configuration table:[^\n]*\n)/);
  const after = rest.slice(rest.indexOf("<!-- end of the configuration table -->"));
  return `${before}\n${configTable().trim()}\n\n${after}`;
}

if (import.meta.main) {
  Deno.writeTextFileSync(README, withConfigTable(Deno.readTextFileSync(README)));
  Deno.writeTextFileSync(EXAMPLE, exampleConfig(""));
}
