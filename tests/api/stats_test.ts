import assert from "node:assert/strict";
import { FakeTime } from "./fake_time.ts";
import { announce, createTestApi, hexOf } from "./test_api.ts";

Deno.test("the statistics of this moment, as JSON", async () => {
  const { ask, tracker } = createTestApi();
  announce(tracker, { torrent: hexOf(1) });
  announce(tracker, { torrent: hexOf(1), port: 7, left: 1 });
  const response = await ask("/api/stats");
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  const stats = await response.json();
  assert.deepEqual([stats.torrents, stats.seeds, stats.peers, stats.whitelist_enabled], [1, 1, 1, false]);
});

Deno.test("an event at once, one every second, and an end when the program stops", async () => {
  using time = new FakeTime();
  const { ask, tracker, stopping } = createTestApi();
  const response = await ask("/api/stats/stream");
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const readTorrents = async () => {
    const { value } = await reader.read();
    const match = /^event: stats\ndata: (.*)\n\n$/.exec(value ?? "");
    return JSON.parse(match?.[1] ?? "{}").torrents;
  };
  assert.equal(await readTorrents(), 0);
  for (let torrent = 1; torrent <= 3; torrent++) {
    announce(tracker, { torrent: hexOf(torrent) });
    const next = readTorrents();
    await time.pass(1000);
    assert.equal(await next, torrent);
  }
  stopping.abort();
  assert.equal((await reader.read()).done, true);
});

Deno.test("who leaves is not sent to any more", async () => {
  const { ask } = createTestApi();
  const reader = (await ask("/api/stats/stream")).body!.getReader();
  await reader.read();
  await reader.cancel();
});
