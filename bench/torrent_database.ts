/** A SQLite database with as many torrents as wished: those of the load, so that their peers can announce to them. */
import { DatabaseSync } from "node:sqlite";
import { infoHashHex } from "./load/swarms.ts";

/** The table as the tracker makes it, but for the index, which is much quicker made of all rows at once. */
const TABLES = `
  CREATE TABLE torrents (info_hash VARCHAR(40) NOT NULL, completed INTEGER DEFAULT 0 NOT NULL);
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  PRAGMA cache_size = -1000000;
  PRAGMA threads = 2;
`;

/** Gives its size in bytes. */
export function createTorrentDatabase(path: string, torrents: number): number {
  const database = new DatabaseSync(path);
  database.exec(TABLES);
  database.function("hash_of", { deterministic: true }, (torrent) => infoHashHex(Number(torrent)));
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${torrents})
    INSERT INTO torrents SELECT hash_of(i), i % 100 FROM n;
    CREATE UNIQUE INDEX torrents_info_hash ON torrents (info_hash);
  `);
  database.close();
  return Deno.statSync(path).size;
}
