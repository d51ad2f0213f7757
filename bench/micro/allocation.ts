/**
 * Bytes that each step of an announce allocates in V8's heap, as a line of JSON:
 *
 *     deno run --allow-all --v8-flags=--min-semi-space-size=512,--max-semi-space-size=512 bench/micro/allocation.ts
 *       [TURNS]
 *
 * With a nursery that large nothing is collected meanwhile, so the heap grows by exactly what was allocated.
 */
import { subjects } from "./subjects.ts";

const TURNS = Number(Deno.args[0] ?? 200_000);
const SPANS = 5;
/** Enough for the compiler to have done what it does. */
const WARM_UP_TURNS = 100_000;

/** The least of several spans: what the compiler itself allocates now and then is not the step's. */
function bytesATurn(step: () => void): number {
  for (let i = 0; i < WARM_UP_TURNS; i++) step();
  let least = Infinity;
  for (let span = 0; span < SPANS; span++) {
    const before = Deno.memoryUsage().heapUsed;
    for (let i = 0; i < TURNS; i++) step();
    const bytes = (Deno.memoryUsage().heapUsed - before) / TURNS;
    // It has shrunk where something was collected after all.
    if (bytes >= 0) least = Math.min(least, bytes);
  }
  return least;
}

/** What is known to allocate, to see that allocation shows. */
let kept: Float64Array | undefined;
const found: Record<string, number> = { control: bytesATurn(() => kept = new Float64Array(1)) };
for (const { name, create } of subjects({ torrents: 10_000, peers: 20_000 })) {
  found[name] = bytesATurn(create());
}
if (kept === undefined) throw new Error("nothing was made");
console.log(JSON.stringify(found));
