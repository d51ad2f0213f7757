import assert from "node:assert/strict";
import fc from "fast-check";
import { HashList, HashListError, LATEST_END, NOT_TOLD } from "../../src/api/hash_list.ts";
import { propertyTest } from "../support/properties.ts";

const A = "0123456789abcdef0123456789ABCDEF01234567";
const B = "ffffffffffffffffffffffffffffffffffffffff";

/** What the text holds, given in pieces of that many bytes. */
function read(text: string, isJson?: boolean, pieceBytes = 7): string[] {
  const list = new HashList(isJson);
  const bytes = new TextEncoder().encode(text);
  for (let i = 0; i < bytes.length; i += pieceBytes) list.push(bytes.subarray(i, i + pieceBytes));
  list.finish();
  const words = list.words();
  assert.equal(words.length, list.count * 5);
  return Array.from({ length: list.count }, (_, i) => new Uint8Array(words.buffer, i * 20, 20).toHex());
}

function problem(text: string, isJson?: boolean): string {
  try {
    return `taken: ${read(text, isJson).length}`;
  } catch (error) {
    assert.ok(error instanceof HashListError, String(error));
    return error.message;
  }
}

Deno.test("a JSON list, and lines of text", () => {
  const expected = [A.toLowerCase(), B];
  for (const text of [`["${A}","${B}"]`, ` [\n "${A}" ,\t"${B}"\r\n]\n`]) {
    assert.deepEqual(read(text), expected, text);
    assert.deepEqual(read(text, true), expected, text);
  }
  for (const text of [`${A}\n${B}`, `${A}\r\n${B}\r\n`, `\n\n ${A} \n\n\t${B}\n`, `${A} ${B}`]) {
    assert.deepEqual(read(text), expected, text);
    assert.deepEqual(read(text, false), expected, text);
  }
});

Deno.test("empty lists", () => {
  for (const text of ["", "\n \n", "[]", " [ ] "]) assert.deepEqual(read(text), []);
});

Deno.test("the first entry that is no hash is named", () => {
  const entry = (number: number) => `invalid info_hash: entry ${number}`;
  for (const bad of ["x", A + "0", A.slice(1), "g" + A.slice(1), `"${A}"`, "é", A.slice(1) + "\\"]) {
    assert.equal(problem(`${A}\n${bad}\n${B}`), entry(2), bad);
    assert.equal(problem(`${A}\n${bad}`), entry(2), bad);
  }
  for (const bad of ["", "x", A + "0", A.slice(1), `\\u0030${A.slice(1)}`, `${A} `]) {
    assert.equal(problem(`["${A}","${bad}"]`), entry(2), bad);
  }
});

Deno.test("what is no JSON list of texts is refused", () => {
  const not = "invalid JSON: expected a list of texts";
  const cases = [
    `["${A}",]`,
    `["${A}""${B}"]`,
    `[${A}]`,
    "[1]",
    "[null]",
    "[[]]",
    `["${A}"] x`,
    "[,]",
    "{}",
    "[}",
  ];
  for (const text of cases) assert.equal(problem(text, true), not, text);
  for (const text of [`{"a":"${A}"}`, `"${A}"`]) assert.equal(problem(text, true), not, text);
  for (const text of ["", " ", "[", `["${A}"`, `["${A}",`, `["${A}`]) {
    assert.equal(problem(text, true), "invalid JSON", text);
  }
});

const hashes = fc.array(
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => new Uint8Array(bytes).toHex()),
);

Deno.test(propertyTest(
  "whatever hashes in whatever pieces, they come out as they went in",
  fc.property(hashes, fc.integer({ min: 1, max: 100 }), (list, pieceBytes) => {
    assert.deepEqual(read(JSON.stringify(list), true, pieceBytes), list);
    assert.deepEqual(read(JSON.stringify(list, null, 2), undefined, pieceBytes), list);
    assert.deepEqual(read(list.join("\n"), false, pieceBytes), list);
  }),
  200,
  5000,
));

const ends = fc.option(fc.integer({ min: 0, max: LATEST_END }), { nil: NOT_TOLD });
const timedKeys = fc.array(
  fc.tuple(
    fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => new Uint8Array(bytes).toHex()),
    ends,
  ),
);

Deno.test(propertyTest(
  "whatever keys with whatever ends in whatever pieces, they come out as they went in",
  fc.property(timedKeys, fc.integer({ min: 1, max: 100 }), (keys, pieceBytes) => {
    const json = keys.map(([key, end]) => end === NOT_TOLD ? key : [key, end]);
    const lines = keys.map(([key, end]) => end === NOT_TOLD ? key : `${key} ${end}`);
    for (const text of [JSON.stringify(json), JSON.stringify(json, null, 2), lines.join("\n")]) {
      assert.deepEqual(readKeys(text, pieceBytes), keys, text);
    }
  }),
  200,
  5000,
));

function readKeys(text: string, pieceBytes: number): [string, number][] {
  const list = new HashList(undefined, "key");
  const bytes = new TextEncoder().encode(text);
  for (let i = 0; i < bytes.length; i += pieceBytes) list.push(bytes.subarray(i, i + pieceBytes));
  list.finish();
  const words = list.words();
  return [...list.ends()].map((end, i) => [new Uint8Array(words.buffer, i * 20, 20).toHex(), end]);
}

Deno.test(propertyTest(
  "no bytes do more than be refused, and what JSON takes for a list of hashes is one here",
  fc.property(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom(true, false, undefined),
    fc.constantFrom("info_hash", "key"),
    (bytes, isJson, noun) => {
      const list = new HashList(isJson, noun);
      try {
        list.push(new Uint8Array(bytes));
        list.finish();
      } catch (error) {
        assert.ok(error instanceof HashListError);
      }
    },
  ),
  1000,
  50_000,
));
