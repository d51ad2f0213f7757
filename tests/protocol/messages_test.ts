import assert from "node:assert/strict";
import { AnnounceRequest } from "../../src/protocol/messages.ts";

Deno.test("hash, peer id and key are the same memory as words and as bytes", () => {
  const request = new AnnounceRequest();
  for (
    const [words, bytes] of [
      [request.infoHash, request.infoHashBytes],
      [request.peerId, request.peerIdBytes],
      [request.key, request.keyBytes],
    ] as const
  ) {
    assert.equal(bytes.length, 20);
    bytes.set([1, 2, 3, 4], 16);
    assert.equal(words[4], 0x04030201);
  }
});
