/**
 * The benchmark: `deno task bench [--quick | --tiny] [--only udp,http,…] [--scale 1,10,100] [--results
 * FOLDER]`.
 *
 * Measures this tracker beside others and against its limits, each server in turns on one core and the load on the
 * other, and prints what it must reach with what it reached. Results, table and picture go to `bench/results/`, where
 * a part that was measured alone takes the place of the same part there.
 */
import { parseArgs } from "node:util";
import { measureAllocation } from "./allocation.ts";
import { compareHttp } from "./http_comparison.ts";
import { describeMachine, missingMachine, pinMyself } from "./machine.ts";
import { type Plan, PLANS } from "./plan.ts";
import { readResults, type Results, type Sections, writeResults } from "./results.ts";
import { endAll } from "./servers/server.ts";
import { markdown } from "./table.ts";
import { measureScale } from "./scale.ts";
import { measureStalls } from "./stalls.ts";
import { compareUdp } from "./udp_comparison.ts";

/** Measures a part; the folder is its own, and lines about how it goes on go to `say`. */
type Measure<T> = (plan: Plan, folder: string, say: (line: string) => void) => Promise<T>;

/** The parts in the order in which they run. */
const MEASURES: { readonly [Name in keyof Sections]: Measure<Sections[Name]> } = {
  udp: compareUdp,
  http: compareHttp,
  allocation: measureAllocation,
  stalls: measureStalls,
  scale: measureScale,
};

/** What is always running somewhere; more than that falsifies what is measured. */
const QUIET_SHARE = 0.05;

/** Nothing hangs for ever: a run that takes this long is ended. */
const LIMIT_MINUTES = { full: 90, quick: 10, tiny: 3 };

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
    scale: { type: "string" },
    only: { type: "string", default: Object.keys(MEASURES).join(",") },
    results: { type: "string", default: new URL("results", import.meta.url).pathname },
  },
});
const plan = planOf(PLANS[flags.tiny ? "tiny" : flags.quick ? "quick" : "full"]);
const names = flags.only.split(",").map(sectionName);

let isEnding = false;

const reason = missingMachine();
if (reason !== undefined) fail(`nothing can be measured here: ${reason}`, 1);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => end(`ended by ${signal}`, 130));
}
// A failure that nobody waits for would end this program without its servers.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  void end(`failed: ${event.reason instanceof Error ? event.reason.stack : event.reason}`, 1);
});
const limit = setTimeout(
  () => end(`no end after ${LIMIT_MINUTES[plan.name]} minutes`, 1),
  LIMIT_MINUTES[plan.name] * 60_000,
);
const folder = Deno.makeTempDirSync({ prefix: "denotrack-bench-" });
pinMyself();
const began = performance.now();
try {
  const results = readResults(flags.results, plan.name);
  for (const name of names) {
    console.error(`\n${name}`);
    await measure(results, name);
    writeResults(flags.results, plan.name, results);
  }
  console.log(markdown(results));
  console.error(`\nall of it took ${Math.round((performance.now() - began) / 1000)} s`);
} catch (error) {
  await end(`failed: ${error instanceof Error ? error.stack : error}`, 1);
}
clearTimeout(limit);
await cleanUp();

async function measure(results: Results, name: keyof Sections): Promise<void> {
  const own = `${folder}/${name}`;
  Deno.mkdirSync(own);
  const machine = await describeMachine();
  if (machine.busyBeforehand > QUIET_SHARE) {
    console.error(`  something else takes ${Math.round(machine.busyBeforehand * 100)} % of this machine`);
  }
  const command = `deno task bench ${Deno.args.join(" ")}`.trim();
  const found = await MEASURES[name](plan, own, (line) => console.error(`  ${line}`));
  const made = { date: new Date().toISOString().slice(0, 16), command, machine };
  Object.assign(results, { [name]: { made, found } });
  Deno.removeSync(own, { recursive: true });
}

/** With `--scale`, other numbers of torrents than the plan's. */
function planOf(plan: Plan): Plan {
  if (flags.scale === undefined) return plan;
  const sizes = flags.scale.split(",").map((millions) => Number(millions) * 1e6);
  if (sizes.some((size) => !(size >= 1000))) {
    fail(`--scale: expected millions of torrents such as 1,10,100, found ${JSON.stringify(flags.scale)}`, 2);
  }
  return { ...plan, scale: { ...plan.scale, sizes } };
}

function sectionName(name: string): keyof Sections {
  const known = Object.keys(MEASURES) as (keyof Sections)[];
  return known.find((one) => one === name) ??
    fail(`--only: expected some of ${known.join(", ")}, found ${JSON.stringify(name)}`, 2);
}

function fail(text: string, code: number): never {
  console.error(text);
  Deno.exit(code);
}

/** Only the first reason counts: what a signal makes fail is no other. */
async function end(text: string, code: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await cleanUp();
  fail(text, code);
}

async function cleanUp(): Promise<void> {
  await endAll();
  await Deno.remove(folder, { recursive: true }).catch(() => {});
}
