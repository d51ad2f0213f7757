/** Announces against the store in one thread: `deno bench bench/micro`. */
import { Prng } from "../../src/base/prng.ts";
import { SwarmStore } from "../../src/swarm/store.ts";
import { createStoreMemory } from "../../src/swarm/store_memory.ts";
import { createSwarmAnswer } from "../../src/swarm/swarm_table.ts";

const PEERS_WANTED = 30;

/** A store filled with peers, and an announce that draws one of them. */
function createLoad(torrents: number, peers: number, isIpv4: boolean): () => void {
  const random = new Prng(1);
  const store = new SwarmStore(
    createStoreMemory({ torrents: torrents * 2, peers: peers * 2 }, true, [1, 2]),
    random,
  );
  const request = {
    infoHash: new Int32Array(5),
    peerId: new Int32Array(5),
    address: new Int32Array(4),
    amounts: new Int32Array(6),
    isIpv4,
    port: 0x1234,
    event: 0,
    wanted: PEERS_WANTED,
  };
  const answer = createSwarmAnswer(new Uint16Array(PEERS_WANTED * 9));
  const announce = (peer: number) => {
    // A skewed popularity: torrent 0 has the most peers. Each peer is in one torrent.
    const share = (Math.imul(peer, 0x9e3779b1) >>> 0) / 0x100000000;
    request.infoHash[0] = Math.floor(torrents * share ** 4);
    request.address[0] = peer;
    request.amounts[0] = peer & 1;
    store.announce(request, answer, 1);
  };
  for (let peer = 0; peer < peers; peer++) announce(peer);
  return () => announce(random.below(peers));
}

const ipv4 = createLoad(1_000_000, 2_000_000, true);
const ipv6 = createLoad(100_000, 200_000, false);
const small = createLoad(1000, 50_000, true);

Deno.bench("announce, 1,000,000 torrents, 2,000,000 IPv4 peers", () => ipv4());
Deno.bench("announce, 100,000 torrents, 200,000 IPv6 peers", () => ipv6());
Deno.bench("announce, 1,000 torrents, 50,000 IPv4 peers", () => small());
