import assert from "node:assert/strict";
import { dataFile } from "../../src/transfer/data_file.ts";
import { TransferUsageError } from "../../src/transfer/transfer_error.ts";

Deno.test("the ending of a name tells the format, unless it is given", () => {
  const cases: [Parameters<typeof dataFile>, ReturnType<typeof dataFile>][] = [
    [["-", undefined], { path: undefined, format: "jsonl", isGzip: false }],
    [["-", "csv"], { path: undefined, format: "csv", isGzip: false }],
    [["a.jsonl", undefined], { path: "a.jsonl", format: "jsonl", isGzip: false }],
    [["a.NDJSON", undefined], { path: "a.NDJSON", format: "jsonl", isGzip: false }],
    [["./b/a.csv.gz", undefined], { path: "./b/a.csv.gz", format: "csv", isGzip: true }],
    [["a.csv", "jsonl"], { path: "a.csv", format: "jsonl", isGzip: false }],
    [["a.txt", "csv"], { path: "a.txt", format: "csv", isGzip: false }],
    [["dump.gz", "csv"], { path: "dump.gz", format: "csv", isGzip: true }],
  ];
  for (const [args, file] of cases) assert.deepEqual(dataFile(...args), file, args[0]);
});

Deno.test("a name that tells nothing is refused", () => {
  for (const name of ["", "a", "a.txt", "csv", "a.csv.xz", "a.gz"]) {
    assert.throws(() => dataFile(name, undefined), TransferUsageError, name);
  }
});
