/** Whether the database can be used. Looks, and changes nothing. */
import type { Config } from "../config/config.ts";
import { DatabaseError } from "../persistence/database.ts";
import { parseSqlitePath } from "../persistence/database_url.ts";
import { inspectServer } from "../persistence/open.ts";
import { type Finding, ok, warning } from "./finding.ts";

const LIMITS = { connectSeconds: 5, callSeconds: 5 };

/** What every file of SQLite begins with. */
const SQLITE_MAGIC = "SQLite format 3\0";

const SUBJECT = "database";

export async function checkDatabase(config: Config): Promise<Finding> {
  if (!config.persistence) return ok(SUBJECT, "none: persistence is off, so all is forgotten at the stop");
  if (config.db_driver === "SQLite3") return checkSqlite(parseSqlitePath(config.db_path));
  const options = { path: config.db_path, structure: config.db_structure };
  try {
    const { description, missingTables } = await inspectServer(config.db_driver, options, LIMITS);
    const tables = missingTables.length === 0
      ? "its tables are as expected"
      : `the start will create ${missingTables.join(", ")}`;
    return ok(SUBJECT, `${description}: ${tables}`);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return warning(SUBJECT, error.message, "see db_path and [db_structure] in the configuration");
  }
}

/** A file is looked at without opening it as a database, which would leave files beside it. */
function checkSqlite(path: string): Finding {
  if (path === ":memory:") {
    const remedy = 'in the configuration: db_path = "sqlite://denotrack.db"';
    return warning(SUBJECT, "sqlite://:memory: is empty at every start", remedy);
  }
  try {
    const file = Deno.openSync(path, { read: true, write: true });
    try {
      const head = new Uint8Array(SQLITE_MAGIC.length);
      const length = file.readSync(head) ?? 0;
      const isOurs = length === 0 || new TextDecoder().decode(head) === SQLITE_MAGIC;
      return isOurs
        ? ok(SUBJECT, `SQLite file ${path} can be read and written`)
        : warning(SUBJECT, `${path} is no SQLite file`, "in the configuration: another db_path");
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return checkFolder(path);
    const reason = error instanceof Error ? error.message : String(error);
    return warning(SUBJECT, reason, `the user of the tracker must be able to write ${path}`);
  }
}

function checkFolder(path: string): Finding {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : ".";
  try {
    if (Deno.statSync(folder).isDirectory) {
      return ok(SUBJECT, `the start will create the SQLite file ${path}`);
    }
  } catch {
    // Said below.
  }
  return warning(SUBJECT, `no folder for the SQLite file ${path}`, `mkdir -p ${folder}`);
}
