import assert from "node:assert/strict";
import * as layout from "../../src/swarm/layout.ts";

/** That fields, each from its first word, follow each other within a record without overlap. */
function assertApart(fields: readonly (readonly [at: number, words: number])[], recordWords: number): void {
  const taken = new Set<number>();
  for (const [at, words] of fields) {
    for (let word = at; word < at + words; word++) {
      assert.ok(word >= 0 && word < recordWords, `word ${word} is outside of its record`);
      assert.ok(!taken.has(word), `word ${word} is taken twice`);
      taken.add(word);
    }
  }
}

Deno.test("no two fields of a shard's header overlap, and the float64 lies at an even word", () => {
  assertApart([
    [layout.SHARD_LOCK, 1],
    [layout.SHARD_TORRENTS, layout.TABLE_WORDS],
    [layout.SHARD_SWARM_TOP, 1],
    [layout.SHARD_SWARM_FREE, 1],
    [layout.SHARD_SWARMS, 1],
    [layout.SHARD_SEEDERS4, 2],
    [layout.SHARD_SEEDERS6, 2],
    [layout.SHARD_COMPLETED, 2],
    [layout.SHARD_PAGES4, layout.CLASSES],
    [layout.SHARD_PAGES6, layout.CLASSES],
  ], layout.SHARD_WORDS);
  assert.equal(layout.SHARD_COMPLETED % 2, 0);
  assert.equal(layout.SHARD_WORDS % 2, 0);
});

Deno.test("no two fields of a record overlap", () => {
  assertApart([
    [layout.TABLE_BUCKETS, 1],
    [layout.TABLE_TOP, 1],
    [layout.TABLE_FREE, 1],
    [layout.TABLE_COUNT, 1],
  ], layout.TABLE_WORDS);
  // The last word of a torrent is the table's own.
  assertApart(
    [[0, layout.KEY_WORDS], [layout.TORRENT_COMPLETED, 1], [layout.TORRENT_SWARM, 1]],
    layout.TORRENT_WORDS - 1,
  );
  assertApart([[layout.PEERS_REF, 1], [layout.PEERS_SEEDERS, 1], [layout.PEERS_LEECHERS, 1]], 3);
  assertApart(
    [[layout.SWARM_TORRENT, 1], [layout.SWARM_PEERS4, 3], [layout.SWARM_PEERS6, 3]],
    layout.SWARM_WORDS,
  );
  assertApart([
    [0, layout.KEY_WORDS],
    [layout.COLD_LEFT, 1],
    [layout.COLD_UPLOADED, 1],
    [layout.COLD_DOWNLOADED, 1],
    [layout.COLD_HIGH, 1],
    [layout.COLD_HIGH_EVENT, 1],
  ], layout.COLD_WORDS);
  assertApart([
    [layout.PAGE_NEXT, 1],
    [layout.PAGE_PREVIOUS, 1],
    [layout.PAGE_CLASS, 1],
    [layout.PAGE_USED, 1],
    [layout.PAGE_CUT, 1],
    [layout.PAGE_FREE, 1],
  ], layout.PAGE_WORDS);
  assertApart([
    [layout.POOL_LOCK, 1],
    [layout.POOL_PAGE_TOP, 1],
    [layout.POOL_PAGE_FREE, 1],
    [layout.POOL_DIRECTORY_TOP, 1],
    [layout.POOL_DIRECTORY_FREE, 1],
    [layout.POOL_PAGES_USED, 1],
  ], layout.POOL_WORDS);
});

Deno.test("shards, pages and leaves are powers of two", () => {
  assert.equal(layout.SHARDS, 2 ** layout.SHARD_BITS);
  assert.equal(layout.SHARD_MASK, layout.SHARDS - 1);
  assert.equal(layout.PAGE_PEERS, 2 ** layout.PAGE_BITS);
  assert.equal(layout.DIRECTORY_WORDS, 2 ** layout.DIRECTORY_BITS);
  assert.equal(layout.LEAF_ENTRIES * 2, layout.DIRECTORY_WORDS, "two words an entry");
});

Deno.test("size classes grow, the largest is a page, and each wastes less than a seventh of its page", () => {
  const classes = [...layout.CLASS_PEERS];
  assert.deepEqual(classes, [...new Set(classes)].sort((a, b) => a - b));
  assert.equal(classes.at(-1), layout.MAX_BLOCK_PEERS);
  for (const peers of classes) {
    const wasted = layout.PAGE_PEERS % peers;
    assert.ok(wasted < layout.PAGE_PEERS / 7, `${peers} peers a block waste ${wasted} a page`);
  }
});

Deno.test("CLASS_FOR gives the smallest class with room", () => {
  for (let peers = 0; peers <= layout.MAX_BLOCK_PEERS; peers++) {
    const sizeClass = layout.CLASS_FOR[peers];
    assert.ok(layout.CLASS_PEERS[sizeClass] >= peers);
    assert.ok(sizeClass === 0 || layout.CLASS_PEERS[sizeClass - 1] < peers);
  }
});

Deno.test("a block has room for what a split or a merge leaves, and the two are far apart", () => {
  // In the middle of a round some blocks hold twice the mean.
  assert.ok(layout.SPLIT_PEERS * 2 + 6 * Math.sqrt(layout.SPLIT_PEERS * 2) < layout.MAX_BLOCK_PEERS);
  assert.ok(layout.MERGE_PEERS * 2 < layout.SPLIT_PEERS);
});

Deno.test("a shard has room for its part of evenly hashed records, and not for much more", () => {
  for (const total of [1, 100, 10_000, 1e6, 1e8]) {
    const mean = total / layout.SHARDS;
    const capacity = layout.shardCapacity(total);
    assert.ok(capacity >= mean + 6 * Math.sqrt(mean) + 1, `${total}`);
    assert.ok(capacity <= mean + 6 * Math.sqrt(mean) + 3, `${total}`);
  }
});
