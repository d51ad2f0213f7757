/** Checks an answer, byte by byte, against what the model expects. */
import assert from "node:assert/strict";
import { type Address, keyOf } from "./address.ts";
import type { Expected, Handout } from "./model.ts";
import { ANNOUNCE, CONNECT, ERROR, SCRAPE } from "./packets.ts";

/** `bytes` is empty for silence. */
export function checkAnswer(bytes: Uint8Array, expected: Expected, to: Address, interval: number): void {
  assert(bytes.length <= (to.isIpv4 ? 1472 : 1200), `an answer of ${bytes.length} bytes`);
  if (expected.kind === "silence") {
    assert.equal(bytes.length, 0, "something, where silence was expected");
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { transaction } = expected;
  switch (expected.kind) {
    case "connect":
      assert.equal(bytes.length, 16);
      return checkWords(view, [CONNECT, transaction], "connect");
    case "error": {
      checkWords(view, [ERROR, transaction], "error");
      assert.equal(new TextDecoder().decode(bytes.subarray(8)), expected.text);
      return;
    }
    case "scrape":
      assert.equal(bytes.length, 8 + expected.counts.length * 4);
      return checkWords(view, [SCRAPE, transaction, ...expected.counts], "scrape");
    case "announce": {
      const { leechers, seeders, handout } = expected;
      checkWords(view, [ANNOUNCE, transaction, interval, leechers, seeders], "announce");
      return checkPeers(bytes.subarray(20), to.isIpv4 ? 6 : 18, handout);
    }
  }
}

function checkWords(view: DataView, words: readonly number[], name: string): void {
  assert(view.byteLength >= words.length * 4, `${name}: an answer of ${view.byteLength} bytes`);
  words.forEach((word, i) => assert.equal(view.getInt32(i * 4), word, `${name}: word ${i} of the answer`));
}

function checkPeers(bytes: Uint8Array, peerBytes: number, handout: Handout): void {
  const count = bytes.length / peerBytes;
  const { least, most } = handout;
  assert(Number.isInteger(count), `${bytes.length} bytes of peers`);
  assert(count >= least && count <= most, `${count} peers, where ${least} to ${most} were expected`);
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    const endpoint = keyOf(bytes, i * peerBytes, peerBytes);
    const peer = handout.swarm.peers.get(endpoint);
    if (peer === undefined) assert.fail("a peer that is not in the swarm");
    if (endpoint === handout.asker) assert.fail("the asker itself");
    if (handout.leechersOnly && peer.seeder) assert.fail("a seeder, given to a seeder");
    seen.add(endpoint);
  }
  assert.equal(seen.size, count, "a peer twice in one answer");
}
