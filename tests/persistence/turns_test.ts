import assert from "node:assert/strict";
import { Turns } from "../../src/persistence/turns.ts";
import { delay } from "../support/program.ts";

Deno.test("turns: one after the other, in order, also after one that failed", async () => {
  const turns = new Turns("database", 5);
  const seen: string[] = [];
  const work = (name: string, isFailing = false) =>
    turns.run(async () => {
      seen.push(`${name} begins`);
      await delay(2);
      seen.push(`${name} ends`);
      if (isFailing) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([work("a"), work("b", true), work("c")]);
  assert.deepEqual(results.map((result) => result.status), ["fulfilled", "rejected", "fulfilled"]);
  assert.deepEqual(seen, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  assert.equal(await work("d"), "d");
});

Deno.test("turns: who waits too long is refused, and the others have their turns", async () => {
  const turns = new Turns("database", 0.05);
  let free = () => {};
  const first = turns.run(() => new Promise<void>((resolve) => free = resolve));
  const second = turns.run(() => Promise.resolve("never"));
  await assert.rejects(second, /^DatabaseError: database: an earlier call did not end in 0\.05 s$/);
  const third = turns.run(() => Promise.resolve("third"));
  free();
  await first;
  assert.equal(await third, "third");
});

Deno.test("turns: no more than 64 wait", async () => {
  const turns = new Turns("database", 5);
  const results = await Promise.allSettled(
    Array.from({ length: 70 }, (_, i) => turns.run(() => delay(i % 2))),
  );
  const isRefused = results.map((result) => result.status === "rejected");
  assert.deepEqual(isRefused, Array.from({ length: 70 }, (_, i) => i >= 65));
});
