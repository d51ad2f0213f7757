/** What an operator is told of trouble with an SQLite file; the system knows more than SQLite tells. */
import { dirname } from "node:path";
import { DatabaseError, type DatabaseFault } from "./database.ts";

/**
 * The messages of SQLite that an operator can do something about; the code of an error is not to be had. Some are about
 * rights, and the file and its folder can tell which.
 */
const FAULTS: readonly (readonly [RegExp, DatabaseFault, string, "rights"?])[] = [
  [/is locked/, "unavailable", "locked by another program"],
  [/readonly database/, "refused", "it may only be read, not written", "rights"],
  [/unable to open/, "refused", "the file cannot be opened", "rights"],
  [/not a database/, "refused", "the file is not an SQLite database"],
  [/malformed/, "refused", "the file is damaged"],
  [/disk is full/, "refused", "the disk is full"],
  [/constraint failed/, "content", "a row breaks a rule of its table"],
  [/disk I\/O error/, "refused", "the disk cannot be read or written"],
];

/** The database of this path, for messages. */
export function describe(path: string): string {
  return path === ":memory:" ? "SQLite database in memory" : `SQLite database ${path}`;
}

/** An error of SQLite as a {@link DatabaseError}; any other as it is. */
export function explained(path: string, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR")) return error;
  const known = FAULTS.find(([pattern]) => pattern.test(error.message));
  if (known === undefined) return new DatabaseError("failed", describe(path), error.message);
  const [, fault, text, about] = known;
  const reason = about === "rights" ? explainRights(path) : undefined;
  return new DatabaseError(fault, describe(path), `${reason ?? text} (${error.message})`);
}

/** The reason in words, or `undefined` when the file and its folder look well. */
function explainRights(path: string): string | undefined {
  if (path === ":memory:") return undefined;
  const folder = dirname(path);
  const folderKind = kindOf(folder);
  if (folderKind === "missing") return `the folder ${folder} does not exist`;
  if (folderKind === "file") return `${folder} is a file, not a folder`;
  const kind = kindOf(path);
  if (kind === "folder") return "it is a folder, not a file";
  if (kind === "hidden" || folderKind === "hidden") return `no right to look into ${folder}`;
  if (kind === "file" && !canOpen(path, { read: true })) return "no right to read the file";
  if (kind === "file" && !canOpen(path, { read: true, write: true })) return "no right to write the file";
  for (const companion of [`${path}-wal`, `${path}-shm`]) {
    const isThere = kindOf(companion) !== "missing";
    if (isThere && !canOpen(companion, { read: true, write: true })) return `no right to write ${companion}`;
  }
  if (!canCreateIn(folder)) {
    return `no right to write in ${folder}, where SQLite keeps its -wal and -shm files beside the database`;
  }
  return undefined;
}

function kindOf(path: string): "file" | "folder" | "missing" | "hidden" {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "missing" : "hidden";
  }
}

function canOpen(path: string, options: Deno.OpenOptions): boolean {
  try {
    Deno.openSync(path, options).close();
    return true;
  } catch {
    return false;
  }
}

function canCreateIn(folder: string): boolean {
  try {
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: ".denotrack-" }));
    return true;
  } catch {
    return false;
  }
}
