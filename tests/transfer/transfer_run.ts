// Runs `denotrack export` and `denotrack import` as an operator does, with databases named by the environment.

import { spawnSync } from "node:child_process";
import { defaultConfig } from "../../src/config/schema.ts";
import { type Database, TABLE_KEYS, type TableKey } from "../../src/persistence/database.ts";
import { type DatabaseOptions, openDatabase } from "../../src/persistence/open.ts";
import { readContent } from "../persistence/table_content.ts";
import { denotrackCommand } from "../support/denotrack.ts";
import { inheritedEnvironment } from "../support/program.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  /** Without lines of progress. */
  readonly error: string;
}

/** The variables by which main.ts finds a database. */
export function databaseVariables({ driver, path }: DatabaseOptions): Record<string, string> {
  return { DENOTRACK_DB_DRIVER: driver, DENOTRACK_DB_PATH: path };
}

/** Starts main.ts with everything piped. */
export function spawnMain(args: readonly string[], env: Record<string, string>): Deno.ChildProcess {
  const [file, ...rest] = denotrackCommand(args);
  return new Deno.Command(file, {
    args: rest,
    clearEnv: true,
    env: { ...inheritedEnvironment(), NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs it to the end, with this for its stdin. */
export async function runMain(
  args: readonly string[],
  env: Record<string, string>,
  input: string | Uint8Array<ArrayBuffer> = "",
): Promise<Outcome> {
  const child = spawnMain(args, env);
  const [outcome] = await Promise.all([outcomeOf(child), feed(child, new Blob([input]).stream())]);
  return outcome;
}

/** `export - | import -`. */
export async function pipeMain(
  from: Record<string, string>,
  to: Record<string, string>,
): Promise<[Outcome, Outcome]> {
  const [exporter, importer] = [spawnMain(["export", "-"], from), spawnMain(["import", "-"], to)];
  await exporter.stdin.close();
  const piping = feed(importer, exporter.stdout);
  const [status, stderr, imported] = await Promise.all([
    exporter.status,
    new Response(exporter.stderr).text(),
    outcomeOf(importer),
  ]);
  await piping;
  return [{ code: status.code, out: "", error: withoutProgress(stderr) }, imported];
}

/** A child that ends before it has read everything is nothing to complain of here. */
async function feed(child: Deno.ChildProcess, bytes: ReadableStream<Uint8Array>): Promise<void> {
  await bytes.pipeTo(child.stdin).catch(() => {});
}

export async function outcomeOf(child: Deno.ChildProcess): Promise<Outcome> {
  const [{ code }, out, error] = await Promise.all([
    child.status,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, out, error: withoutProgress(error) };
}

function withoutProgress(text: string): string {
  return text.split("\n").filter((line) => !/^\w+ (\[|[\d,]+ rows?, [\d,]+\/s)/.test(line)).join("\n");
}

/** The most memory that a process has had so far, in MB (Linux); 0 when it has ended. */
export function peakMegabytes(pid: number): number {
  const { stdout } = spawnSync("cat", [`/proc/${pid}/status`], { encoding: "utf8" });
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(stdout ?? "")?.[1] ?? 0) / 1024;
}

/** A folder with an SQLite database, `a.db` unless another is named. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-transfer-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export function sqliteOptions(folder: string, name = "a.db"): DatabaseOptions {
  return {
    driver: "SQLite3",
    path: `sqlite://${folder}/${name}`,
    structure: defaultConfig().db_structure,
    connectTimeoutSeconds: 5,
  };
}

export async function withDatabase<T>(
  options: DatabaseOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(options);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Everything in the database. */
export function contentOfAll(options: DatabaseOptions): Promise<Record<TableKey, unknown>> {
  return withDatabase(options, async (database) => {
    const content: Record<TableKey, unknown> = { torrents: 0, whitelist: 0, blacklist: 0, keys: 0 };
    for (const key of TABLE_KEYS) content[key] = await readContent(database, key, 10_000);
    return content;
  });
}
