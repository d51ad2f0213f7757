import assert from "node:assert/strict";
import { inTurns, nextTurn } from "../../src/api/turns.ts";

Deno.test("long work lets timers have their turn", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  let steps = 0;
  await inTurns(() => {
    const end = performance.now() + 0.2;
    while (performance.now() < end);
    return ++steps < 250;
  });
  clearInterval(timer);
  assert.equal(steps, 250);
  assert.ok(ticks >= 10, `${ticks} ticks in 50 ms`);
});

Deno.test("a turn is over when sockets were looked at", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let accepted = false;
  const accepting = listener.accept().then((connection) => {
    accepted = true;
    connection.close();
  });
  const client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  let turns = 0;
  for (; !accepted && turns < 100_000; turns++) await nextTurn();
  assert.ok(accepted, `${turns} turns`);
  await accepting;
  client.close();
  listener.close();
});
