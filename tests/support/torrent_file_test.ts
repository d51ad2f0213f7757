import assert from "node:assert/strict";
import { describeFile, encodeBencode, torrentFile } from "./torrent_file.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

Deno.test("bencode: numbers, texts, bytes, lists and dictionaries with sorted keys", () => {
  const value = { b: [1, -2, "é"], a: { z: 0 }, ab: new Uint8Array([0xff, 0x00]) };
  const expected = [...ascii("d1:ad1:zi0ee2:ab2:"), 0xff, 0x00, ...ascii("1:bli1ei-2e2:"), ...ascii("éee")];
  assert.deepEqual([...encodeBencode(value)], expected);
});

Deno.test("torrent file: the info hash is that of transmission-create for the same file", () => {
  // transmission-create --private --piecesize 64 wrote `private` and the same keys for these 100,000 bytes.
  const data = new Uint8Array(100_000).map((_, i) => i % 251);
  const info = describeFile("payload.bin", data);
  assert.equal(info.infoHashHex, "69c30f2d0bad373d98e1e1e85c7e3414c5f2c315");
});

Deno.test("torrent file: the announce URL does not change the info hash", () => {
  const info = describeFile("payload.bin", new Uint8Array(10));
  const file = torrentFile(info, "udp://127.0.0.1:6969/announce");
  const start = ascii("d8:announce29:udp://127.0.0.1:6969/announce4:info");
  assert.deepEqual(file.subarray(0, start.length), start);
  assert.deepEqual(file.subarray(start.length, -1), info.bytes);
  assert.equal(file.at(-1), "e".charCodeAt(0));
});
