/** Bytes that the steps of an announce allocate, measured in a process of its own. */
import { LOAD_CORE } from "./machine.ts";
import { UDP_ANNOUNCE } from "./micro/subjects.ts";
import type { Plan } from "./plan.ts";
import { runOnce } from "./servers/server.ts";

export interface Allocation {
  /** Bytes by name of the step; what is known to allocate is called `control`. */
  readonly bytes: Readonly<Record<string, number>>;
  readonly udpAnnounceBytes: number;
}

/** Large enough that nothing is collected meanwhile, in MiB. */
const NURSERY = 512;
const LIMIT_MILLISECONDS = 60_000;

export async function measureAllocation(
  plan: Plan,
  _folder: string,
  say: (line: string) => void,
): Promise<Allocation> {
  const program = new URL("micro/allocation.ts", import.meta.url).pathname;
  const flags = `--v8-flags=--min-semi-space-size=${NURSERY},--max-semi-space-size=${NURSERY}`;
  const command = [Deno.execPath(), "run", "--allow-all", flags, program, `${plan.allocation.turns}`];
  const found: Record<string, number> = JSON.parse(await runOnce(command, LOAD_CORE, LIMIT_MILLISECONDS));
  // The heap's own bookkeeping is some hundred bytes in all.
  const bytes = Object.fromEntries(
    Object.entries(found).map(([name, each]) => [name, Math.round(each * 10) / 10]),
  );
  for (const [name, each] of Object.entries(bytes)) say(`${name}: ${each} B`);
  return { bytes, udpAnnounceBytes: bytes[UDP_ANNOUNCE] };
}
