/** `denotrack export`: the tables of the database as text, page by page. */
import type { Config } from "../config/schema.ts";
import { oneLine } from "../config/text.ts";
import { type Database, DatabaseError, HASH_BYTES, type TableKey } from "../persistence/database.ts";
import { checkDatabasePath, openConfiguredDatabase } from "./configured_database.ts";
import { dataFile } from "./data_file.ts";
import { openOutput, type Output } from "./output.ts";
import { counted, Progress } from "./progress.ts";
import { CSV_HEADER, formatRows, type RowFormat } from "./row_text.ts";
import { Tally } from "./tally.ts";
import { InterruptedError, TransferError } from "./transfer_error.ts";

/** Rows a page: large enough for speed, small enough to stop at once. */
const PAGE_ROWS = 10_000;

export interface ExportJob {
  /** A path, or `-` for stdout. */
  readonly file: string;
  readonly tables: readonly TableKey[];
  /** Told by the ending of the file when `undefined`. */
  readonly format: RowFormat | undefined;
  /** Whether a file that is there is replaced. */
  readonly isForced: boolean;
}

/**
 * Writes the tables to the file, which is there only when it is whole. Says on stderr how it goes. Throws a
 * {@link TransferError}, also when `signal` stops it.
 */
export async function exportTables(config: Config, job: ExportJob, signal: AbortSignal): Promise<void> {
  const target = dataFile(job.file, job.format);
  checkDatabasePath(config, true);
  const output = await openOutput(target, job.isForced);
  const progress = new Progress("exported");
  const tally = new Tally(job.tables);
  try {
    await withDatabase(config, progress, async (database) => {
      const exporter = new Exporter(database, output, target.format, progress, tally, signal);
      await exporter.run(job.tables);
    });
    await output.finish();
    progress.say(`exported ${counted(tally.total, "row")} in ${progress.seconds.toFixed(1)} s (${tally})`);
  } catch (error) {
    output.discard();
    progress.clear();
    throw isExpected(error) ? stopped(error, tally, target.path) : error;
  }
}

async function withDatabase(
  config: Config,
  progress: Progress,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await openConfiguredDatabase(config, (line) => progress.say(line));
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

class Exporter {
  readonly #database: Database;
  readonly #output: Output;
  readonly #format: RowFormat;
  readonly #progress: Progress;
  readonly #tally: Tally;
  readonly #signal: AbortSignal;

  constructor(
    database: Database,
    output: Output,
    format: RowFormat,
    progress: Progress,
    tally: Tally,
    signal: AbortSignal,
  ) {
    this.#database = database;
    this.#output = output;
    this.#format = format;
    this.#progress = progress;
    this.#tally = tally;
    this.#signal = signal;
  }

  async run(tables: readonly TableKey[]): Promise<void> {
    if (this.#format === "csv") await this.#output.write(`${CSV_HEADER}\n`);
    let total = 0;
    for (const table of tables) total += await this.#database.count(table);
    for (const table of tables) await this.#write(table, total);
  }

  #write(table: TableKey, total: number): Promise<void> {
    return this.#database.read(table, PAGE_ROWS, async (page) => {
      if (this.#signal.aborted) throw new InterruptedError();
      await this.#output.write(formatRows(this.#format, table, page));
      this.#tally.add(table, page.hashes.length / HASH_BYTES);
      this.#progress.update(this.#tally.total, this.#tally.total / total);
    });
  }
}

function isExpected(error: unknown): error is Error {
  return error instanceof TransferError || error instanceof DatabaseError;
}

function stopped(error: Error, tally: Tally, path: string | undefined): TransferError {
  const rest = path === undefined ? "what came out is not everything" : `${oneLine(path)} was not written`;
  return new TransferError(`${error.message}\nstopped after ${counted(tally.total, "row")}; ${rest}`);
}
