import assert from "node:assert/strict";
import { binding, cannotListen, enabledBlocks, random, StartError } from "../src/building.ts";

const BLOCKS = [
  { enabled: true, bind_address: "127.0.0.1:1" },
  { enabled: false, bind_address: "127.0.0.1:2" },
  { enabled: true, bind_address: "[::1]:3" },
];

Deno.test("blocks that are on, named as in the configuration", () => {
  const blocks = enabledBlocks("udp_server", BLOCKS);
  assert.deepEqual(blocks.map(({ name }) => name), ["udp_server[0]", "udp_server[2]"]);
  assert.deepEqual([blocks[1].bind.hostname, blocks[1].bind.port], ["::1", 3]);
  assert.equal(blocks[1].config, BLOCKS[2]);
});

Deno.test("what cannot be bound is told by block and address", () => {
  const [block] = enabledBlocks("http_server", BLOCKS);
  assert.equal(binding(block, () => 7), 7);
  const bind = () => {
    throw new Deno.errors.AddrInUse("98");
  };
  assert.throws(() => binding(block, bind), {
    message:
      "http_server[0].bind_address: cannot listen on 127.0.0.1:1: another program uses this address and port",
  });
  assert.ok(cannotListen(block, new Error("x")) instanceof StartError);
});

Deno.test("32 random bits have all their bits", () => {
  let ones = 0;
  let zeros = 0;
  for (let i = 0; i < 200; i++) {
    const bits = random();
    ones |= bits;
    zeros |= ~bits;
  }
  assert.deepEqual([ones, zeros], [-1, -1]);
});
