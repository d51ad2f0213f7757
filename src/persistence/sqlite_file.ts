/** Why an SQLite file does not open: the system knows more than SQLite tells. */

import { dirname } from "node:path";

/** The reason in words, or `undefined` when the file and its folder look well. */
export function explainOpening(path: string): string | undefined {
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
