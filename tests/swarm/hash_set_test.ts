import assert from "node:assert/strict";
import { DirtyCursor } from "../../src/swarm/dirty_bits.ts";
import {
  ABSENT,
  createHashSetMemory,
  HashSet,
  SetCursor,
  type TakenChanges,
} from "../../src/swarm/hash_set.ts";
import { amount, chance, pick, seededTest } from "../support/seeded.ts";
import { writeInfoHash } from "./numbered_peers.ts";

const key = new Int32Array(7);

/** Writes key `number` at word 2 of `key`. */
function keyOf(number: number): Int32Array {
  writeInfoHash(number, key.subarray(2));
  return key;
}

function numberAt(words: Int32Array, at: number): number {
  return words.subarray(at, at + 5).find((word) => word !== 0x41414141) ?? -1;
}

function contents(set: HashSet): Map<number, number> {
  const found = new Map<number, number>();
  const cursor = new SetCursor();
  const note = (words: Int32Array, at: number, value: number) => {
    const number = numberAt(words, at);
    assert.ok(!found.has(number));
    found.set(number, value);
  };
  while (set.visit(cursor, note));
  return found;
}

function take(set: HashSet, room: number): Map<number, number | "removed"> {
  const out: TakenChanges = {
    keys: new Int32Array(room * 5),
    values: new Uint32Array(room),
    removed: new Uint8Array(room),
  };
  const taken = new Map<number, number | "removed">();
  const cursor = new DirtyCursor();
  for (let count = room; count === room;) {
    count = set.takeChanges(cursor, out);
    assert.ok(count <= room);
    for (let i = 0; i < count; i++) {
      const number = numberAt(out.keys, i * 5);
      assert.ok(!taken.has(number), "each change once");
      taken.set(number, out.removed[i] === 1 ? "removed" : out.values[i]);
    }
  }
  return taken;
}

const VALUES = [0, 1, 1000, 2 ** 31, 2 ** 32 - 1];
const sorted = <T>(map: Map<number, T>) => new Map([...map].sort());

for (const keepChanges of [false, true]) {
  seededTest(
    `a set ${keepChanges ? "that is saved " : ""}behaves as a Map of values and a Map of changes`,
    (random) => {
      const set = new HashSet(createHashSetMemory(5000, keepChanges, [random.next(), random.next()]));
      const model = new Map<number, number>();
      /** What a database that took all changes so far would hold. */
      const saved = new Map<number, number>();
      for (let operation = 1; operation <= amount(40_000, 1_000_000); operation++) {
        const number = random.below(4000);
        assert.equal(set.get(keyOf(number), 2), model.get(number) ?? ABSENT);
        assert.equal(set.has(keyOf(number), 2), model.has(number));
        if (chance(random, operation % 10_000 < 5000 ? 60 : 20)) {
          const value = pick(random, VALUES);
          assert.equal(set.set(keyOf(number), 2, value), true);
          model.set(number, value);
        } else {
          assert.equal(set.remove(keyOf(number), 2), model.delete(number));
        }
        if (operation % 5000 === 0) {
          const cursor = new SetCursor();
          while (set.removeExpired(cursor, 1000));
          for (const [expired, value] of model) if (value > 0 && value <= 1000) model.delete(expired);
        }
        if (operation % 4000 !== 0) continue;
        assert.deepEqual(sorted(contents(set)), sorted(model));
        assert.equal(set.size(), model.size);
        const changes = set.changes();
        const taken = take(set, pick(random, [1, 7, 64, 10_000]));
        assert.equal(taken.size, changes);
        assert.equal(set.changes(), 0);
        for (const [changed, value] of taken) {
          if (value === "removed") saved.delete(changed);
          else saved.set(changed, value);
        }
        if (keepChanges) assert.deepEqual(sorted(saved), sorted(model));
        else assert.equal(taken.size, 0);
      }
    },
  );
}

seededTest(
  "a load brings what the database has, drops what it lost, and keeps changes that are not saved",
  (random) => {
    const set = new HashSet(createHashSetMemory(1000, true, [random.next(), random.next()]));
    const load = (number: number, database: Map<number, number>) => {
      for (const [name, value] of database) assert.ok(set.restore(keyOf(name), 2, value, number));
      const cursor = new SetCursor();
      while (set.dropMissing(cursor, number));
    };
    load(1, new Map([[1, 10], [2, 20], [3, 30], [4, 40]]));
    assert.deepEqual(sorted(contents(set)), new Map([[1, 10], [2, 20], [3, 30], [4, 40]]));
    assert.equal(set.changes(), 0, "what comes from the database need not be saved");

    set.set(keyOf(1), 2, 11);
    set.remove(keyOf(2), 2);
    set.set(keyOf(5), 2, 50);
    load(2, new Map([[1, 10], [2, 20], [4, 41], [6, 60]]));
    assert.deepEqual(sorted(contents(set)), new Map([[1, 11], [4, 41], [5, 50], [6, 60]]));
    assert.equal(set.size(), 4);
    assert.deepEqual(
      sorted(take(set, 10)),
      new Map<number, number | "removed">([[1, 11], [2, "removed"], [5, 50]]),
    );

    load(3, new Map([[1, 11], [5, 50]]));
    assert.deepEqual(sorted(contents(set)), new Map([[1, 11], [5, 50]]));
    assert.equal(set.size(), 2);
  },
);

seededTest("a full set refuses new keys, still changes old ones, and has room again", (random) => {
  const set = new HashSet(createHashSetMemory(300, false, [random.next(), random.next()]));
  const there: number[] = [];
  for (let number = 0; number < 10_000; number++) if (set.set(keyOf(number), 2, number)) there.push(number);
  assert.ok(there.length >= 300 && there.length < 10_000);
  assert.equal(set.size(), there.length);
  for (const number of there) assert.ok(set.set(keyOf(number), 2, 7));
  for (const number of there) assert.ok(set.remove(keyOf(number), 2));
  assert.equal(set.size(), 0);
  for (const number of there) assert.ok(set.set(keyOf(number), 2, 8));
});

Deno.test("a change by one thread is seen by another", () => {
  const memory = createHashSetMemory(100, true, [1, 2]);
  const [one, other] = [new HashSet(memory), new HashSet(memory)];
  one.set(keyOf(1), 2, 5);
  assert.equal(other.get(keyOf(1), 2), 5);
  other.remove(keyOf(1), 2);
  assert.equal(one.has(keyOf(1), 2), false);
  assert.deepEqual(take(one, 5), new Map([[1, "removed"]]));
});

Deno.test("a change that was taken and could not be saved waits again, as what the key has become", () => {
  const set = new HashSet(createHashSetMemory(100, true, [1, 2]));
  for (const name of [1, 2, 3]) set.set(keyOf(name), 2, name * 10);
  set.remove(keyOf(2), 2);
  assert.deepEqual(
    sorted(take(set, 10)),
    new Map<number, number | "removed">([[1, 10], [2, "removed"], [3, 30]]),
  );
  set.markAgain(keyOf(1), 2, false);
  set.markAgain(keyOf(2), 2, true);
  assert.equal(set.changes(), 2);
  assert.deepEqual([set.size(), set.has(keyOf(2), 2)], [2, false]);
  set.set(keyOf(1), 2, 11);
  set.remove(keyOf(3), 2);
  assert.deepEqual(
    sorted(take(set, 10)),
    new Map<number, number | "removed">([[1, 11], [2, "removed"], [3, "removed"]]),
  );

  // A removal that waits again is forgotten when the key is there once more.
  set.markAgain(keyOf(3), 2, true);
  set.set(keyOf(3), 2, 33);
  set.markAgain(keyOf(4), 2, false);
  assert.deepEqual(take(set, 10), new Map([[3, 33]]));
  assert.equal(set.size(), 2);
});
