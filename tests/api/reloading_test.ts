import assert from "node:assert/strict";
import { FakeTime } from "./fake_time.ts";
import { createTestApi } from "./test_api.ts";

const lists = ["whitelist", "blacklist", "keys"];

Deno.test("without persistence there is nothing to save to or to reload from", async () => {
  const { askJson } = createTestApi();
  const off = [409, { status: "persistence is off" }];
  assert.deepEqual(await askJson("/api/save", { method: "POST" }), off);
  for (const list of lists) assert.deepEqual(await askJson(`/api/${list}/reload`), off);
});

Deno.test("saving says how much, reloading how many there are", async () => {
  const asked: string[] = [];
  const database = {
    save: () => Promise.resolve(7),
    reload: (lists: readonly string[]) => {
      asked.push(...lists);
      return Promise.resolve(Object.fromEntries(lists.map((list, i) => [list, 40 + i])));
    },
  };
  const { askJson } = createTestApi({ database });
  assert.deepEqual(await askJson("/api/save", { method: "POST" }), [200, { status: "ok", saved: 7 }]);
  for (const list of lists) {
    assert.deepEqual(await askJson(`/api/${list}/reload`), [200, { status: "ok", entries: 40 }]);
  }
  assert.deepEqual(asked, lists);
});

Deno.test("a database that fails says why", async () => {
  const fail = () => Promise.reject(new Error("no route to host"));
  const { askJson } = createTestApi({ database: { save: fail, reload: fail } });
  const failed = [503, { status: "no route to host" }];
  assert.deepEqual(await askJson("/api/save", { method: "POST" }), failed);
  assert.deepEqual(await askJson("/api/keys/reload"), failed);
});

Deno.test("what takes long is answered early and goes on", async () => {
  using time = new FakeTime();
  const saving = Promise.withResolvers<number>();
  const database = { save: () => saving.promise, reload: () => Promise.reject(new Error("late")) };
  const { askJson } = createTestApi({ database });
  const answer = askJson("/api/save", { method: "POST" });
  await time.pass(8000);
  assert.deepEqual(await answer, [202, { status: "still running" }]);
  saving.resolve(1);
  await saving.promise;
});
