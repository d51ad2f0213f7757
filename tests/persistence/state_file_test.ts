import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { readStateFile, StateFileError, writeStateFile } from "../../src/persistence/state_file.ts";
import { SwarmStore } from "../../src/swarm/store.ts";
import { createStoreMemory } from "../../src/swarm/store_memory.ts";
import { createSwarmAnswer } from "../../src/swarm/swarm_table.ts";

const TIMEOUT = 2700;

function createStore(): SwarmStore {
  return new SwarmStore(createStoreMemory({ torrents: 5000, peers: 100_000 }, false, [1, 2]), new Prng(3));
}

interface Known {
  torrent: number;
  peer: number;
  isIpv4: boolean;
  seeder: boolean;
  heard: number;
}

function announce(store: SwarmStore, { torrent, peer, isIpv4, seeder, heard }: Known, event = 2): void {
  const answer = createSwarmAnswer(new Uint16Array(0));
  store.announce(
    {
      infoHash: Int32Array.of(torrent, 7, 7, 7, 7),
      isIpv4,
      address: Int32Array.of(peer, ~peer, 3, 4),
      port: (peer & 0x7fff) + 1,
      peerId: Int32Array.of(peer, 1, 2, 3, 4),
      amounts: seeder ? Int32Array.of(0, 0, peer, 5, 6, 0xffff) : Int32Array.of(peer | 1, 9, 1, 2, 3, 4),
      event,
      wanted: 0,
    },
    answer,
    heard,
  );
}

/** Everything that the store holds, in words, sorted; ages instead of times. */
function contents(store: SwarmStore, torrents: number, seconds: number): string[] {
  const all: string[] = [];
  for (let torrent = 0; torrent < torrents; torrent++) {
    store.visitPeers(Int32Array.of(torrent, 7, 7, 7, 7), ({ arena }, index, seeder) => {
      const { hot, hotWords, cold } = arena;
      const words = [...hot.slice(index * hotWords, (index + 1) * hotWords)];
      const age = (seconds - (words[hotWords - 1] >>> 16)) & 0xffff;
      words[hotWords - 1] &= 0xffff;
      all.push([torrent, seeder, age, ...words, ...cold.slice(index * 10, index * 10 + 10)].join(" "));
    });
  }
  return all.sort();
}

function withFile(test: (path: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      test(`${folder}/peers.state`);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

/** Many small swarms, and one that needs several blocks of the file. */
function fill(store: SwarmStore, seconds: number): void {
  const random = new Prng(42);
  for (let i = 0; i < 60_000; i++) {
    const torrent = i % 3 === 0 ? 0 : 1 + random.below(2000);
    announce(store, {
      torrent,
      peer: i,
      isIpv4: random.below(4) > 0,
      seeder: random.below(2) === 0,
      heard: seconds - random.below(2000),
    });
  }
}

Deno.test(
  "peers come back as they were, with their ages",
  withFile((path) => {
    const before = createStore();
    fill(before, 100_000);
    assert.equal(writeStateFile(path, before, { seconds: 100_000, unixSeconds: 5_000_000 }), 60_000);
    const after = createStore();
    assert.equal(readStateFile(path, after, { seconds: 3, unixSeconds: 5_000_000 }, TIMEOUT), 60_000);
    assert.deepEqual(contents(after, 2001, 3), contents(before, 2001, 100_000));
    const { seeders, leechers, torrents, completed } = after.totals();
    assert.deepEqual({ seeders, leechers, torrents, completed }, pick(before));
  }),
);

function pick(store: SwarmStore) {
  const { seeders, leechers, torrents, completed } = store.totals();
  return { seeders, leechers, torrents, completed };
}

Deno.test(
  "only peers still within the timeout come back, counting the time away",
  withFile((path) => {
    const before = createStore();
    for (let peer = 0; peer < 100; peer++) {
      announce(before, { torrent: 1, peer, isIpv4: true, seeder: false, heard: 1000 - peer });
    }
    writeStateFile(path, before, { seconds: 1000, unixSeconds: 5_000_000 });
    const after = createStore();
    const later = { seconds: 0, unixSeconds: 5_000_000 + TIMEOUT - 49 };
    assert.equal(readStateFile(path, after, later, TIMEOUT), 50);
    assert.equal(after.totals().leechers, 50);
    assert.equal(readStateFile(path, createStore(), { seconds: 0, unixSeconds: 4_000_000 }, TIMEOUT), 100);
  }),
);

Deno.test(
  "a peer that has announced since, and a completed count, are left as they are",
  withFile((path) => {
    const known: Known = { torrent: 1, peer: 5, isIpv4: true, seeder: true, heard: 10 };
    const before = createStore();
    announce(before, known, 1);
    assert.equal(before.totals().completed, 1);
    writeStateFile(path, before, { seconds: 10, unixSeconds: 100 });
    const after = createStore();
    announce(after, { ...known, seeder: false });
    readStateFile(path, after, { seconds: 11, unixSeconds: 101 }, TIMEOUT);
    assert.deepEqual(pick(after), { seeders: 0, leechers: 1, torrents: 1, completed: 0 });
  }),
);

Deno.test(
  "any damage is found before a single peer is put in",
  withFile((path) => {
    const before = createStore();
    fill(before, 5000);
    writeStateFile(path, before, { seconds: 5000, unixSeconds: 1 });
    const good = Deno.readFileSync(path);
    const random = new Prng(7);
    for (let i = 0; i < 60; i++) {
      const bad = good.slice(0, i % 2 === 0 ? good.length : 32 + random.below(good.length - 32));
      if (i % 2 === 0) bad[32 + random.below(bad.length - 32)] ^= 1 << random.below(8);
      Deno.writeFileSync(path, bad);
      const after = createStore();
      assert.throws(
        () => readStateFile(path, after, { seconds: 1, unixSeconds: 1 }, TIMEOUT),
        (error) => error instanceof StateFileError && !error.isForeign && error.message.includes("damaged"),
      );
      assert.equal(after.totals().torrents, 0);
    }
  }),
);

Deno.test(
  "a file of another kind or version is told apart",
  withFile((path) => {
    const isForeign = (error: unknown) => error instanceof StateFileError && error.isForeign;
    const read = () => readStateFile(path, createStore(), { seconds: 1, unixSeconds: 1 }, TIMEOUT);
    assert.throws(read, Deno.errors.NotFound);
    for (const text of ["", "api_key = 'secret'\n".repeat(9)]) {
      Deno.writeTextFileSync(path, text);
      assert.throws(read, isForeign);
    }
    writeStateFile(path, createStore(), { seconds: 1, unixSeconds: 1 });
    assert.equal(read(), 0);
    const bytes = Deno.readFileSync(path);
    bytes[16] = 2;
    Deno.writeFileSync(path, bytes);
    assert.throws(read, /expected version 1, found version 2/);
  }),
);
