import assert from "node:assert/strict";
import { createSharedMemory } from "../src/tracker/shared.ts";
import type { TrackerSetup } from "../src/tracker/setup.ts";
import { Workers } from "../src/workers.ts";
import { withTimeLimit } from "./support/program.ts";

function createSetup(): TrackerSetup {
  let seed = 1;
  const limits = { torrents: 1024, peers: 1024, listEntries: 1024, threads: 8 };
  return {
    memory: createSharedMemory(limits, false, () => seed++),
    settings: {
      whitelist: false,
      blacklist: false,
      keys: false,
      interval: 1,
      intervalMinimum: 1,
      peerTimeout: 1,
      peersReturned: 1,
    },
    statistics: true,
    clockOrigin: 0,
    connectionSecret: [1, 2],
  };
}

function listenerOn(port: number) {
  return {
    bind: { hostname: "127.0.0.1", port },
    sharesPort: false,
    trustedProxies: [],
    forwardedHeader: "X-Forwarded-For",
    fullScrape: false,
  };
}

Deno.test("a Worker that cannot start says why, in one line, and the others stop all the same", async () => {
  const failures: string[] = [];
  const workers = new Workers(createSetup(), () => 1, (reason) => failures.push(reason));
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await workers.start({ kind: "http", listeners: [listenerOn(0)] });
  await assert.rejects(
    workers.start({ kind: "http", listeners: [listenerOn(taken.addr.port)] }),
    (error) => error instanceof Error && /^AddrInUse: [^\n]*$/.test(error.message),
  );
  taken.close();
  assert.equal(await withTimeLimit(workers.stop().then(() => "stopped"), 3000), "stopped");
  assert.deepEqual(failures, [], "a Worker that was never ready is no death of a thread");
});

Deno.test("stopping none, and stopping again, does no harm", async () => {
  const workers = new Workers(createSetup(), () => 1, () => assert.fail());
  await workers.stop();
  await workers.start({ kind: "http", listeners: [listenerOn(0)] });
  await workers.stop();
  await workers.stop();
});
