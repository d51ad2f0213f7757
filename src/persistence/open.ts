/** Opens the database of the configuration. */
import type { Config, DbStructure } from "../config/schema.ts";
import { type Database, DatabaseError, type TimeLimits } from "./database.ts";
import { parseServerUrl, parseSqlitePath } from "./database_url.ts";
import { openMysql } from "./mysql.ts";
import { openPostgres } from "./postgres.ts";
import { tableNames } from "./schema.ts";
import { openSqlite } from "./sqlite.ts";

/** What to open; plain data, so that it can be sent to a Worker, which opens a connection of its own. */
export interface DatabaseOptions {
  /** `db_driver`. */
  readonly driver: Config["db_driver"];
  /** `db_path`; holds the password. */
  readonly path: string;
  /** `[db_structure]`. */
  readonly structure: DbStructure;
  /** How long to wait for a database that is not up yet; also the limit of each later attempt to connect. */
  readonly connectTimeoutSeconds: number;
  /** How long one call, or one page of a reading, may take; 60 when not given. */
  readonly callTimeoutSeconds?: number;
}

const CALL_SECONDS = 60;
/** A server that takes connections and says nothing is asked again after this time, while there is some left. */
const MAX_ATTEMPT_SECONDS = 10;
const FIRST_PAUSE_MILLISECONDS = 100;
const MAX_PAUSE_MILLISECONDS = 2000;

/**
 * Connects, creates the tables that are missing and checks the others. A database that is not up yet is waited for, since
 * containers start in any order; `onWait` is told once, with the reason. Rejects with a {@link DatabaseError}: at once
 * when waiting cannot help, otherwise when the time is over.
 */
export async function openDatabase(
  options: DatabaseOptions,
  onWait: (reason: DatabaseError) => void = () => {},
): Promise<Database> {
  const end = performance.now() + options.connectTimeoutSeconds * 1000;
  let pause = FIRST_PAUSE_MILLISECONDS;
  for (let attempts = 1;; attempts++) {
    try {
      return await openOnce(options, (end - performance.now()) / 1000);
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.fault !== "unavailable") throw error;
      const left = end - performance.now();
      if (left <= pause) throw error;
      if (attempts === 1) onWait(error);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, MAX_PAUSE_MILLISECONDS);
    }
  }
}

/** What was found of a database that nothing was changed in. */
export interface Inspection {
  /** Kind, name and place, without the password. */
  readonly description: string;
  /** Tables that the first start will create. */
  readonly missingTables: readonly string[];
}

/**
 * Connects to a server once, and looks whether its tables can be used. Changes nothing. Rejects with a
 * {@link DatabaseError}. A file of SQLite is not opened: that alone would leave files beside it.
 */
export async function inspectServer(
  driver: "MySQL" | "PgSQL",
  { path, structure }: Pick<DatabaseOptions, "path" | "structure">,
  limits: TimeLimits,
): Promise<Inspection> {
  const open = driver === "MySQL" ? openMysql : openPostgres;
  const database = open(parseServerUrl(driver, path), tableNames(structure), limits);
  try {
    return { description: database.description, missingTables: await database.missingTables() };
  } finally {
    await database.close();
  }
}

async function openOnce(options: DatabaseOptions, secondsLeft: number): Promise<Database> {
  const limits: TimeLimits = {
    connectSeconds: Math.min(Math.max(secondsLeft, 1), MAX_ATTEMPT_SECONDS),
    callSeconds: options.callTimeoutSeconds ?? CALL_SECONDS,
  };
  const database = connect(options, limits);
  try {
    await database.prepareTables();
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The servers are connected to by the first call. */
function connect(options: DatabaseOptions, limits: TimeLimits): Database {
  const names = tableNames(options.structure);
  switch (options.driver) {
    case "SQLite3":
      return openSqlite(parseSqlitePath(options.path), names, limits);
    case "MySQL":
      return openMysql(parseServerUrl("MySQL", options.path), names, limits);
    case "PgSQL":
      return openPostgres(parseServerUrl("PgSQL", options.path), names, limits);
  }
}
