/** What was measured, kept as JSON: each part with the time, the machine and the command that made it. */
import type { Allocation } from "./allocation.ts";
import type { HttpComparison } from "./http_comparison.ts";
import type { Machine } from "./machine.ts";
import { picture } from "./picture.ts";
import type { Scale } from "./scale.ts";
import type { Stalls } from "./stalls.ts";
import { markdown } from "./table.ts";
import type { UdpComparison } from "./udp_comparison.ts";

/** The parts of the benchmark. */
export interface Sections {
  udp: UdpComparison;
  http: HttpComparison;
  allocation: Allocation;
  stalls: Stalls;
  scale: Scale;
}

/** How a part came about. */
export interface Made {
  /** UTC, to the minute. */
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
}

export type Results = { -readonly [Name in keyof Sections]?: { made: Made; found: Sections[Name] } };

/** What an earlier run of that name left there; nothing when there was none. */
export function readResults(folder: string, name: string): Results {
  try {
    return JSON.parse(Deno.readTextFileSync(`${folder}/${name}.json`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** Writes NAME.json, NAME.md and NAME.svg. */
export function writeResults(folder: string, name: string, results: Results): void {
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${folder}/${name}.json`, JSON.stringify(results, rounded, 2) + "\n");
  Deno.writeTextFileSync(`${folder}/${name}.md`, markdown(results) + "\n");
  Deno.writeTextFileSync(`${folder}/${name}.svg`, picture(results));
}

/** Six digits are more than any of these figures is good for. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}
