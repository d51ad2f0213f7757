import assert from "node:assert/strict";
import { lock, lockContended, unlock } from "../../src/swarm/lock.ts";
import { amount } from "../support/seeded.ts";
import type { LockRound } from "./lock_attacker.ts";

function start(round: LockRound): Promise<number> {
  const worker = new Worker(new URL("./lock_attacker.ts", import.meta.url), { type: "module" });
  return new Promise<number>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<number>) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(round);
  }).finally(() => worker.terminate());
}

Deno.test("a lock is taken and given back, beside other words", () => {
  const words = new Int32Array(new SharedArrayBuffer(16));
  for (let i = 0; i < 3; i++) {
    lock(words, 2);
    assert.deepEqual([words[0], words[1], words[3]], [0, 0, 0]);
    assert.notEqual(words[2], 0);
    unlock(words, 2);
    assert.equal(words[2], 0);
  }
});

for (const dawdle of [false, true]) {
  Deno.test(`four threads ${dawdle ? "that dawdle " : ""}are never inside together and lose no count`, async () => {
    const words = new Int32Array(new SharedArrayBuffer(16));
    const rounds = amount(20_000, 1_000_000);
    const names = [1, 2, 3, 4];
    const intruders = await Promise.all(names.map((name) => start({ words, rounds, name, dawdle })));
    assert.deepEqual(intruders, [0, 0, 0, 0]);
    assert.equal(words[1], rounds * names.length);
    assert.equal(words[0], 0, "free at the end");
  });
}

Deno.test("a thread that sleeps at a lock is woken, also by the main thread", async () => {
  const words = new Int32Array(new SharedArrayBuffer(16));
  lock(words, 0);
  const waiting = start({ words, rounds: 1, name: 1, dawdle: false });
  // 2 says that somebody sleeps, or is about to.
  while (Atomics.load(words, 0) !== 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(words[1], 0, "it must wait");
  unlock(words, 0);
  assert.equal(await waiting, 0);
  assert.equal(words[1], 1);
});

Deno.test("a lock whose holder has died is reported", () => {
  const words = new Int32Array(new SharedArrayBuffer(16));
  lock(words, 0);
  assert.throws(() => lockContended(words, 0, 50), /a thread has died with it/);
});
