import assert from "node:assert/strict";
import fc from "fast-check";
import { DatabaseError, type Rows, TABLE_KEYS, type TableKey } from "../../src/persistence/database.ts";
import { Importer, type ImportRules } from "../../src/transfer/importer.ts";
import { LineSplitter, MAX_LINE_BYTES } from "../../src/transfer/line_splitter.ts";
import { formatRows } from "../../src/transfer/row_text.ts";
import { TransferError } from "../../src/transfer/transfer_error.ts";
import { hexOf, rowsOf } from "../persistence/table_content.ts";
import { anyBytes } from "../support/properties.ts";
import { amount, testSeed } from "../support/seeded.ts";

/** `METHOD TABLE ROWS` for every call; fails from the call of this number on. */
class Recorder {
  readonly calls: string[] = [];
  failsFrom = Infinity;

  merge(table: TableKey, rows: Rows): Promise<void> {
    return this.#record("merge", table, rows);
  }

  save(table: TableKey, rows: Rows): Promise<void> {
    return this.#record("save", table, rows);
  }

  #record(method: string, table: TableKey, { hashes, numbers }: Rows): Promise<void> {
    if (this.calls.length + 1 >= this.failsFrom) {
      return Promise.reject(new DatabaseError("unavailable", "a database", "gone"));
    }
    this.calls.push(`${method} ${table} ${hashes.length / 20} ${[...numbers].join("+")}`.trim());
    return Promise.resolve();
  }
}

function setUp(rules: Partial<ImportRules> = {}, chunkRows = 2) {
  const said: string[] = [];
  const recorder = new Recorder();
  const all = {
    name: "file",
    format: "jsonl",
    tables: TABLE_KEYS,
    fromLine: 1,
    skipsBad: false,
    ...rules,
  } as const;
  return { said, recorder, importer: new Importer(all, recorder, chunkRows, (line) => said.push(line)) };
}

function line(table: TableKey, number: number, format: "jsonl" | "csv" = "jsonl"): string {
  return formatRows(format, table, rowsOf([hexOf(number)], [number])).trimEnd();
}

Deno.test("rows are saved in chunks: torrents are merged, the rest replaces what is there", async () => {
  const { importer, recorder } = setUp();
  await importer.take([1, 2, 3].map((number) => line("torrents", number)));
  assert.deepEqual(recorder.calls, ["merge torrents 2 1+2"]);
  await importer.take(["", " \t", line("whitelist", 1), line("keys", 9), line("blacklist", 4)]);
  await importer.finish(line("keys", 10));
  assert.deepEqual(recorder.calls.slice(1), [
    "merge torrents 1 3",
    "save whitelist 1",
    "save blacklist 1",
    "save keys 2 9+10",
  ]);
  assert.equal(`${importer.tally}`, "torrents 3, whitelist 1, blacklist 1, keys 2");
});

Deno.test("a bad line ends it, and is told with file and line", async () => {
  const { importer, recorder } = setUp({}, 10);
  const bad = importer.take([line("torrents", 1), "", "nonsense", line("torrents", 2)]);
  await assert.rejects(
    bad,
    new TransferError('file:3: expected a JSON object such as {"table":…}, found "nonsense"'),
  );
  assert.equal(
    importer.position(),
    "stopped at line 1; in the database: 0 rows; run it again, or go on with --from-line 1",
  );
  await importer.save();
  assert.deepEqual(recorder.calls, ["merge torrents 1 1"]);
  assert.equal(
    importer.position(),
    "stopped at line 3; in the database: 1 row; run it again, or go on with --from-line 3",
  );
});

Deno.test("with skipsBad the first 20 bad lines are told, all are counted, and the good ones are taken", async () => {
  const { importer, recorder, said } = setUp({ skipsBad: true }, 10);
  const lines = Array.from({ length: 60 }, (_, i) => i % 2 === 0 ? "x".repeat(i) + "!" : line("keys", i));
  await importer.take([...lines, "y".repeat(MAX_LINE_BYTES + 1)]);
  await importer.finish("z");
  assert.equal(importer.badLines, 32);
  assert.equal(said.length, 21);
  assert.match(said[19], /^file:39: expected a JSON object/);
  assert.equal(said[20], "more bad lines are only counted");
  assert.equal(recorder.calls.length, 3);
  assert.equal(importer.tally.total, 30);
});

Deno.test("too long a line, a cut line and a file without its header are bad lines", async () => {
  const cases: [Partial<ImportRules>, string[], string, string][] = [
    [
      {},
      ["y".repeat(MAX_LINE_BYTES + 1)],
      "",
      "file:1: expected a line of at most 4096 bytes, found a longer one",
    ],
    [{}, [], line("torrents", 5).slice(0, -1), "file:1: expected a JSON object such as"],
    [
      { format: "csv" },
      ["table,hash,number"],
      line("torrents", 123, "csv"),
      "file:2: expected a line end after the last row, found the end of the file; if it is not cut off, add",
    ],
    [
      { format: "csv" },
      [line("torrents", 1, "csv")],
      "",
      'file:1: expected the header "table,hash,number", found',
    ],
    [
      { format: "csv", skipsBad: true },
      ["hash"],
      "",
      'file:1: expected the header "table,hash,number", found "hash"',
    ],
    [{ format: "csv" }, [], "", 'file: expected the header "table,hash,number", found an empty file'],
    [{ fromLine: 4 }, ["x", "y"], "", "file: expected a line 4, found only 2"],
  ];
  for (const [rules, lines, rest, message] of cases) {
    const { importer } = setUp(rules);
    const reading = (async () => {
      await importer.take(lines);
      await importer.finish(rest);
    })();
    await assert.rejects(
      reading,
      (error) => error instanceof TransferError && error.message.startsWith(message),
      message,
    );
  }
});

Deno.test("an empty file of JSON Lines, and a CSV of its header alone, have no rows", async () => {
  await setUp().importer.finish("");
  for (const [lines, rest] of [[["\xef\xbb\xbftable,hash,number"], ""], [[], "table,hash,number"]] as const) {
    const { importer, recorder } = setUp({ format: "csv" });
    await importer.take(lines);
    await importer.finish(rest);
    assert.deepEqual(recorder.calls, []);
  }
});

Deno.test("a byte order mark before JSON, and lines before fromLine, are passed over", async () => {
  const { importer, recorder } = setUp();
  await importer.take([`\xef\xbb\xbf${line("keys", 1)}`]);
  await importer.finish("");
  assert.deepEqual(recorder.calls, ["save keys 1 1"]);
  const later = setUp({ fromLine: 3, format: "csv" });
  await later.importer.take(["table,hash,number", "nonsense", line("keys", 3, "csv")]);
  await later.importer.finish("");
  assert.deepEqual(later.recorder.calls, ["save keys 1 3"]);
});

Deno.test("rows of other tables are checked and left out", async () => {
  const { importer, recorder } = setUp({ tables: ["keys"] });
  await importer.take([line("torrents", 1), line("keys", 2), line("blacklist", 3)]);
  await importer.finish("");
  assert.deepEqual(recorder.calls, ["save keys 1 2"]);
  assert.equal(importer.rowsLeftOut, 2);
  await assert.rejects(importer.take([line("torrents", 1).replace("1}", "-1}")]), TransferError);
});

Deno.test("after a failure of the database the place to go on is that of the first row that is not in it", async () => {
  const { importer, recorder } = setUp({}, 3);
  const lines = [
    ...[line("keys", 1), line("torrents", 1), line("torrents", 2), line("torrents", 3), line("keys", 2)],
    ...[line("whitelist", 1), line("torrents", 4), line("torrents", 5), line("keys", 3)],
  ];
  recorder.failsFrom = 3;
  await assert.rejects(
    importer.take(lines.slice(0, 8)).then(() => importer.take([line("torrents", 6)])),
    DatabaseError,
  );
  assert.match(importer.position(), /^stopped at line 5; in the database: 4 rows; run .* --from-line 5$/);
  const again = setUp({ fromLine: 5 }, 3);
  await again.importer.take(lines);
  await again.importer.finish("");
  assert.equal(again.importer.tally.total, 5);
});

/** Good lines, and anything else, as Latin-1. */
const anyLine = (format: "jsonl" | "csv") =>
  fc.oneof(
    fc.tuple(fc.constantFrom(...TABLE_KEYS), fc.nat(9)).map(([table, number]) => line(table, number, format)),
    anyBytes(0, 60).map((bytes) => String.fromCharCode(...bytes).replaceAll("\n", "")),
    fc.constantFrom("", "\r", "\0".repeat(MAX_LINE_BYTES + 1)),
  );

const anyFile = fc.constantFrom("jsonl" as const, "csv" as const).chain((format) =>
  fc.tuple(fc.constant(format), fc.array(anyLine(format)), fc.nat(3), fc.nat(100))
);

/** Imports a file with all its faults, cut into pieces. */
async function importFile(format: "jsonl" | "csv", lines: string[], chunkRows: number, pieceBytes: number) {
  const { importer, recorder, said } = setUp({ format, skipsBad: true }, chunkRows);
  const header = format === "csv" ? ["table,hash,number"] : [];
  const text = [...header, ...lines].map((line) => `${line}\n`).join("");
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const splitter = new LineSplitter();
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    await importer.take(splitter.push(bytes.subarray(from, from + pieceBytes)));
  }
  await importer.finish(splitter.end());
  return { importer, recorder, said };
}

Deno.test("any file is read to its end: every line is a row, a bad line or blank", async () => {
  const seed = testSeed();
  const property = fc.asyncProperty(anyFile, async ([format, lines, chunkRows, pieceBytes]) => {
    const { importer, recorder, said } = await importFile(format, lines, chunkRows + 1, pieceBytes + 1);
    const blank = lines.filter((line) => /^[ \t]*\r?$/.test(line)).length;
    assert.equal(importer.tally.total + importer.badLines, lines.length - blank);
    const saved = recorder.calls.reduce((sum, call) => sum + Number(call.split(" ")[2]), 0);
    assert.equal(saved, importer.tally.total);
    assert.equal(said.length, importer.badLines < 20 ? importer.badLines : 21);
  });
  await fc.assert(property, { seed: seed | 0, numRuns: amount(200, 5000) });
});
