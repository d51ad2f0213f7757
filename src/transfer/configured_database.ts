/** The database that the configuration names, whether or not the tracker uses it (`persistence`). */
import type { Config } from "../config/schema.ts";
import { type Database, DatabaseError } from "../persistence/database.ts";
import { parseServerUrl, parseSqlitePath } from "../persistence/database_url.ts";
import { openDatabase } from "../persistence/open.ts";
import { TransferError, TransferUsageError } from "./transfer_error.ts";

/**
 * Throws a {@link TransferUsageError} unless `db_path` names a database that outlives this program; with `mustExist`, a
 * {@link TransferError} if it is an SQLite file that is not there, which would otherwise be created.
 */
export function checkDatabasePath(config: Config, mustExist: boolean): void {
  const path = databasePath(config);
  if (config.db_driver !== "SQLite3") return;
  if (path === ":memory:") {
    throw new TransferUsageError(
      "db_path: expected a database that lasts, found sqlite://:memory:, which is empty at every start",
    );
  }
  if (mustExist && !isThere(path)) throw new TransferError(`SQLite database ${path}: no such file`);
}

/** Opens it; `say` is told once when it has to be waited for. Throws a DatabaseError. */
export function openConfiguredDatabase(config: Config, say: (line: string) => void): Promise<Database> {
  const options = {
    driver: config.db_driver,
    path: config.db_path,
    structure: config.db_structure,
    connectTimeoutSeconds: config.db_connect_timeout,
  };
  return openDatabase(
    options,
    (reason) => say(`${reason.message}; trying again for ${config.db_connect_timeout} s`),
  );
}

/** The path of an SQLite file; "" for a server. */
function databasePath({ db_driver: driver, db_path: path }: Config): string {
  try {
    if (driver === "SQLite3") return parseSqlitePath(path);
    parseServerUrl(driver, path);
    return "";
  } catch (error) {
    throw error instanceof DatabaseError ? new TransferUsageError(error.message) : error;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    // What else is wrong with it, the database will say.
    return !(error instanceof Deno.errors.NotFound);
  }
}
