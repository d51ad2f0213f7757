/**
 * The benchmark: `deno task bench [--quick | --tiny] [--only udp,http] [--results FOLDER]`.
 *
 * Measures this tracker beside others and against its limits, each server in turns on one core and the load on the
 * other, prints the table of what it must reach, and writes results and a picture.
 */
import { parseArgs } from "node:util";
import { describeMachine, missingMachine, pinMyself } from "./machine.ts";
import { type Plan, PLANS } from "./plan.ts";
import { endAll } from "./servers/server.ts";
import { compareUdp } from "./udp_comparison.ts";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
    only: { type: "string", default: "udp" },
    results: { type: "string" },
  },
});

const reason = missingMachine();
if (reason !== undefined) {
  console.error(`nothing can be measured here: ${reason}`);
  Deno.exit(1);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => endAll().finally(() => Deno.exit(130)));
}
const plan: Plan = PLANS[flags.tiny ? "tiny" : flags.quick ? "quick" : "full"];
const folder = Deno.makeTempDirSync({ prefix: "denotrack-bench-" });
pinMyself();
try {
  console.log(describeMachine());
  const udp = await compareUdp(plan, folder, console.error);
  for (const row of udp.rows) {
    console.log(
      `${row.name.padEnd(26)} ${Math.round(row.responses.median)} /s (${Math.round(row.responses.least)}–${
        Math.round(row.responses.most)
      }) ${row.microseconds.median.toFixed(2)} µs, server ${Math.round(row.serverShare * 100)} %, load ${
        Math.round(row.loadShare * 100)
      } %, ${row.peersAnAnswer.toFixed(1)} peers, ${row.lost}/${row.errors}/${row.wrong}`,
    );
  }
  for (const [name, { median, least, most }] of Object.entries(udp.ratios)) {
    console.log(`${name}: ${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`);
  }
  for (const [name, { median, least, most }] of Object.entries(udp.processorRatios)) {
    console.log(`processor time: ${name}: ${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`);
  }
} finally {
  await endAll();
  Deno.removeSync(folder, { recursive: true });
}
