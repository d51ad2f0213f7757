import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOUNCE_PATH, MAX_PATH_BYTES, parseKeyPath, SCRAPE_PATH } from "../../src/protocol/key_path.ts";
import { KEY_ABSENT, KEY_MALFORMED, KEY_PRESENT } from "../../src/protocol/messages.ts";
import { anyBytes, bytesOf, propertyTest } from "../support/properties.ts";
import { latin1 } from "../support/bencode_decoder.ts";

const KEY = "0123456789abcdefABCDEF0123456789abcdef01";
const KEY_BYTES = Uint8Array.from(KEY.match(/../g)!, (pair) => parseInt(pair, 16));

function parse(path: string | Uint8Array, verb = ANNOUNCE_PATH): { state: number; key: Uint8Array } {
  const bytes = typeof path === "string" ? new TextEncoder().encode(path) : path;
  const key = new Uint8Array(20);
  return { state: parseKeyPath(bytes, bytes.length, verb, key), key };
}

/** What a path means, by a pattern instead of a parser. */
function expected(path: string, verb: "announce" | "scrape"): { state: number; hex: string } {
  const bare = path.replace(/\?[^]*$/, "").replace(/\/$/, "");
  if (bare === "" || bare === `/${verb}`) return { state: KEY_ABSENT, hex: "" };
  const match = new RegExp(`^/(?:${verb}/([0-9a-fA-F]{40})|([0-9a-fA-F]{40})/${verb})$`).exec(bare);
  if (match === null) return { state: KEY_MALFORMED, hex: "" };
  return { state: KEY_PRESENT, hex: (match[1] ?? match[2]).toLowerCase() };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("a key stands after the verb or before it", () => {
  for (
    const [path, verb] of [
      [`/announce/${KEY}`, ANNOUNCE_PATH],
      [`/${KEY}/announce`, ANNOUNCE_PATH],
      [`/announce/${KEY}/`, ANNOUNCE_PATH],
      [`/${KEY}/announce/`, ANNOUNCE_PATH],
      [`/announce/${KEY}?a=b`, ANNOUNCE_PATH],
      [`/${KEY}/announce?x`, ANNOUNCE_PATH],
      [`/scrape/${KEY}`, SCRAPE_PATH],
      [`/${KEY}/scrape`, SCRAPE_PATH],
    ] as const
  ) {
    const { state, key } = parse(path, verb);
    assert.equal(state, KEY_PRESENT, path);
    assert.deepEqual(key, KEY_BYTES, path);
  }
});

Deno.test("the bare verb and an empty path have no key", () => {
  for (const path of ["", "/", "/announce", "/announce/", "/announce?", `/announce?/${KEY}`, "?"]) {
    assert.equal(parse(path).state, KEY_ABSENT, path);
  }
  assert.equal(parse("/scrape", SCRAPE_PATH).state, KEY_ABSENT);
});

Deno.test("anything else is malformed", () => {
  const g = KEY.slice(0, 39) + "g";
  for (
    const path of [
      "a",
      "//",
      "announce",
      "//announce",
      "/announcf",
      "/scrape",
      `/announce/${KEY.slice(1)}`,
      `/announce/${KEY}0`,
      `/announce//${KEY}`,
      `/announce/${KEY}//`,
      `/announce/${g}`,
      `/${g}/announce`,
      `${KEY}/announce`,
      `/announce${KEY}/`,
      `/${KEY}`,
      `/${KEY}/announce/${KEY}`,
      `/Announce/${KEY}`,
      `/announce/${KEY.slice(0, 38)}%61`,
    ]
  ) {
    assert.equal(parse(path).state, KEY_MALFORMED, path);
  }
});

Deno.test("every cut of a path with a key is judged as it stands", () => {
  for (const whole of [`/announce/${KEY}`, `/${KEY}/announce`]) {
    for (let length = 0; length < whole.length; length++) {
      const path = whole.slice(0, length);
      assert.equal(parse(path).state, expected(path, "announce").state, path);
    }
  }
});

Deno.test("the longest path with a key fits what is read of one", () => {
  assert.ok(`/${KEY}/announce/`.length < MAX_PATH_BYTES);
});

const keyText = bytesOf(20).map(hexOf);
const piece = fc.oneof(
  fc.constantFrom("/", "//", "?", "/announce", "/scrape", "announce", "scrape", "g", "\x00", "\xff"),
  keyText,
  keyText.map((hex) => hex.toUpperCase()),
  keyText.map((hex) => hex.slice(1)),
);
const nearlyAPath = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(""));

Deno.test(propertyTest(
  "agrees with a pattern, for paths that are nearly right and any bytes",
  fc.property(fc.oneof(nearlyAPath, anyBytes(0, 80).map(latin1)), fc.boolean(), (path, isScrape) => {
    const bytes = Uint8Array.from(path, (character) => character.charCodeAt(0));
    const { state, key } = parse(bytes, isScrape ? SCRAPE_PATH : ANNOUNCE_PATH);
    const want = expected(path, isScrape ? "scrape" : "announce");
    assert.equal(state, want.state);
    if (state === KEY_PRESENT) assert.equal(hexOf(key), want.hex);
  }),
  20_000,
  1_000_000,
));
