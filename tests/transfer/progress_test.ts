import assert from "node:assert/strict";
import { counted, grouped, progressLine } from "../../src/transfer/progress.ts";
import { Tally } from "../../src/transfer/tally.ts";

Deno.test("a line of progress has rows, rate and time left, as far as they are known", () => {
  const cases: [Parameters<typeof progressLine>, string][] = [
    [
      ["exported", 1_000_000, 4, 0.25],
      "exported [####...........]  25%  1,000,000 rows, 250,000/s, 0:12 left",
    ],
    [["imported", 5, 2, undefined], "imported 5 rows, 3/s"],
    [["imported", 0, 0, 0], "imported [...............]   0%  0 rows, 0/s"],
    [["exported", 7, 1, 7 / 0], "exported [###############] 100%  7 rows, 7/s, 0:00 left"],
    [["exported", 10, 4000, 0.5], "exported [########.......]  50%  10 rows, 0/s, 1:06:40 left"],
  ];
  for (const [args, line] of cases) assert.equal(progressLine(...args), line);
});

Deno.test("it fits a terminal of 80 columns while there are less than a billion rows", () => {
  assert.ok(progressLine("exported", 999_999_999, 1e4, 0.25).length < 80);
});

Deno.test("counts are grouped by thousands", () => {
  assert.deepEqual([0, 999, 1000, 123_456_789].map(grouped), ["0", "999", "1,000", "123,456,789"]);
  assert.deepEqual([0, 1, 2000].map((count) => counted(count, "row")), ["0 rows", "1 row", "2,000 rows"]);
});

Deno.test("a tally has the tables that were asked for", () => {
  const tally = new Tally(["keys", "torrents"]);
  tally.add("torrents", 1500);
  tally.add("keys", 1);
  tally.add("torrents", 1);
  assert.equal(tally.total, 1502);
  assert.equal(`${tally}`, "torrents 1,501, keys 1");
});
