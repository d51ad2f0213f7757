// Writing all rows but those that are refused, whichever they are and however little is said of them.

import assert from "node:assert/strict";
import { DatabaseError, type Rows } from "../../src/persistence/database.ts";
import { SearchBudget, writeTaken } from "../../src/persistence/taken_rows.ts";
import { seededTest } from "../support/seeded.ts";
import { contentOf, hexOf, rowsOf } from "./table_content.ts";

/** A table that refuses some hashes, and names them or not. */
class PickyTable {
  readonly content = new Map<string, number>();
  calls = 0;
  readonly #refused: ReadonlySet<string>;
  readonly #isNaming: boolean;

  constructor(refused: ReadonlySet<string>, isNaming: boolean) {
    this.#refused = refused;
    this.#isNaming = isNaming;
  }

  write = (rows: Rows): Promise<void> => {
    this.calls++;
    const content = contentOf(rows);
    const bad = [...content.keys()].flatMap((hash, place) => this.#refused.has(hash) ? [place] : []);
    if (bad.length > 0) {
      return Promise.reject(
        new DatabaseError("content", "a table", `row ${bad[0]}`, this.#isNaming ? bad : undefined),
      );
    }
    for (const [hash, number] of content) this.content.set(hash, number);
    return Promise.resolve();
  };
}

seededTest("all rows but the refused ones are written, with their numbers", async (random) => {
  for (let round = 0; round < 200; round++) {
    const count = random.below(200);
    const hashes = Array.from({ length: count }, (_, i) => hexOf(i));
    const rows = rowsOf(hashes, random.below(2) === 0 ? [] : hashes.map((_, i) => i * 3));
    const share = random.below(8);
    const refused = new Set(hashes.filter(() => random.below(64) < share));
    const table = new PickyTable(refused, random.below(2) === 0);
    const outcome = await writeTaken(rows, new SearchBudget(), table.write);
    const all = contentOf(rows);
    assert.deepEqual(contentOf(outcome.rows), new Map([...all].filter(([hash]) => refused.has(hash))));
    assert.deepEqual(table.content, new Map([...all].filter(([hash]) => !refused.has(hash))));
    assert.equal(outcome.reason === "", refused.size === 0);
  }
});

Deno.test("named rows cost one more call, an unnamed one a search, and a table that takes nothing is not asked for ever", async () => {
  const hashes = Array.from({ length: 1024 }, (_, i) => hexOf(i));
  const callsFor = async (refused: readonly string[], isNaming: boolean) => {
    const table = new PickyTable(new Set(refused), isNaming);
    await writeTaken(rowsOf(hashes), new SearchBudget(), table.write);
    return table.calls;
  };
  assert.equal(await callsFor([], false), 1);
  assert.equal(await callsFor(hashes.slice(0, 500), true), 2);
  assert.equal(await callsFor([hashes[77]], false), 21);
  assert.ok(await callsFor(hashes, false) < 200);
});

Deno.test("trouble of another kind is thrown on, so that all is repeated", async () => {
  const trouble = new DatabaseError("unavailable", "a table", "away");
  await assert.rejects(
    writeTaken(rowsOf([hexOf(1)]), new SearchBudget(), () => Promise.reject(trouble)),
    trouble,
  );
});
