/** The program is killed at random moments, as by a power cut: the database is whole, and little is lost. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { signalProcess } from "../support/program.ts";
import { amount, seededTest } from "../support/seeded.ts";
import { startTrackerProcess, type TrackerProcess } from "../support/tracker_process.ts";

const INTERVAL_SECONDS = 1;

/** What a save itself may take on a busy machine, beside the interval. */
const SAVE_MILLISECONDS = 1500;

const KILLS = amount(6, 40);

seededTest("killed at any moment, at most one interval of torrents is lost", async (random) => {
  const directory = Deno.makeTempDirSync();
  const path = `${directory}/torrents.db`;
  const acknowledged = new Map<string, number>();
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const tracker = await startTrackerProcess({
        directory,
        http: ["127.0.0.1:0"],
        keys: {
          persistence: "true",
          persistence_interval: String(INTERVAL_SECONDS),
          db_path: JSON.stringify(`sqlite://${path}`),
        },
      });
      assert.match(tracker.output(), new RegExp(`loaded ${countRows(path)} torrents`));
      const killedAt = await announceUntilKilled(tracker, 200 + random.below(3000), kill, acknowledged);
      checkDatabase(path, acknowledged, killedAt);
    }
    assert.ok(countRows(path) > 10 * KILLS, `only ${countRows(path)} torrents were saved`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

/** Announces one torrent after another, each completed once, and kills the program after so many milliseconds. */
async function announceUntilKilled(
  tracker: TrackerProcess,
  milliseconds: number,
  kill: number,
  acknowledged: Map<string, number>,
): Promise<number> {
  const url = tracker.announceUrl("http://");
  let killedAt = Infinity;
  const killer = setTimeout(() => {
    killedAt = performance.now();
    signalProcess(tracker.pid, "SIGKILL");
  }, milliseconds);
  const bound = performance.now() + milliseconds + 10_000;
  for (let i = 0; killedAt === Infinity && performance.now() < bound; i++) {
    const infoHash = `${kill}-${i}`.padEnd(20, "x");
    try {
      const query = `info_hash=${infoHash}&peer_id=${infoHash}&port=6881&left=0&event=completed`;
      const response = await fetch(`${url}?${query}`);
      await response.arrayBuffer();
      acknowledged.set(toHex(infoHash), performance.now());
    } catch {
      break;
    }
  }
  clearTimeout(killer);
  assert.ok(killedAt < Infinity, "the program ended by itself");
  return killedAt;
}

function checkDatabase(path: string, acknowledged: Map<string, number>, killedAt: number): void {
  const database = new DatabaseSync(path);
  try {
    assert.deepEqual(database.prepare("PRAGMA integrity_check").all().map((row) => row.integrity_check), [
      "ok",
    ]);
    const rows = database.prepare("SELECT info_hash, completed FROM torrents").all();
    const saved = new Map(rows.map((row) => [String(row.info_hash), Number(row.completed)]));
    for (const [infoHash, at] of acknowledged) {
      const completed = saved.get(infoHash);
      if (completed !== undefined) assert.equal(completed, 1, infoHash);
      else if (at < killedAt - INTERVAL_SECONDS * 1000 - SAVE_MILLISECONDS) {
        assert.fail(`${infoHash} was announced ${Math.round(killedAt - at)} ms before the kill and is lost`);
      } else acknowledged.delete(infoHash);
    }
  } finally {
    database.close();
  }
}

function countRows(path: string): number {
  try {
    Deno.statSync(path);
  } catch {
    return 0;
  }
  const database = new DatabaseSync(path);
  const count = Number(database.prepare("SELECT count(*) AS n FROM torrents").get()!.n);
  database.close();
  return count;
}

function toHex(text: string): string {
  return new TextEncoder().encode(text).toHex();
}
