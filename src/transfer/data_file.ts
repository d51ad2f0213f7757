/** The file of an export or an import: its name tells its format. */
import { oneLine } from "../config/text.ts";
import type { RowFormat } from "./row_text.ts";
import { TransferUsageError } from "./transfer_error.ts";

export interface DataFile {
  /** `undefined` for stdin and stdout. */
  readonly path: string | undefined;
  readonly format: RowFormat;
  readonly isGzip: boolean;
}

const ENDING = /\.(jsonl|ndjson|csv)(\.gz)?$/i;

/**
 * What a FILE argument means: `-` is stdin or stdout, in JSON Lines unless a format is given; the ending of a name tells
 * the format, unless given, and whether it is compressed. Throws a {@link TransferUsageError}.
 */
export function dataFile(name: string, given: RowFormat | undefined): DataFile {
  if (name === "-") return { path: undefined, format: given ?? "jsonl", isGzip: false };
  const ending = ENDING.exec(name)?.[1].toLowerCase();
  const format = given ?? (ending === undefined ? undefined : ending === "csv" ? "csv" : "jsonl");
  if (format === undefined) {
    const expected = "expected a name that ends in .jsonl, .ndjson or .csv (and .gz), or --format";
    throw new TransferUsageError(`${oneLine(name)}: ${expected}`);
  }
  return { path: name, format, isGzip: /\.gz$/i.test(name) };
}
