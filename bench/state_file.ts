/**
 * How long the state file takes to write and to read.
 *
 *     deno run --allow-all bench/state_file.ts [PEERS]
 */
import { Prng } from "../src/base/prng.ts";
import { readStateFile, writeStateFile } from "../src/persistence/state_file.ts";
import { SwarmStore } from "../src/swarm/store.ts";
import { createStoreMemory } from "../src/swarm/store_memory.ts";
import { createSwarmAnswer } from "../src/swarm/swarm_table.ts";

const PEERS = Number(Deno.args[0] ?? 5_000_000);
const PEERS_A_SWARM = 3;

function createStore(): SwarmStore {
  return new SwarmStore(createStoreMemory({ torrents: PEERS, peers: PEERS }, false, [1, 2]), new Prng(1));
}

/** Small swarms, every fifth peer over IPv6, half of them seeders. */
function fill(store: SwarmStore): void {
  const answer = createSwarmAnswer(new Uint16Array(0));
  const request = {
    infoHash: new Int32Array(5),
    peerId: new Int32Array(5),
    address: new Int32Array(4),
    amounts: new Int32Array(6),
    isIpv4: true,
    port: 1,
    event: 2,
    wanted: 0,
  };
  for (let peer = 0; peer < PEERS; peer++) {
    request.infoHash[0] = Math.floor(peer / PEERS_A_SWARM);
    request.peerId[0] = peer;
    request.address[0] = peer;
    request.amounts[0] = peer % 2;
    request.isIpv4 = peer % 5 > 0;
    store.announce(request, answer, 100);
  }
}

function seconds(work: () => number): string {
  const began = performance.now();
  const peers = work();
  return `${peers} peers in ${((performance.now() - began) / 1000).toFixed(2)} s`;
}

const path = Deno.makeTempFileSync();
try {
  const store = createStore();
  fill(store);
  const now = { seconds: 100, unixSeconds: 1_000_000 };
  console.log(`written: ${seconds(() => writeStateFile(path, store, now))}`);
  console.log(`size: ${(Deno.statSync(path).size / 1e6).toFixed(0)} MB`);
  console.log(`read: ${seconds(() => readStateFile(path, createStore(), now, 2700))}`);
} finally {
  Deno.removeSync(path);
}
