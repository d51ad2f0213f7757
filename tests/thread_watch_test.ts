import assert from "node:assert/strict";
import { clockOrigin } from "../src/base/clock.ts";
import { configureLog } from "../src/base/log.ts";
import { SHARD_LOCK, SHARD_WORDS, SHARDS } from "../src/swarm/layout.ts";
import { lock, unlock } from "../src/swarm/lock.ts";
import { ThreadWatch } from "../src/thread_watch.ts";
import { createHeartbeatMemory, Heartbeat } from "../src/tracker/heartbeats.ts";
import { openUdpSockets } from "../src/transport/udp_linux.ts";
import { Workers } from "../src/workers.ts";
import { pollUntil } from "./support/program.ts";
import { createSharedMemory } from "../src/tracker/shared.ts";
import { withLibc } from "./support/skip.ts";
import { UdpClient } from "./support/udp_client.ts";

const LOOKS = 6;

function createSetup() {
  let seed = 1;
  const limits = { torrents: 1024, peers: 1024, listEntries: 1024, threads: 4 };
  const rules = { whitelist: false, blacklist: false, keys: false };
  return {
    memory: createSharedMemory(limits, false, () => seed++),
    settings: { ...rules, interval: 10, intervalMinimum: 10, peerTimeout: 20, peersReturned: 10 },
    statistics: true,
    clockOrigin: clockOrigin(),
    connectionSecret: [1, 2] as const,
  };
}

function lookAgain(watch: ThreadWatch): void {
  for (let i = 0; i < LOOKS; i++) watch.look();
}

Deno.test("a thread whose count stands still is silent until it goes on", () => {
  configureLog("off");
  const memory = createHeartbeatMemory(3);
  const threads = [{ name: "one", thread: 1 }, { name: "two", thread: 2 }];
  const [one, two] = threads.map(({ thread }) => new Heartbeat(memory, thread));
  const watch = new ThreadWatch(memory, () => threads);
  for (let i = 1; i < LOOKS; i++) {
    watch.look();
    two.beat();
  }
  assert.deepEqual(watch.silent, [], "some looks are no proof");
  watch.look();
  assert.deepEqual(watch.silent, ["one"]);
  one.beat();
  watch.look();
  assert.deepEqual(watch.silent, []);
  lookAgain(watch);
  threads.length = 0;
  watch.look();
  assert.deepEqual(watch.silent, [], "who has ended is not missed");
});

Deno.test(withLibc("a UDP Worker that hangs is noticed, and one that is idle is not", async (libc) => {
  configureLog("off");
  const setup = createSetup();
  const { memory } = setup;
  const { address, sockets } = openUdpSockets(libc, { hostname: "127.0.0.1", port: 0 }, 1);
  const workers = new Workers(setup, () => 1, () => {});
  await workers.start({ kind: "udp", sockets });
  const client = new UdpClient(address);
  await client.connect();
  const watch = new ThreadWatch(memory.heartbeats, () => workers.threads);
  // Its thread wakes ten times a second.
  for (let i = 0; i < LOOKS; i++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    watch.look();
  }
  assert.deepEqual(watch.silent, []);

  // A lock that somebody else holds: what hangs a thread in earnest.
  const shards = new Int32Array(memory.store.shards);
  for (let shard = 0; shard < SHARDS; shard++) lock(shards, shard * SHARD_WORDS + SHARD_LOCK);
  const answer = client.announce({ infoHash: new Uint8Array(20).fill(1) });
  const isSilent = () => {
    watch.look();
    return Promise.resolve(watch.silent[0] === "the UDP thread 1");
  };
  assert.ok(await pollUntil(isSilent, 5000));
  for (let shard = 0; shard < SHARDS; shard++) unlock(shards, shard * SHARD_WORDS + SHARD_LOCK);
  assert.equal((await answer).leechers, 1);
  const answersAgain = () => {
    watch.look();
    return Promise.resolve(watch.silent.length === 0);
  };
  assert.ok(await pollUntil(answersAgain, 5000));
  await client.close();
  await workers.stop();
  sockets.forEach(({ fd }) => libc.close(fd));
}));
