// Faults of an SQLite file made for real: what is told, and that nothing is lost or half-written.

import assert from "node:assert/strict";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { defaultConfig } from "../../src/config/schema.ts";
import { DatabaseError, type DatabaseFault } from "../../src/persistence/database.ts";
import { type DatabaseOptions, openDatabase } from "../../src/persistence/open.ts";
import { delay, repositoryRoot, signalProcess, startProgram } from "../support/program.ts";
import { withNeeds } from "../support/skip.ts";
import { randomRows, readContent } from "./table_content.ts";

const KILLS = 12;

Deno.test("SQLite: what cannot be a database is told in one line", async () => {
  await inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/folder`);
    Deno.writeTextFileSync(`${folder}/text`, "This is not a database. ".repeat(100));
    const cases: [string, RegExp][] = [
      [`${folder}/folder`, /folder: it is a folder, not a file/],
      [`${folder}/missing/data.db`, /the folder .*missing does not exist/],
      [`${folder}/text/data.db`, /text is a file, not a folder/],
      [`${folder}/text`, /the file is not an SQLite database/],
    ];
    for (const [file, message] of cases) await failure(openDatabase(options(file)), "refused", message);
    assert.match(Deno.readTextFileSync(`${folder}/text`), /^(This is not a database\. ){100}$/);
  });
});

Deno.test("SQLite: a damaged file is told", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/data.db`;
    const database = await openDatabase(options(file));
    await database.save("torrents", randomRows("torrents", 5000));
    await database.close();
    const bytes = Deno.readFileSync(file);
    bytes.fill(0x55, 4096 * 8, 4096 * 60);
    Deno.writeFileSync(file, bytes);
    const damaged = await openDatabase(options(file));
    await failure(readContent(damaged, "torrents"), "refused", /the file is damaged/);
    await damaged.close();
  });
});

Deno.test("SQLite: a missing file is created, and a database in memory needs none", async () => {
  await inFolder(async (folder) => {
    await (await openDatabase(options(`${folder}/new.db`))).close();
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["new.db"]);
    const memory = await openDatabase({ ...options(""), path: "sqlite://:memory:" });
    await memory.save("keys", randomRows("keys", 7));
    assert.equal(await memory.count("keys"), 7);
    await memory.close();
  });
});

Deno.test("SQLite: a locked file is waited for, at the start and at a save, and told when the time is over", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/data.db`;
    const short = { ...options(file), callTimeoutSeconds: 0.2, connectTimeoutSeconds: 1 };
    const database = await openDatabase(short);
    const other = new DatabaseSync(file);
    other.exec("BEGIN EXCLUSIVE");
    await failure(database.save("torrents", randomRows("torrents", 3)), "unavailable", /locked by another/);
    await failure(openDatabase(short), "unavailable", /locked by another/);
    const waits: DatabaseError[] = [];
    const opening = openDatabase({ ...short, connectTimeoutSeconds: 10 }, (error) => waits.push(error));
    await delay(600);
    other.exec("ROLLBACK");
    const second = await opening;
    assert.equal(waits.length, 1);
    await second.save("torrents", randomRows("torrents", 3));
    await database.save("torrents", randomRows("torrents", 3));
    assert.equal(await second.count("torrents"), 6);
    await Promise.all([second.close(), database.close()]);
    other.close();
  });
});

Deno.test("SQLite: others read while a reading or a save goes on", async () => {
  await inFolder(async (folder) => {
    const database = await openDatabase(options(`${folder}/data.db`));
    const second = await openDatabase(options(`${folder}/data.db`));
    await database.save("torrents", randomRows("torrents", 1000));
    let pages = 0;
    await database.read("torrents", 100, async () => {
      pages++;
      await second.save("whitelist", randomRows("whitelist", 10));
    });
    assert.equal(pages, 10);
    assert.equal(await database.count("whitelist"), 100);
    await Promise.all([database.close(), second.close()]);
  });
});

Deno.test(
  withNeeds(
    { programs: programsForRights() },
    "SQLite: no right to write the file or its folder",
    async () => {
      await inFolder(async (folder) => {
        const file = `${folder}/data.db`;
        await (await openDatabase(options(file))).close();
        Deno.chmodSync(file, 0o444);
        assert.match(
          await runChild(withoutPrivileges(), file, 1),
          /^refused: .*no right to write the file \(attempt/m,
        );
        Deno.chmodSync(file, 0o644);
        // What SQLite left beside the file has the rights that the file had.
        assert.match(
          await runChild(withoutPrivileges(), file, 1),
          /^refused: .*no right to write .*data\.db-(wal|shm) \(/m,
        );
        for (const companion of ["-wal", "-shm"]) Deno.removeSync(file + companion);
        Deno.chmodSync(folder, 0o555);
        assert.match(
          await runChild(withoutPrivileges(), file, 1),
          /^refused: .*no right to write in .*, where SQLite keeps its -wal and -shm files/m,
        );
        assert.match(
          await runChild(withoutPrivileges(), `${folder}/other.db`, 1),
          /^refused: .*no right to write in /m,
        );
        Deno.chmodSync(folder, 0o755);
        assert.match(await runChild(withoutPrivileges(), file, 1), /^saved 1$/m);
      });
    },
  ),
);

Deno.test(withNeeds(
  { namespaces: true },
  "SQLite: on a full disk a save fails whole, and what was saved stays",
  async () => {
    await inFolder(async (folder) => {
      const inside = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"',
        folder,
      ];
      const output = await runChild(inside, `${folder}/data.db`, 1000);
      assert.match(output, /^refused: SQLite database .*: the disk is full \(/m);
      const [, count, saved] = /^count (\d+) of (\d+)$/m.exec(output) ?? [];
      assert.equal(count, saved);
      assert.ok(Number(count) >= 500, output);
    });
  },
));

Deno.test(withNeeds({ namespaces: true }, "SQLite: a file system that may only be read", async () => {
  await inFolder(async (folder) => {
    await (await openDatabase(options(`${folder}/data.db`))).close();
    const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
    const output = await runChild(["unshare", "--mount", "sh", "-c", script, folder], `${folder}/data.db`, 1);
    assert.match(output, /^refused: .*no right to write the file/m);
  });
}));

Deno.test("SQLite: killed at random moments, the file is whole and holds every chunk that was confirmed", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/data.db`;
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await countChunks(file);
      const child = startProgram({ command: childCommand(file, 100_000), directory: repositoryRoot });
      await child.waitForOutput((output) => output.includes("saved 1\n"), 30_000);
      await delay(Math.random() * 300);
      signalProcess(child.pid, "SIGKILL");
      await child.waitForExit(10_000);
      const confirmed = Number(/saved (\d+)\n(?!.*saved)/s.exec(child.output())?.[1]);
      const after = await countChunks(file) - before;
      assert.ok(after === confirmed || after === confirmed + 1, `${confirmed} confirmed, ${after} found`);
    }
  });
});

/** Whole chunks in the file; throws when it is damaged or holds part of a chunk. */
async function countChunks(file: string): Promise<number> {
  const database = await openDatabase(options(file));
  try {
    const rows = await database.count("torrents");
    assert.equal(rows % 500, 0);
    const check = new DatabaseSync(file);
    assert.deepEqual({ ...check.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
    check.close();
    return rows / 500;
  } finally {
    await database.close();
  }
}

function options(file: string): DatabaseOptions {
  return {
    driver: "SQLite3",
    path: `sqlite://${encodeURI(file)}`,
    structure: defaultConfig().db_structure,
    connectTimeoutSeconds: 1,
  };
}

function childCommand(file: string, chunks: number): string[] {
  const script = new URL("./sqlite_child.ts", import.meta.url).pathname;
  const rights = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys"];
  return [Deno.execPath(), "run", "--no-check", ...rights, script, file, String(chunks)];
}

async function runChild(inside: readonly string[], file: string, chunks: number): Promise<string> {
  const program = startProgram({
    command: [...inside, ...childCommand(file, chunks)],
    directory: repositoryRoot,
    environment: { NO_COLOR: "1" },
  });
  await program.waitForExit(60_000);
  return program.output();
}

/** Root may do everything, unless it gives these rights away. */
function withoutPrivileges(): string[] {
  return process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];
}

function programsForRights(): string[] {
  return process.getuid?.() === 0 ? ["setpriv"] : [];
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "denotrack-sqlite-" });
  try {
    await work(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function failure(promise: Promise<unknown>, fault: DatabaseFault, message: RegExp): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof DatabaseError, String(error));
    assert.match(error.message, message);
    assert.match(error.message, /^SQLite database \/[^\n]+$/);
    assert.equal(error.fault, fault);
    return;
  }
  throw new assert.AssertionError({ message: "nothing failed" });
}
