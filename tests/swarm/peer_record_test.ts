import assert from "node:assert/strict";
import {
  COLD_DOWNLOADED,
  COLD_HIGH,
  COLD_HIGH_EVENT,
  COLD_LEFT,
  COLD_UPLOADED,
  COLD_WORDS,
  HOT_WORDS_IPV4,
  HOT_WORDS_IPV6,
  SHARD_WORDS,
} from "../../src/swarm/layout.ts";
import { createArenaMemory, PeerArena } from "../../src/swarm/peer_arena.ts";
import { writeAddress, writePeer } from "../../src/swarm/peer_record.ts";
import { TestAnnounce } from "./numbered_peers.ts";

const INDEX = 300;

function written(hotWords: number, announce: TestAnnounce, time: number) {
  const arena = new PeerArena(createArenaMemory(1000, hotWords), new Int32Array(SHARD_WORDS));
  writeAddress(arena, INDEX, announce);
  writePeer(arena, INDEX, announce, time);
  const used = (words: Int32Array, each: number) => words.subarray(INDEX * each, (INDEX + 1) * each);
  assert.ok(arena.hot.every((word, i) => word === 0 || Math.floor(i / hotWords) === INDEX), "neighbours");
  assert.ok(arena.cold.every((word, i) => word === 0 || Math.floor(i / COLD_WORDS) === INDEX), "neighbours");
  return { hot: used(arena.hot, hotWords), cold: used(arena.cold, COLD_WORDS) };
}

Deno.test("the hot record begins with the bytes that are sent", () => {
  const announce = new TestAnnounce();
  announce.port = 0xe11a;
  announce.address.set(new Int32Array(Uint8Array.from({ length: 16 }, (_, i) => i + 1).buffer));
  const { hot } = written(HOT_WORDS_IPV6, announce, 0x12345);
  const bytes = new Uint8Array(hot.slice().buffer);
  assert.deepEqual([...bytes.subarray(0, 18)], [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    0x1a,
    0xe1,
  ]);
  assert.equal(hot[4] >>> 16, 0x2345, "the low 16 bits of the time");
  const ipv4 = new Uint8Array(written(HOT_WORDS_IPV4, announce, 65_535).hot.slice().buffer);
  assert.deepEqual([...ipv4], [1, 2, 3, 4, 0x1a, 0xe1, 0xff, 0xff]);
});

Deno.test("the cold record keeps the peer id, the event, and amounts in 48 bits", () => {
  const announce = new TestAnnounce();
  announce.peerId.set([1, -2, 3, -4, 5]);
  announce.event = 3;
  for (
    const [low, high, keptLow, keptHigh] of [
      [0, 0, 0, 0],
      [-1, 0, -1, 0],
      [7, 0xffff, 7, 0xffff],
      [7, 0x10000, -1, 0xffff],
      [7, -1, -1, 0xffff],
    ]
  ) {
    for (const [i, field] of [COLD_LEFT, COLD_UPLOADED, COLD_DOWNLOADED].entries()) {
      announce.amounts.fill(0);
      announce.amounts.set([low, high], i * 2);
      const { cold } = written(HOT_WORDS_IPV4, announce, 0);
      assert.deepEqual([...cold.subarray(0, 5)], [1, -2, 3, -4, 5]);
      const high16 = [cold[COLD_HIGH] & 0xffff, cold[COLD_HIGH] >>> 16, cold[COLD_HIGH_EVENT] & 0xffff];
      assert.deepEqual([cold[field], high16[i]], [keptLow, keptHigh]);
      assert.deepEqual(high16.filter((_, other) => other !== i), [0, 0], "the other amounts");
      assert.equal(cold[COLD_HIGH_EVENT] >>> 16, 3);
    }
  }
});
