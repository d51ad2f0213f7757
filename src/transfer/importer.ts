/** What becomes of the lines of an import: checked, collected in chunks, saved. */
import { assert } from "../base/assert.ts";
import { parseHex } from "../base/bytes.ts";
import { type Database, HASH_BYTES, type Rows, TABLE_KEYS, type TableKey } from "../persistence/database.ts";
import { MAX_LINE_BYTES } from "./line_splitter.ts";
import { counted } from "./progress.ts";
import { type BadLine, checkCsvHeader, CSV_HEADER, parseRow, type Row, type RowFormat } from "./row_text.ts";
import { Tally } from "./tally.ts";
import { TransferError } from "./transfer_error.ts";

/** With `skipsBad`, so many bad lines are told one by one. */
const MAX_TOLD = 20;
const BLANK = /^[ \t]*$/;
/** The mark that some programs put before UTF-8, as Latin-1. */
const BYTE_ORDER_MARK = "\xef\xbb\xbf";

export interface ImportRules {
  /** The file, for messages. */
  readonly name: string;
  readonly format: RowFormat;
  /** Rows of other tables are checked and left out. */
  readonly tables: readonly TableKey[];
  /** Lines before this one are passed over; counted from 1. */
  readonly fromLine: number;
  readonly skipsBad: boolean;
}

/** What an import needs of a database. */
export type RowSink = Pick<Database, "merge" | "save">;

export class Importer {
  /** Good rows of the wanted tables. */
  readonly tally: Tally;
  badLines = 0;
  rowsLeftOut = 0;
  readonly #rules: ImportRules;
  readonly #database: RowSink | undefined;
  readonly #chunks: Record<TableKey, Chunk>;
  readonly #say: (line: string) => void;
  /** The line in hand, or the next one between two calls. */
  #line = 1;
  #savedRows = 0;

  /** Without a database the lines are only checked. Saves at most `chunkRows` rows in one transaction. */
  constructor(
    rules: ImportRules,
    database: RowSink | undefined,
    chunkRows: number,
    say: (line: string) => void,
  ) {
    this.#rules = rules;
    this.#database = database;
    this.#say = say;
    this.tally = new Tally(rules.tables);
    const chunk = () => new Chunk(chunkRows);
    this.#chunks = { torrents: chunk(), whitelist: chunk(), blacklist: chunk(), keys: chunk() };
  }

  /**
   * Takes the next lines. Throws a {@link TransferError} for a bad line, unless they are skipped, and what the database
   * throws.
   */
  async take(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const chunk = this.#read(line);
      this.#line++;
      if (chunk?.isFull) await this.save();
    }
  }

  /** Takes what came after the last line end, and saves everything. Throws as `take` does. */
  async finish(rest: string): Promise<void> {
    // A number may have lost its last digits; JSON has a bracket after it.
    if (rest !== "" && this.#rules.format === "csv" && this.#line > 1) {
      const found = "the end of the file; if it is not cut off, add a line end";
      this.#take({ problem: `expected a line end after the last row, found ${found}` });
      this.#line++;
    } else if (rest !== "") await this.take([rest]);
    await this.save();
    const { name, format, fromLine } = this.#rules;
    if (format === "csv" && this.#line === 1) {
      throw new TransferError(`${name}: expected the header "${CSV_HEADER}", found an empty file`);
    }
    if (this.#line < fromLine) {
      throw new TransferError(`${name}: expected a line ${fromLine}, found only ${this.#line - 1}`);
    }
  }

  /** Saves what has been taken. */
  async save(): Promise<void> {
    for (const table of TABLE_KEYS) {
      const chunk = this.#chunks[table];
      if (chunk.count === 0) continue;
      if (table === "torrents") await this.#database?.merge(table, chunk.rows(true));
      else await this.#database?.save(table, chunk.rows(table === "keys"));
      this.#savedRows += chunk.count;
      chunk.clear();
    }
  }

  /** How far it went, and how to go on. */
  position(): string {
    const firsts = TABLE_KEYS.map((table) => this.#chunks[table]).filter(({ count }) => count > 0);
    const line = Math.min(this.#line, ...firsts.map(({ firstLine }) => firstLine));
    if (this.#database === undefined) {
      return `stopped at line ${line}; good until there: ${counted(this.tally.total, "row")}`;
    }
    const done = `in the database: ${counted(this.#savedRows, "row")}`;
    return `stopped at line ${line}; ${done}; run it again, or go on with --from-line ${line}`;
  }

  /** The chunk that has grown by the line. */
  #read(line: string): Chunk | undefined {
    const { format, fromLine } = this.#rules;
    const text = this.#line === 1 && line.startsWith(BYTE_ORDER_MARK) ? line.slice(3) : line;
    if (this.#line === 1 && format === "csv") {
      const wrong = checkCsvHeader(text);
      // No line of a file without it can be trusted, so this one is not skipped.
      if (wrong !== undefined) throw this.#badLine(wrong);
      return undefined;
    }
    if (this.#line < fromLine || BLANK.test(text)) return undefined;
    if (text.length <= MAX_LINE_BYTES) return this.#take(parseRow(format, text));
    return this.#take({ problem: `expected a line of at most ${MAX_LINE_BYTES} bytes, found a longer one` });
  }

  #take(row: Row | BadLine): Chunk | undefined {
    if ("problem" in row) {
      this.badLines++;
      if (!this.#rules.skipsBad) throw this.#badLine(row);
      if (this.badLines <= MAX_TOLD) this.#say(this.#badLine(row).message);
      if (this.badLines === MAX_TOLD) this.#say("more bad lines are only counted");
      return undefined;
    }
    if (!this.#rules.tables.includes(row.table)) {
      this.rowsLeftOut++;
      return undefined;
    }
    this.tally.add(row.table, 1);
    this.#chunks[row.table].add(row, this.#line);
    return this.#chunks[row.table];
  }

  #badLine({ problem }: BadLine): TransferError {
    return new TransferError(`${this.#rules.name}:${this.#line}: ${problem}`);
  }
}

/** Rows of one table on their way to the database. */
class Chunk {
  count = 0;
  /** The line of its first row. */
  firstLine = 0;
  readonly #hashes: Uint8Array;
  readonly #numbers: Float64Array;

  constructor(rows: number) {
    this.#hashes = new Uint8Array(rows * HASH_BYTES);
    this.#numbers = new Float64Array(rows);
  }

  get isFull(): boolean {
    return this.count === this.#numbers.length;
  }

  add({ hash, number }: Row, line: number): void {
    if (this.count === 0) this.firstLine = line;
    const place = this.#hashes.subarray(this.count * HASH_BYTES);
    assert(parseHex(hash, 0, HASH_BYTES, place), "a parsed row has a hash");
    this.#numbers[this.count++] = number;
  }

  rows(hasNumbers: boolean): Rows {
    return {
      hashes: this.#hashes.subarray(0, this.count * HASH_BYTES),
      numbers: this.#numbers.subarray(0, hasNumbers ? this.count : 0),
    };
  }

  clear(): void {
    this.count = 0;
  }
}
