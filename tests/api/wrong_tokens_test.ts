import assert from "node:assert/strict";
import { WrongTokens } from "../../src/api/wrong_tokens.ts";

Deno.test("ten wrong tokens a minute are for free, then they wait for the minute's end", () => {
  const tokens = new WrongTokens();
  for (let i = 0; i < 10; i++) assert.equal(tokens.note("1.2.3.4", i, 100 + i), 0);
  assert.equal(tokens.note("1.2.3.4", 10, 120), 40);
  assert.equal(tokens.note("1.2.3.4", 11, 159), 1);
  assert.equal(tokens.note("1.2.3.5", 12, 159), 0, "another address");
  assert.equal(tokens.note("1.2.3.4", 13, 160), 0, "another minute");
});

Deno.test("who guesses waits with the right token too, who repeats an old one does not", () => {
  const tokens = new WrongTokens();
  for (let i = 0; i < 1000; i++) tokens.note("old", 7, 100);
  assert.equal(tokens.wait("old", 110), 0);
  for (let i = 0; i < 11; i++) tokens.note("guesser", i, 100);
  assert.equal(tokens.wait("guesser", 110), 50);
  assert.equal(tokens.wait("guesser", 160), 0);
  assert.equal(tokens.wait("nobody", 110), 0);
});

Deno.test("a flood of addresses takes no more memory than ten thousand", () => {
  const tokens = new WrongTokens();
  for (let i = 0; i < 50_000; i++) tokens.note(`address ${i}`, i, 100);
  assert.equal(tokens.size, 10_000);
});
