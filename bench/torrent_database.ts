/**
 * A SQLite database with as many torrents as wished: those of the load, so that their peers can announce to them.
 *
 *     deno run --allow-all bench/torrent_database.ts FILE TORRENTS
 */
import { DatabaseSync } from "node:sqlite";
import { infoHashHex } from "./load/swarms.ts";
import { BOTH_CORES } from "./machine.ts";
import { runOnce } from "./servers/server.ts";

/** The table as the tracker makes it, but for the index, which is much quicker made of all rows at once. */
const TABLES = `
  CREATE TABLE torrents (info_hash VARCHAR(40) NOT NULL, completed INTEGER DEFAULT 0 NOT NULL);
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  PRAGMA cache_size = -1000000;
  PRAGMA threads = 2;
`;
const LIMIT_MILLISECONDS = 1_800_000;

/** Makes it in a process of its own, which can be ended; gives its size in bytes. */
export async function createTorrentDatabase(path: string, torrents: number): Promise<number> {
  const program = new URL(import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "--allow-all", program, path, `${torrents}`];
  await runOnce(command, BOTH_CORES, LIMIT_MILLISECONDS);
  return Deno.statSync(path).size;
}

function fill(path: string, torrents: number): void {
  const database = new DatabaseSync(path);
  database.exec(TABLES);
  database.function("hash_of", { deterministic: true }, (torrent) => infoHashHex(Number(torrent)));
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${torrents})
    INSERT INTO torrents SELECT hash_of(i), i % 100 FROM n;
    CREATE UNIQUE INDEX torrents_info_hash ON torrents (info_hash);
  `);
  database.close();
}

if (import.meta.main) fill(Deno.args[0], Number(Deno.args[1]));
