import assert from "node:assert/strict";
import { SHARDS, SWARM_WORDS } from "../../src/swarm/layout.ts";
import { createStoreMemory } from "../../src/swarm/store_memory.ts";

Deno.test("there is room for a swarm a torrent, or a swarm a peer if that is fewer", () => {
  const swarms = (torrents: number, peers: number) => {
    return createStoreMemory({ torrents, peers }, false, [1, 2]).swarms.byteLength / (SWARM_WORDS * 4);
  };
  for (
    const [torrents, peers] of [[1024, 1024], [1024, 1_000_000], [1_000_000, 1024], [1_000_000, 1_000_000]]
  ) {
    const fewer = Math.min(torrents, 2 * peers);
    const room = swarms(torrents, peers) - SHARDS;
    assert.ok(
      room >= fewer && room < fewer * 1.5 + 1000 + SHARDS * 20,
      `${room} swarms for ${torrents}, ${peers}`,
    );
  }
});

Deno.test("the largest limits that the configuration allows can be reserved, and cost nothing until used", () => {
  const before = Deno.memoryUsage().rss;
  const memory = createStoreMemory({ torrents: 268_435_456, peers: 134_217_728 }, true, [1, 2]);
  assert.ok(memory.torrents.records.byteLength >= 268_435_456 * 32);
  assert.ok(Deno.memoryUsage().rss - before < 100_000_000);
});

Deno.test("limits that no machine has memory for are a RangeError", () => {
  assert.throws(() => createStoreMemory({ torrents: 1e13, peers: 1e6 }, true, [1, 2]), RangeError);
});
