import assert from "node:assert/strict";
import fc from "fast-check";
import { clientName, formatClientName } from "../../src/protocol/client_name.ts";
import { bytesOf, propertyTest } from "../support/properties.ts";

/** The bytes of an id that starts so; the rest is of no meaning. */
function idOf(start: string): Uint8Array {
  return Uint8Array.from(start.padEnd(20, "\xfe"), (character) => character.charCodeAt(0));
}

const named: [start: string, name: string][] = [
  ["-qB4500-", "qBittorrent 4.5.0"],
  ["-qB4390-", "qBittorrent 4.3.9"],
  ["-qB45A0-", "qBittorrent 4.5.10"],
  ["-qB5021-", "qBittorrent 5.0.2.1"],
  ["-TR4050-", "Transmission 4.0.5"],
  ["-TR406Z-", "Transmission 4.0.6"],
  ["-TR3000-", "Transmission 3.00"],
  ["-TR2940-", "Transmission 2.94"],
  ["-TR0072-", "Transmission 0.72"],
  ["-TR0006-", "Transmission 0.6"],
  ["-DE2110-", "Deluge 2.1.1"],
  ["-DE203s-", "Deluge 2.0.3"],
  ["-DE13F0-", "Deluge 1.3.15"],
  ["-LT20B0-", "libtorrent (Rasterbar) 2.0.11"],
  ["-LT1100-", "libtorrent (Rasterbar) 1.1.0"],
  ["-lt0D60-", "libTorrent (Rakshasa) 0.13.6"],
  ["-UT3550-", "µTorrent 3.5.5"],
  ["-UT341S-", "µTorrent 3.4.1"],
  ["-UM1870-", "µTorrent for Mac 1.8.7"],
  ["-BT7B10-", "BitTorrent 7.11.1"],
  ["-BC0146-", "BitComet 1.46"],
  ["-BC0201-", "BitComet 2.01"],
  ["exbc\x01\x02----", "BitComet"],
  ["exbc\x01\x02LORD", "BitLord"],
  ["-AZ5760-", "Vuze 5.7.6.0"],
  ["-BI3500-", "BiglyBT 3.5.0.0"],
  ["-TX0318-", "Tixati 3.18"],
  ["-WW0109-", "WebTorrent 1.9"],
  ["-TL7140-", "Tribler 7.1.4"],
  ["-FW6970-", "FrostWire 6.9.7"],
  ["-KT5210-", "KTorrent 5.2.1"],
  ["-7T1000-", "aTorrent 1.0.0"],
  ["A2-1-36-0-", "aria2 1.36.0"],
  ["aria2/1.10.9", "aria2 1.10.9"],
  ["M7-9-2--", "Mainline 7.9.2"],
  ["M4-20-8-", "Mainline 4.20.8"],
  ["Q1-10-0-", "Queen Bee 1.10.0"],
  ["S58B-----", "Shadow 5.8.11"],
  ["T03I-----", "BitTornado 0.3.18"],
  ["T03I--008", "BitTornado 0.3.18"],
  ["A310--001", "ABC 3.1.0"],
  ["XBT054d-", "XBT Client 0.5.4"],
  ["OP7685", "Opera 7685"],
  ["-ML2.7.2-", "MLDonkey 2.7.2"],
  ["Plus", "Plus!"],
  ["346-", "TorrentTopia"],
];

Deno.test("the software and the version of the known conventions", () => {
  for (const [start, name] of named) assert.equal(formatClientName(clientName(idOf(start))), name, start);
});

Deno.test("what is not known is not guessed", () => {
  const ids = [
    "",
    "-XY1234-",
    "-qB45",
    "-qB 500-",
    "qB4500-",
    "--------",
    "M7-9",
    "Mxyz----",
    "T!!!-----",
    "S-----",
  ];
  for (const start of [...ids, "\0".repeat(20), "T03I-xyz", "A2-x-36-0-", "-éé1234-"]) {
    assert.deepEqual(clientName(idOf(start)), { software: "", version: "" }, start);
  }
});

Deno.test("a client is known by its letters when its version makes no sense", () => {
  assert.equal(formatClientName(clientName(idOf("-BC01zz-"))), "BitComet");
  assert.equal(formatClientName(clientName(idOf("-WWabcd-"))), "WebTorrent");
});

Deno.test("an id is read where it lies", () => {
  const bytes = new Uint8Array(60).fill(1);
  bytes.set(idOf("-qB4650-"), 23);
  assert.equal(formatClientName(clientName(bytes, 23)), "qBittorrent 4.6.5");
  assert.equal(formatClientName(clientName(bytes, 22)), "");
});

const starts = fc.constantFrom(
  "-",
  "-qB",
  "-TR",
  "-BC",
  "-7T",
  "A2-",
  "M",
  "T",
  "S",
  "exbc",
  "XBT",
  "-ML",
  "OP",
);

Deno.test(propertyTest(
  "no bytes break it, and nothing but letters of ours and digits comes out",
  fc.property(starts, bytesOf(20), fc.boolean(), (start, bytes, isText) => {
    const id = isText ? bytes.map((byte) => 0x20 + byte % 0x5f) : bytes;
    id.set(idOf(start).subarray(0, start.length));
    const { software, version } = clientName(id);
    assert.match(version, /^(?:\d+(?:\.\d+)*)?$/);
    assert.ok(software !== "" || version === "");
    assert.match(software, /^[\w µ+!.:()-]*$/);
  }),
  2000,
  100_000,
));
