/** `denotrack import`: lines of text into the tables of the database, chunk by chunk. */
import type { Config } from "../config/schema.ts";
import { type Database, DatabaseError, type TableKey } from "../persistence/database.ts";
import { checkDatabasePath, openConfiguredDatabase } from "./configured_database.ts";
import { dataFile } from "./data_file.ts";
import { Importer } from "./importer.ts";
import { type Input, openInput } from "./input.ts";
import { LineSplitter } from "./line_splitter.ts";
import { counted, Progress } from "./progress.ts";
import type { RowFormat } from "./row_text.ts";
import { InterruptedError, TransferError } from "./transfer_error.ts";

export interface ImportJob {
  /** A path, or `-` for stdin. */
  readonly file: string;
  readonly tables: readonly TableKey[];
  /** Told by the ending of the file when `undefined`. */
  readonly format: RowFormat | undefined;
  /** Lines before this one are passed over; counted from 1. */
  readonly fromLine: number;
  readonly skipsBad: boolean;
  /** Whether the lines are only checked, without a database. */
  readonly isDryRun: boolean;
}

/**
 * Brings the rows of the file into the database: torrents are merged (the larger number of downloads stays), a key gets
 * the time of the file, nothing is removed. Says on stderr how it goes. Throws a {@link TransferError}, also when
 * `signal` stops it; what it says it has saved is in the database then.
 */
export async function importRows(config: Config, job: ImportJob, signal: AbortSignal): Promise<void> {
  const source = dataFile(job.file, job.format);
  if (!job.isDryRun) checkDatabasePath(config, false);
  const input = await openInput(source);
  signal.addEventListener("abort", () => input.stop());
  const progress = new Progress(job.isDryRun ? "checked" : "imported");
  const say = (line: string) => progress.say(line);
  let database: Database | undefined;
  try {
    database = job.isDryRun ? undefined : await openConfiguredDatabase(config, say);
    const importer = new Importer(
      { ...job, ...source, name: input.name },
      database,
      config.db_chunk_size,
      say,
    );
    await readLines(input, importer, progress, signal);
    progress.say(summary(importer, job, progress.seconds));
  } catch (error) {
    throw error instanceof DatabaseError ? new TransferError(error.message) : error;
  } finally {
    progress.clear();
    await database?.close();
  }
}

async function readLines(
  input: Input,
  importer: Importer,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const splitter = new LineSplitter();
  try {
    for (let bytes = await input.next(); bytes !== undefined; bytes = await input.next()) {
      await importer.take(splitter.push(bytes));
      progress.update(importer.tally.total, input.fraction());
      if (signal.aborted) break;
    }
    if (signal.aborted) throw new InterruptedError();
    await importer.finish(splitter.end());
  } catch (error) {
    throw await stopped(error, importer);
  }
}

/** The error, and how far the import went: what was read before is saved first, if the database still takes it. */
async function stopped(error: unknown, importer: Importer): Promise<unknown> {
  if (error instanceof TransferError) {
    try {
      await importer.save();
    } catch (second) {
      return await stopped(second, importer);
    }
  } else if (!(error instanceof DatabaseError)) return error;
  return new TransferError(`${error.message}\n${importer.position()}`);
}

function summary(importer: Importer, job: ImportJob, seconds: number): string {
  const { tally, badLines, rowsLeftOut } = importer;
  const start = job.isDryRun ? "dry run, nothing is written: found" : "imported";
  const others = rowsLeftOut === 0 ? "" : `; ${counted(rowsLeftOut, "row")} of other tables left out`;
  const bad = badLines === 0 ? "" : `; ${counted(badLines, "bad line")} skipped`;
  return `${start} ${counted(tally.total, "row")} in ${seconds.toFixed(1)} s (${tally})${others}${bad}`;
}
