import assert from "node:assert/strict";
import { finishesWithin } from "../src/signals.ts";
import { withNeeds } from "./support/skip.ts";

const PROGRAM = `
  import { nextSignal } from "${new URL("../src/signals.ts", import.meta.url)}";
  const signal = nextSignal();
  console.log("ready");
  await signal;
  console.log("signalled");
  if (Deno.args[0] === "hang") await new Promise(() => {});
  Deno.exit(0);
`;

/** Sends each signal after the line of output that it waits for; the exit code. */
async function exitCodeAfter(signals: Deno.Signal[], args: string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", PROGRAM, ...args], stdout: "piped" });
  const child = command.spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (const signal of signals) {
    await output.read();
    child.kill(signal);
  }
  const { code } = await child.status;
  await output.cancel();
  return code;
}

/** Windows has no signals: what Deno sends there ends the program at once. */
const needs = { systems: ["linux", "darwin"] };

Deno.test(withNeeds(needs, "SIGINT and SIGTERM ask for the end", async () => {
  assert.equal(await exitCodeAfter(["SIGINT"], []), 0);
  assert.equal(await exitCodeAfter(["SIGTERM"], []), 0);
}));

Deno.test(withNeeds(needs, "a second signal ends at once", async () => {
  assert.equal(await exitCodeAfter(["SIGTERM", "SIGINT"], ["hang"]), 130);
}));

Deno.test("a stop is waited for, but not for ever", async () => {
  assert.equal(await finishesWithin(60_000, Promise.resolve()), true);
  assert.equal(await finishesWithin(1, new Promise(() => {})), false);
  await assert.rejects(finishesWithin(60_000, Promise.reject(new Error("failed"))), /failed/);
});
