/** Long work in this thread, cut so that announces are answered in between. */
import { setImmediate } from "node:timers";

/** Work between two looks at the event loop. */
const SLICE_MILLISECONDS = 1;

/** Resolves when the event loop has been round: sockets and timers have had their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}

/** Calls `step`, which must be short, until it gives false, with a look at the event loop every millisecond. */
export async function inTurns(step: () => boolean): Promise<void> {
  for (let end = performance.now() + SLICE_MILLISECONDS; step();) {
    if (performance.now() < end) continue;
    await nextTurn();
    end = performance.now() + SLICE_MILLISECONDS;
  }
}
