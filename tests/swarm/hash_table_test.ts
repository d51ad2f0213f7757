import assert from "node:assert/strict";
import { createTableMemory, HashTable, shardOf } from "../../src/swarm/hash_table.ts";
import { SHARDS, TABLE_WORDS } from "../../src/swarm/layout.ts";
import { amount, chance, seededTest } from "../support/seeded.ts";

/** Words a record: the key, two of the caller's, and the chain. */
const RECORD_WORDS = 8;
/** The header may lie among other things. */
const STRIDE = 16;
const OFFSET = 8;

function createTable(records: number, seed: readonly [number, number] = [1, 2]): HashTable {
  const header = new Int32Array(new SharedArrayBuffer(SHARDS * STRIDE * 4));
  return new HashTable(createTableMemory(records, RECORD_WORDS, seed), header, STRIDE, OFFSET);
}

const key = new Int32Array(7);

/** Writes key `number` at word 1 of `key`: keys that differ in one word only. */
function writeKey(number: number): void {
  key.fill(-1);
  key[1 + number % 5] = number;
}

function find(table: HashTable, number: number): number {
  writeKey(number);
  return table.find(table.hash(key, 1), key, 1);
}

function insert(table: HashTable, number: number): number {
  writeKey(number);
  return table.insert(table.hash(key, 1), key, 1);
}

function remove(table: HashTable, number: number, index: number): void {
  writeKey(number);
  table.remove(table.hash(key, 1), index);
}

/** All records by walking the buckets, as key number → index. */
function walk(table: HashTable): Map<number, number> {
  const found = new Map<number, number>();
  for (let shard = 0; shard < SHARDS; shard++) {
    for (let bucket = 0; bucket < table.buckets(shard); bucket++) {
      for (let index = table.first(shard, bucket); index !== 0; index = table.after(index)) {
        const words = table.records.subarray(index * RECORD_WORDS, index * RECORD_WORDS + 5);
        const number = words.find((word) => word !== -1) ?? -1;
        assert.equal(shardOf(table.hash(table.records, index * RECORD_WORDS)), shard);
        assert.ok(!found.has(number), `key ${number} is in two places`);
        found.set(number, index);
      }
    }
  }
  return found;
}

seededTest("a table behaves as a Map while it grows, shrinks and grows again", (random) => {
  const keys = amount(20_000, 200_000);
  const table = createTable(keys, [random.next(), random.next()]);
  const model = new Map<number, number>();
  for (let operation = 0; operation < keys * 6; operation++) {
    const number = random.below(keys);
    const index = find(table, number);
    assert.equal(index, model.get(number) ?? 0);
    const growing = Math.floor(operation / keys) % 2 === 0;
    if (index === 0 && chance(random, growing ? 90 : 10)) {
      const added = insert(table, number);
      assert.ok(added !== 0);
      const at = added * RECORD_WORDS;
      assert.deepEqual([table.records[at + 5], table.records[at + 6]], [0, 0], "words of an earlier record");
      table.records[at + 5] = number;
      table.records[at + 6] = -7;
      model.set(number, added);
    } else if (index !== 0 && chance(random, growing ? 5 : 60)) {
      remove(table, number, index);
      model.delete(number);
    }
    if (operation % (keys * 2) === keys) {
      assert.deepEqual(new Map([...walk(table)].sort()), new Map([...model].sort()));
      assert.equal(table.total(), model.size);
    }
  }
  for (const [number, index] of model) {
    assert.equal(table.records[index * RECORD_WORDS + 5], number, "what the caller wrote stays with its key");
    remove(table, number, index);
  }
  assert.equal(walk(table).size, 0);
  assert.equal(table.total(), 0);
});

seededTest("a full shard refuses, and has room again for as many as leave", (random) => {
  const table = createTable(500, [random.next(), random.next()]);
  const there = new Map<number, number>();
  let refused = 0;
  for (let number = 0; number < 20_000; number++) {
    const index = insert(table, number);
    if (index === 0) refused++;
    else there.set(number, index);
  }
  assert.ok(there.size >= 500 && refused > 0);
  assert.equal(table.total(), there.size);
  assert.deepEqual(new Map([...walk(table)].sort()), new Map([...there].sort()));
  for (let round = 0; round < 3; round++) {
    for (const [number, index] of there) remove(table, number, index);
    for (const number of there.keys()) {
      const index = insert(table, number);
      assert.ok(index !== 0, "the record of one that left is used again");
      there.set(number, index);
    }
  }
  assert.deepEqual(new Map([...walk(table)].sort()), new Map([...there].sort()));
});

seededTest("chains stay short, also for keys chosen to look alike", (random) => {
  const table = createTable(100_000, [random.next(), random.next()]);
  for (let number = 0; number < 100_000; number++) insert(table, number);
  let longest = 0;
  let visited = 0;
  for (let shard = 0; shard < SHARDS; shard++) {
    for (let bucket = 0; bucket < table.buckets(shard); bucket++) {
      let length = 0;
      for (let index = table.first(shard, bucket); index !== 0; index = table.after(index)) length++;
      longest = Math.max(longest, length);
      visited += length * (length + 1) / 2;
    }
  }
  assert.ok(longest <= 16, `a chain of ${longest}`);
  assert.ok(visited / 100_000 < 2, `${visited / 100_000} records looked at for one`);
});

seededTest("records are handed out in order in each shard, so that memory is touched in order", (random) => {
  const table = createTable(10_000, [random.next(), random.next()]);
  const top = new Array<number>(SHARDS).fill(0);
  for (let number = 0; number < 5000; number++) {
    const index = insert(table, number);
    assert.equal(index >>> 6, ++top[index & 63]);
  }
});

Deno.test("two threads attach to the same table", () => {
  const memory = createTableMemory(1000, RECORD_WORDS, [5, 6]);
  const header = new Int32Array(new SharedArrayBuffer(SHARDS * TABLE_WORDS * 4));
  const [one, other] = [0, 1].map(() => new HashTable(memory, header, TABLE_WORDS, 0));
  for (let number = 0; number < 1000; number++) {
    assert.equal(find(number % 2 === 0 ? other : one, number), 0);
    const index = insert(number % 2 === 0 ? one : other, number);
    assert.equal(find(number % 2 === 0 ? other : one, number), index);
  }
});

Deno.test("an empty table finds nothing and has no buckets", () => {
  const table = createTable(10);
  assert.equal(find(table, 1), 0);
  assert.equal(table.total(), 0);
  assert.equal(table.buckets(0), 0);
  assert.equal(table.count(63), 0);
});
