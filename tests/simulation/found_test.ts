/** What the simulation found, each as the shortest case that shows it. */
import assert from "node:assert/strict";
import { ConnectionIds } from "../../src/transport/connection_id.ts";

Deno.test("a connection id is not good again when the 16 bits of its time come round", () => {
  const ids = new ConnectionIds([1, 2]);
  const address = Int32Array.of(0x0100007f, 0, 0, 0);
  const id = new Int32Array(2);
  ids.issue(address, true, 1000, id, 0);
  assert(ids.verify(address, true, 1000 + 120, id, 0));
  for (const later of [65_536, 65_536 + 120, 2 * 65_536]) {
    assert(!ids.verify(address, true, 1000 + later, id, 0), `accepted after ${later} seconds`);
  }
});
