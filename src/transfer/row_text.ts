/**
 * Rows as text, one a line. JSON Lines: `{"table":"torrents","info_hash":"<40 hex>","completed":5}`,
 * `{"table":"whitelist","info_hash":"<40 hex>"}`, the same for `blacklist`, and
 * `{"table":"keys","key":"<40 hex>","timeout":0}`. CSV: `table,hash,number` as the first line, then such as
 * `torrents,<40 hex>,5`; the two lists leave the number empty.
 */
import { Buffer } from "node:buffer";
import { either, quoted, showValue } from "../config/text.ts";
import { HASH_BYTES, type Rows, TABLE_KEYS, type TableKey } from "../persistence/database.ts";
import { maxNumber } from "../persistence/schema.ts";

export type RowFormat = "jsonl" | "csv";

/** The first line of a CSV file. */
export const CSV_HEADER = "table,hash,number";

export interface Row {
  readonly table: TableKey;
  /** 40 hexadecimal digits, upper or lower case. */
  readonly hash: string;
  /** Completed downloads, or the time at which a key ends; 0 in the two lists. */
  readonly number: number;
}

/** What is wrong with a line: `expected …, found …`, on one line. */
export interface BadLine {
  readonly problem: string;
}

/** Names of the hash and of the number in JSON; `undefined` where there is no number. */
const FIELDS: Record<TableKey, { readonly hash: string; readonly number: string | undefined }> = {
  torrents: { hash: "info_hash", number: "completed" },
  whitelist: { hash: "info_hash", number: undefined },
  blacklist: { hash: "info_hash", number: undefined },
  keys: { hash: "key", number: "timeout" },
};

const HEX_CHARS = HASH_BYTES * 2;
const HEX_HASH = /^[0-9a-f]{40}$/i;
const DIGITS = /^[0-9]{1,16}$/;
const TABLE_NAMES = either(TABLE_KEYS.map(quoted));
const NOT_ASCII = /[^\0-\x7f]/;

/** The rows as lines, each with its end. */
export function formatRows(format: RowFormat, table: TableKey, { hashes, numbers }: Rows): string {
  const [start, middle, end] = frame(format, table);
  const hex = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length).toString("hex");
  const hasNumbers = FIELDS[table].number !== undefined;
  let text = "";
  for (let i = 0; i * HEX_CHARS < hex.length; i++) {
    const hash = hex.slice(i * HEX_CHARS, (i + 1) * HEX_CHARS);
    text += start + hash + middle + (hasNumbers ? numbers[i] : "") + end;
  }
  return text;
}

/** What stands before, between and after the hash and the number. */
function frame(format: RowFormat, table: TableKey): readonly [string, string, string] {
  if (format === "csv") return [`${table},`, ",", "\n"];
  const { hash, number } = FIELDS[table];
  const start = `{"table":"${table}","${hash}":"`;
  return number === undefined ? [start, '"', "}\n"] : [start, `","${number}":`, "}\n"];
}

/** Reads a line, without its end, whose characters stand for its bytes (Latin-1). Never throws. */
export function parseRow(format: RowFormat, line: string): Row | BadLine {
  const parse = format === "csv" ? parseCsv : parseJson;
  const result = parse(line);
  if (!("problem" in result) || !NOT_ASCII.test(line)) return result;
  // What is found is shown as its writer meant it; no line with such characters is a good one.
  return parse(Buffer.from(line, "latin1").toString("utf8"));
}

/** What is wrong with the first line of a CSV file; `undefined` for nothing. */
export function checkCsvHeader(line: string): BadLine | undefined {
  const isHeader = csvFields(line).join() === CSV_HEADER;
  return isHeader ? undefined : bad(`the header ${quoted(CSV_HEADER)}`, quoted(line));
}

function parseJson(line: string): Row | BadLine {
  const value = parsedJson(line);
  if (value === undefined) return bad('a JSON object such as {"table":…}', quoted(line));
  const table = TABLE_KEYS.find((key) => key === value.table);
  if (table === undefined) return bad(TABLE_NAMES, showFound(value.table), "table");
  const { hash, number } = FIELDS[table];
  for (const name of Object.keys(value)) {
    if (name === "table" || name === hash || name === number) continue;
    const names = ["table", hash, ...(number === undefined ? [] : [number])];
    return bad(`only ${names.join(", ")}`, quoted(name));
  }
  return checkRow(table, value[hash], number === undefined ? 0 : value[number], hash, number);
}

/** The object, or `undefined` for anything else. */
function parsedJson(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

function parseCsv(line: string): Row | BadLine {
  const fields = csvFields(line);
  if (fields.length !== 3) return bad(`three fields (${CSV_HEADER})`, quoted(line));
  const [name, hash, number] = fields;
  const table = TABLE_KEYS.find((key) => key === name);
  if (table === undefined) return bad(TABLE_NAMES, quoted(name), "table");
  if (FIELDS[table].number !== undefined) {
    return checkRow(table, hash, DIGITS.test(number) ? Number(number) : number, "hash", "number");
  }
  if (number !== "") return bad(`nothing for ${table}`, quoted(number), "number");
  return checkRow(table, hash, 0, "hash", undefined);
}

/** A field may stand in quotes, as spreadsheets write it; no good one has quotes or commas in itself. */
function csvFields(line: string): string[] {
  return line.split(",").map((field) => /^"([^"]*)"$/.exec(field)?.[1] ?? field);
}

function checkRow(
  table: TableKey,
  hash: unknown,
  number: unknown,
  hashName: string,
  numberName: string | undefined,
): Row | BadLine {
  if (typeof hash !== "string" || !HEX_HASH.test(hash)) {
    return bad(`${HEX_CHARS} hexadecimal digits`, showFound(hash), hashName);
  }
  const max = maxNumber(table);
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0 || number > max) {
    return bad(`a whole number from 0 to ${max}`, showFound(number), numberName);
  }
  // JSON can write -0; adding 0 makes it 0.
  return { table, hash, number: number + 0 };
}

function showFound(value: unknown): string {
  if (value === undefined) return "nothing";
  return value === null ? "null" : showValue(value);
}

function bad(expected: string, found: string, field?: string): BadLine {
  return { problem: `${field === undefined ? "" : `${field}: `}expected ${expected}, found ${found}` };
}
