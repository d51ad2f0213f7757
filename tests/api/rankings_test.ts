import assert from "node:assert/strict";
import { Rankings } from "../../src/api/rankings.ts";
import { createTestApi } from "./test_api.ts";

Deno.test("the background walks through a large store, until the program stops", async () => {
  const { tracker, clock } = createTestApi({ limits: { torrents: 20_000, keepTorrents: true } });
  for (let i = 0; i < 6000; i++) tracker.store.setCompleted(Int32Array.of(i, 0, 0, 0, 0), i);
  const rankings = new Rankings(tracker.store, clock);
  assert.equal(await rankings.read(), undefined);
  const stopping = new AbortController();
  const ended = rankings.keep(stopping.signal);
  const ranking = await new Promise((resolve) => {
    const timer = setInterval(() => {
      if (rankings.last === undefined) return;
      clearInterval(timer);
      resolve(rankings.last);
    }, 5);
  });
  assert.equal(await rankings.read(), ranking);
  assert.equal(rankings.last?.torrents.completed[0].completed, 5999);
  stopping.abort();
  await ended;
});

Deno.test("many who ask at one time share a walk, and see what was there when they asked", async () => {
  const { tracker, clock } = createTestApi({ limits: { torrents: 6000, keepTorrents: true } });
  const rankings = new Rankings(tracker.store, clock);
  const completed = async () => (await rankings.read())?.torrents.completed.length;
  for (let round = 1; round <= 5; round++) {
    for (let i = 0; i < 300; i++) tracker.store.setCompleted(Int32Array.of(i, round, 0, 0, 0), 1);
    const answers = await Promise.all(Array.from({ length: 10 }, completed));
    assert.deepEqual(answers, Array(10).fill(round * 300));
  }
});
