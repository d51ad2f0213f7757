/**
 * Start and memory with many rows in SQLite.
 *
 *     deno run --allow-all bench/load.ts [TORRENTS] [WHITELIST]
 *
 * Makes databases of half as many and that many random hashes, starts the tracker with each, and prints how long each
 * start took until clients could announce, the resident memory, and the bytes that a row adds.
 */
import { DatabaseSync } from "node:sqlite";

const TORRENTS = Number(Deno.args[0] ?? 10_000_000);
const WHITELIST = Number(Deno.args[1] ?? 0);
const LIMIT_MILLISECONDS = 300_000;

interface Start {
  seconds: number;
  residentBytes: number;
}

function createDatabase(path: string, torrents: number, whitelist: number): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000");
  database.exec(
    `CREATE TABLE torrents (info_hash VARCHAR(40) NOT NULL UNIQUE, completed INTEGER DEFAULT 0 NOT NULL)`,
  );
  database.exec(`CREATE TABLE whitelist (info_hash VARCHAR(40) NOT NULL UNIQUE)`);
  const rows = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  if (torrents > 0) {
    database.exec(
      `${rows(torrents)} INSERT INTO torrents SELECT lower(hex(randomblob(20))), i % 100 FROM n`,
    );
  }
  if (whitelist > 0) {
    database.exec(`${rows(whitelist)} INSERT INTO whitelist SELECT lower(hex(randomblob(20))) FROM n`);
  }
  database.close();
}

/** Starts the tracker, waits until it serves, and stops it again. */
async function start(folder: string, database: string): Promise<Start> {
  const config = `${folder}/config.toml`;
  const lines = [
    "persistence = true",
    "whitelist = true",
    `db_path = "sqlite://${database}"`,
    "api_server = []",
    '[[udp_server]]\nbind_address = "127.0.0.1:0"',
    '[[http_server]]\nbind_address = "127.0.0.1:0"',
  ];
  Deno.writeTextFileSync(config, lines.join("\n"));
  const began = performance.now();
  const main = new URL("../main.ts", import.meta.url).pathname;
  const tracker = new Deno.Command("deno", {
    args: ["run", "--allow-all", main, "--config", config],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let log = "";
  for await (const text of tracker.stdout.pipeThrough(new TextDecoderStream())) {
    log += text;
    if (/clients announce to http/.test(log)) break;
    if (performance.now() - began > LIMIT_MILLISECONDS) throw new Error(`no start in time:\n${log}`);
  }
  const seconds = (performance.now() - began) / 1000;
  const status = Deno.readTextFileSync(`/proc/${tracker.pid}/status`);
  const residentBytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  tracker.kill("SIGTERM");
  await tracker.status;
  return { seconds, residentBytes };
}

const folder = Deno.makeTempDirSync();
try {
  console.log("| rows | start s | resident MB | bytes a row |\n| --- | --- | --- | --- |");
  let last = { rows: 0, residentBytes: 0 };
  for (const part of [0, 0.5, 1]) {
    const [torrents, whitelist] = [Math.round(TORRENTS * part), Math.round(WHITELIST * part)];
    const rows = torrents + whitelist;
    const path = `${folder}/${rows}.db`;
    createDatabase(path, torrents, whitelist);
    const { seconds, residentBytes } = await start(folder, path);
    const each = rows === 0 ? "" : ((residentBytes - last.residentBytes) / (rows - last.rows)).toFixed(1);
    const megabytes = (residentBytes / 1e6).toFixed(0);
    console.log(
      `| ${torrents} torrents, ${whitelist} listed | ${seconds.toFixed(2)} | ${megabytes} | ${each} |`,
    );
    last = { rows, residentBytes };
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
