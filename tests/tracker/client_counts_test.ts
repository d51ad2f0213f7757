import assert from "node:assert/strict";
import { ClientCounts } from "../../src/tracker/client_counts.ts";

function add(counts: ClientCounts, id: string, peers = 1): void {
  const bytes = Uint8Array.from(`....${id}`.padEnd(24, "x"), (character) => character.charCodeAt(0));
  for (let i = 0; i < peers; i++) counts.add(new Int32Array(bytes.buffer), 1);
}

Deno.test("peers by software and version, the most used first", () => {
  const counts = new ClientCounts();
  add(counts, "-TR4050-", 2);
  add(counts, "-qB4500-", 3);
  add(counts, "-qB4650-", 4);
  add(counts, "?");
  assert.deepEqual(counts.take(), [
    {
      software: "qBittorrent",
      peers: 7,
      versions: [{ version: "4.6.5", peers: 4 }, { version: "4.5.0", peers: 3 }],
    },
    { software: "Transmission", peers: 2, versions: [{ version: "4.0.5", peers: 2 }] },
    { software: "", peers: 1, versions: [{ version: "", peers: 1 }] },
  ]);
  assert.deepEqual(counts.take(), [], "it begins anew");
});

Deno.test("ids that are made up take no more memory, and every peer is counted", () => {
  const counts = new ClientCounts();
  add(counts, "-qB4500-", 5);
  const words = new Int32Array(5);
  for (let i = 0; i < 100_000; i++) {
    words[0] = i;
    counts.add(words, 0);
  }
  add(counts, "-qB4500-", 5);
  const found = counts.take();
  assert.deepEqual(found.map(({ software, peers }) => [software, peers]), [["", 100_000], [
    "qBittorrent",
    10,
  ]]);
});

Deno.test("of many versions the most used are told", () => {
  const counts = new ClientCounts();
  for (let i = 0; i < 30; i++) add(counts, `-qB4${i.toString(36).toUpperCase()}00-`, i + 1);
  const [{ peers, versions }] = counts.take();
  assert.equal(peers, 465);
  assert.deepEqual([versions.length, versions[0].peers, versions[19].peers], [20, 30, 11]);
});
