/** Runs an export or an import to its end, or until a signal stops it. */
import type { Config } from "./config/config.ts";
import type { ConfigTask } from "./flags.ts";
import { finishesWithin, nextSignal } from "./signals.ts";
import { exportTables } from "./transfer/export.ts";
import { importRows } from "./transfer/import.ts";
import { TransferError, TransferUsageError } from "./transfer/transfer_error.ts";

/** How long it may take to end in order; a pipe that nobody reads can be waited for without end. */
const STOP_MILLISECONDS = 3000;

export type TransferTask = Extract<ConfigTask, { readonly job: unknown }>;

/** The exit code: 0 is done, 1 a failure or a signal, 2 flags or a configuration that want mending. Says why. */
export async function runTransfer(config: Config, task: TransferTask): Promise<0 | 1 | 2> {
  const stop = new AbortController();
  const work = task.is === "export"
    ? exportTables(config, task.job, stop.signal)
    : importRows(config, task.job, stop.signal);
  const signal = nextSignal().then(async () => {
    stop.abort();
    const isInOrder = await finishesWithin(STOP_MILLISECONDS, work);
    if (!isInOrder) throw new TransferError("interrupted, and given up after 3 seconds");
  });
  try {
    await Promise.race([work, signal]);
    return 0;
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    console.error(error.message);
    return error instanceof TransferUsageError ? 2 : 1;
  }
}
