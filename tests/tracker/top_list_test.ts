import assert from "node:assert/strict";
import fc from "fast-check";
import { TopList } from "../../src/tracker/top_list.ts";
import { propertyTest } from "../support/properties.ts";

function offer(list: TopList, value: number, name: number): void {
  list.offer(value, Int32Array.of(9, name, 2, 3, 4, 5), 1, value, name, value + name);
}

Deno.test("the highest are kept with their counts", () => {
  const list = new TopList(3);
  [5, 1, 9, 3, 7].forEach((value, name) => offer(list, value, name));
  assert.deepEqual(list.takeLowest(9).reverse(), [
    { infoHash: Int32Array.of(2, 2, 3, 4, 5), seeders: 9, leechers: 2, completed: 11 },
    { infoHash: Int32Array.of(4, 2, 3, 4, 5), seeders: 7, leechers: 4, completed: 11 },
    { infoHash: Int32Array.of(0, 2, 3, 4, 5), seeders: 5, leechers: 0, completed: 5 },
  ]);
  assert.deepEqual(list.takeLowest(9), [], "it begins anew");
});

Deno.test(propertyTest(
  "the same as sorting everything",
  fc.property(fc.array(fc.nat(50)), fc.integer({ min: 1, max: 20 }), (values, capacity) => {
    const list = new TopList(capacity);
    values.forEach((value, name) => offer(list, value, name));
    const expected = [...values].sort((a, b) => b - a).slice(0, capacity);
    const lowest = [...list.takeLowest(3), ...list.takeLowest(100)];
    assert.deepEqual(lowest.map(({ seeders }) => seeders).reverse(), expected);
  }),
  500,
  20_000,
));
