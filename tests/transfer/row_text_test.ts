import assert from "node:assert/strict";
import fc from "fast-check";
import { HASH_BYTES, TABLE_KEYS } from "../../src/persistence/database.ts";
import { maxNumber } from "../../src/persistence/schema.ts";
import { checkCsvHeader, formatRows, parseRow, type RowFormat } from "../../src/transfer/row_text.ts";
import { anyBytes, propertyTest } from "../support/properties.ts";

const A = "aa".repeat(HASH_BYTES);
const FORMATS: readonly RowFormat[] = ["jsonl", "csv"];
const anyFormat = fc.constantFrom(...FORMATS);
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

Deno.test("the documented lines, to the letter", () => {
  const hashes = new Uint8Array(HASH_BYTES).fill(0xaa);
  const text = (format: RowFormat, table: typeof TABLE_KEYS[number]) =>
    formatRows(format, table, { hashes, numbers: new Float64Array([5]) });
  assert.deepEqual(TABLE_KEYS.map((table) => text("jsonl", table)), [
    `{"table":"torrents","info_hash":"${A}","completed":5}\n`,
    `{"table":"whitelist","info_hash":"${A}"}\n`,
    `{"table":"blacklist","info_hash":"${A}"}\n`,
    `{"table":"keys","key":"${A}","timeout":5}\n`,
  ]);
  assert.deepEqual(TABLE_KEYS.map((table) => text("csv", table)), [
    `torrents,${A},5\n`,
    `whitelist,${A},\n`,
    `blacklist,${A},\n`,
    `keys,${A},5\n`,
  ]);
});

const anyRows = fc.constantFrom(...TABLE_KEYS).chain((table) => {
  const hasNumber = table === "torrents" || table === "keys";
  const number = hasNumber ? fc.maxSafeNat().map((n) => n % (maxNumber(table) + 1)) : fc.constant(0);
  return fc.tuple(fc.constant(table), fc.array(fc.tuple(anyBytes(HASH_BYTES, HASH_BYTES), number)));
});

Deno.test(propertyTest(
  "what is written is read again",
  fc.property(anyFormat, anyRows, (format, [table, rows]) => {
    const hashes = new Uint8Array(rows.flatMap(([hash]) => [...hash]));
    const numbers = new Float64Array(rows.map(([, number]) => number));
    const lines = formatRows(format, table, { hashes, numbers }).split("\n");
    assert.equal(lines.pop(), "");
    const read = lines.map((line) => parseRow(format, line));
    const written = rows.map(([hash, number]) => ({ table, hash: hash.toHex(), number }));
    assert.deepEqual(read, written);
  }),
  1000,
  20_000,
));

/** A row or a problem of one line, whatever was read. */
function assertAnswer(format: RowFormat, line: string) {
  const answer = parseRow(format, line);
  if (!("problem" in answer)) {
    assert.ok(TABLE_KEYS.includes(answer.table) && /^[0-9a-f]{40}$/i.test(answer.hash));
    assert.ok(
      Number.isSafeInteger(answer.number) && answer.number >= 0 && answer.number <= maxNumber(answer.table),
    );
  } else {
    assert.match(answer.problem, /^(\w+: )?expected .+, found .+$/);
    assert.doesNotMatch(answer.problem, /\p{C}/u);
    assert.ok(answer.problem.length < 700, answer.problem);
  }
}

Deno.test(propertyTest(
  "any bytes are answered",
  fc.property(anyFormat, anyBytes(0, 300), (format, bytes) => assertAnswer(format, latin1(bytes))),
  2000,
  100_000,
));

const good = (format: RowFormat) =>
  formatRows(format, "torrents", { hashes: new Uint8Array(20).fill(0xaa), numbers: new Float64Array([12]) })
    .trimEnd();

Deno.test(propertyTest(
  "good lines with bytes changed, cut out or put in are answered",
  fc.property(anyFormat, fc.nat(100), fc.nat(3), anyBytes(0, 4), (format, at, removed, added) => {
    const line = good(format);
    assertAnswer(format, line.slice(0, at) + latin1(added) + line.slice(at + removed));
  }),
  5000,
  200_000,
));

Deno.test(propertyTest(
  "any JSON is answered",
  fc.property(fc.json({ maxDepth: 4 }), (text) => assertAnswer("jsonl", text)),
  2000,
  50_000,
));

Deno.test("spellings that are fine", () => {
  const torrent = { table: "torrents", hash: A, number: 5 };
  const cases: [RowFormat, string, unknown][] = [
    ["jsonl", ` { "completed" : 5.0, "info_hash":"${A}", "table":"torrents" } `, torrent],
    ["jsonl", `{"table":"torrents","info_hash":"${A.toUpperCase()}","completed":5}`, {
      ...torrent,
      hash: A.toUpperCase(),
    }],
    ["jsonl", `{"table":"torrents","info_hash":"${A}","completed":-0}`, { ...torrent, number: 0 }],
    ["jsonl", `{"table":"torrents","info_hash":"${A}","completed":2147483647}`, {
      ...torrent,
      number: 2 ** 31 - 1,
    }],
    ["csv", `"torrents","${A}","5"`, torrent],
    ["csv", `torrents,${A},0005`, torrent],
    ["csv", `keys,${A},9007199254740991`, { table: "keys", hash: A, number: Number.MAX_SAFE_INTEGER }],
  ];
  for (const [format, line, row] of cases) assert.deepEqual(parseRow(format, line), row, line);
});

Deno.test("each kind of bad line is told with what was expected and found", () => {
  const tables = '"torrents", "whitelist", "blacklist" or "keys"';
  const object = 'expected a JSON object such as {"table":…}, found';
  const cases: [RowFormat, string, string][] = [
    ["jsonl", "hello", `${object} "hello"`],
    ["jsonl", "\0\0", `${object} "\\u{0}\\u{0}"`],
    ["jsonl", "\xff\xfe{", `${object} "��{"`],
    ["jsonl", "caf\xc3\xa9", `${object} "café"`],
    [
      "jsonl",
      `{"table":"torrents","info_hash":"aa`,
      `${object} "{\\"table\\":\\"torrents\\",\\"info_hash\\":\\"aa"`,
    ],
    ["jsonl", "null", `${object} "null"`],
    ["jsonl", "[]", `${object} "[]"`],
    ["jsonl", "{}", `table: expected ${tables}, found nothing`],
    ["jsonl", '{"table":"torrent"}', `table: expected ${tables}, found "torrent"`],
    ["jsonl", '{"table":"__proto__"}', `table: expected ${tables}, found "__proto__"`],
    ["jsonl", '{"table":"keys","hash":1}', 'expected only table, key, timeout, found "hash"'],
    ["jsonl", '{"table":"keys","__proto__":1}', 'expected only table, key, timeout, found "__proto__"'],
    [
      "jsonl",
      `{"table":"whitelist","info_hash":"${A}","completed":1}`,
      'expected only table, info_hash, found "completed"',
    ],
    ["jsonl", '{"table":"whitelist"}', "info_hash: expected 40 hexadecimal digits, found nothing"],
    [
      "jsonl",
      '{"table":"whitelist","info_hash":null}',
      "info_hash: expected 40 hexadecimal digits, found null",
    ],
    [
      "jsonl",
      '{"table":"whitelist","info_hash":["a"]}',
      "info_hash: expected 40 hexadecimal digits, found a list",
    ],
    [
      "jsonl",
      '{"table":"whitelist","info_hash":"abc"}',
      'info_hash: expected 40 hexadecimal digits, found "abc"',
    ],
    [
      "jsonl",
      `{"table":"keys","key":"${A}"}`,
      "timeout: expected a whole number from 0 to 9007199254740991, found nothing",
    ],
    [
      "jsonl",
      `{"table":"keys","key":"${A}","timeout":9007199254740992}`,
      "timeout: expected a whole number from 0 to 9007199254740991, found 9007199254740992",
    ],
    [
      "jsonl",
      `{"table":"torrents","info_hash":"${A}","completed":1.5}`,
      "completed: expected a whole number from 0 to 2147483647, found 1.5",
    ],
    [
      "jsonl",
      `{"table":"torrents","info_hash":"${A}","completed":"5"}`,
      'completed: expected a whole number from 0 to 2147483647, found "5"',
    ],
    [
      "jsonl",
      `{"table":"torrents","info_hash":"${A}","completed":1e999}`,
      "completed: expected a whole number from 0 to 2147483647, found Infinity",
    ],
    ["csv", `torrents,${A}`, `expected three fields (table,hash,number), found "torrents,${A}"`],
    ["csv", `torrents,${A},5,`, `expected three fields (table,hash,number), found "torrents,${A},5,"`],
    ["csv", `peers,${A},5`, `table: expected ${tables}, found "peers"`],
    ["csv", `keys,${A.slice(1)}g,5`, `hash: expected 40 hexadecimal digits, found "${A.slice(1)}g"`],
    ["csv", "torrents,1E+40,5", 'hash: expected 40 hexadecimal digits, found "1E+40"'],
    ["csv", `torrents,${A},`, 'number: expected a whole number from 0 to 2147483647, found ""'],
    [
      "csv",
      `torrents,${A},2147483648`,
      "number: expected a whole number from 0 to 2147483647, found 2147483648",
    ],
    ["csv", `torrents,${A},-1`, 'number: expected a whole number from 0 to 2147483647, found "-1"'],
    ["csv", `whitelist,${A},5`, 'number: expected nothing for whitelist, found "5"'],
  ];
  for (const [format, line, problem] of cases) assert.deepEqual(parseRow(format, line), { problem }, line);
});

Deno.test("the CSV header", () => {
  assert.equal(checkCsvHeader("table,hash,number"), undefined);
  assert.equal(checkCsvHeader('"table","hash","number"'), undefined);
  const found = checkCsvHeader(`torrents,${A},5`);
  assert.deepEqual(found, {
    problem: `expected the header "table,hash,number", found "torrents,${A},5"`,
  });
});
