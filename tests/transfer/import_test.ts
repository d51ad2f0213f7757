import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { TABLE_KEYS, type TableKey } from "../../src/persistence/database.ts";
import { formatRows } from "../../src/transfer/row_text.ts";
import { amount } from "../support/seeded.ts";
import { delay, pollUntil } from "../support/program.ts";
import { onBackend, type RunningBackend, SERVER_BACKENDS } from "../persistence/backends.ts";
import { contentOf, hexOf, randomRows, readContent, rowsOf } from "../persistence/table_content.ts";
import {
  contentOfAll,
  databaseVariables,
  inFolder,
  outcomeOf,
  peakMegabytes,
  pipeMain,
  runMain,
  spawnMain,
  sqliteOptions,
  withDatabase,
} from "./transfer_run.ts";

const csv = (...rows: string[]) => ["table,hash,number", ...rows, ""].join("\n");

Deno.test("import: torrents keep the larger number, keys get that of the file, nothing is removed", () =>
  inFolder(async (folder) => {
    const options = sqliteOptions(folder);
    await withDatabase(options, async (database) => {
      await database.save("torrents", rowsOf([1, 2, 3].map(hexOf), [10, 10, 10]));
      await database.save("keys", rowsOf([1, 2].map(hexOf), [500, 0]));
      await database.save("whitelist", rowsOf([hexOf(1)]));
    });
    const rows = [
      ...[`torrents,${hexOf(1)},7`, `torrents,${hexOf(2).toUpperCase()},12`, `torrents,${hexOf(4)},3`],
      ...[`torrents,${hexOf(4)},2`, `keys,${hexOf(1)},100`, `keys,${hexOf(3)},1`, `keys,${hexOf(3)},2`],
      ...[`whitelist,${hexOf(2)},`, `whitelist,${hexOf(2)},`, `blacklist,${hexOf(9)},`],
    ];
    for (let time = 0; time < 2; time++) {
      const { code, out } = await runMain(
        ["import", "-", "--format", "csv"],
        databaseVariables(options),
        csv(...rows),
      );
      assert.deepEqual([code, out], [0, ""]);
      assert.deepEqual(await contentOfAll(options), {
        torrents: contentOf(rowsOf([1, 2, 3, 4].map(hexOf), [10, 12, 10, 3])),
        keys: contentOf(rowsOf([1, 2, 3].map(hexOf), [100, 0, 2])),
        whitelist: contentOf(rowsOf([1, 2].map(hexOf))),
        blacklist: contentOf(rowsOf([hexOf(9)])),
      });
    }
  }));

Deno.test("import: a bad line ends it with what came before saved; --skip-bad and --from-line go on", () =>
  inFolder(async (folder) => {
    const options = sqliteOptions(folder);
    const env = databaseVariables(options);
    const path = `${folder}/dump.csv`;
    await Deno.writeTextFile(path, csv(`torrents,${hexOf(1)},1`, "oops", `torrents,${hexOf(2)},2`));
    const stopped = await runMain(["import", path], env);
    assert.deepEqual(stopped, {
      code: 1,
      out: "",
      error: `${path}:3: expected three fields (table,hash,number), found "oops"\n` +
        "stopped at line 3; in the database: 1 row; run it again, or go on with --from-line 3\n",
    });
    const torrents = () => withDatabase(options, (database) => readContent(database, "torrents"));
    assert.deepEqual(await torrents(), contentOf(rowsOf([hexOf(1)], [1])));
    const later = await runMain(["import", path, "--from-line", "4"], env);
    assert.deepEqual([later.code, await torrents()], [0, contentOf(rowsOf([1, 2].map(hexOf), [1, 2]))]);
    const skipping = await runMain(["import", path, "--skip-bad"], env);
    assert.equal(skipping.code, 0);
    assert.match(
      skipping.error,
      /dump\.csv:3: expected .*\nimported 2 rows in .*\(torrents 2, .*\); 1 bad line skipped\n$/,
    );
  }));

Deno.test("import: a dry run checks without a database; --only leaves out the rest", () =>
  inFolder(async (folder) => {
    const options = sqliteOptions(folder);
    const env = databaseVariables(options);
    const rows = csv(`torrents,${hexOf(1)},1`, `keys,${hexOf(2)},2`);
    const dry = await runMain(["import", "-", "--format", "csv", "--dry-run"], env, rows);
    assert.equal(dry.code, 0);
    assert.match(dry.error, /^dry run, nothing is written: found 2 rows in /);
    const bad = await runMain(["import", "-", "--dry-run"], env, rows);
    assert.deepEqual([bad.code, bad.error.split("\n")[1]], [
      1,
      "stopped at line 1; good until there: 0 rows",
    ]);
    assert.ok(!existsSync(`${folder}/a.db`));
    const only = await runMain(["import", "-", "--format", "csv", "--only", "keys"], env, rows);
    assert.match(only.error, /^imported 1 row in .* \(keys 1\); 1 row of other tables left out\n$/);
  }));

Deno.test("import: hostile files end with code 1 and one line about it, or are skipped", () =>
  inFolder(async (folder) => {
    const env = databaseVariables(sqliteOptions(folder));
    const random = crypto.getRandomValues(new Uint8Array(60_000));
    const gzip = new Uint8Array(
      await new Response(
        new Blob([csv(`keys,${hexOf(1)},1`)]).stream().pipeThrough(new CompressionStream("gzip")),
      )
        .arrayBuffer(),
    );
    const cases: [string, string | Uint8Array<ArrayBuffer>, RegExp][] = [
      ["random.jsonl", random, /random\.jsonl:1: expected a JSON object/],
      ["random.csv", random, /random\.csv:1: expected the header/],
      [
        "zeros.jsonl",
        new Uint8Array(20_000_000),
        /zeros\.jsonl:1: expected a line of at most 4096 bytes, found a longer one/,
      ],
      ["endless.csv", csv("x".repeat(20_000_000)), /endless\.csv:2: expected a line of at most 4096 bytes/],
      [
        "cut.csv",
        csv(`torrents,${hexOf(1)},123`).slice(0, -2),
        /cut\.csv:2: expected a line end after the last row/,
      ],
      ["cut.csv.gz", gzip.slice(0, -5), /cut\.csv\.gz: cannot be read: not a whole gzip file/],
      ["plain.csv.gz", csv(), /plain\.csv\.gz: cannot be read: not a whole gzip file/],
      ["empty.csv", "", /empty\.csv: expected the header "table,hash,number", found an empty file/],
      ["utf16.jsonl", new Uint8Array([0xff, 0xfe, 0x7b, 0]), /utf16\.jsonl:1: expected a JSON object/],
    ];
    for (const [name, content, problem] of cases) {
      const path = `${folder}/${name}`;
      await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
      const { code, out, error } = await runMain(["import", path], env);
      assert.deepEqual([code, out], [1, ""], name);
      assert.match(error, problem);
      assert.match(error, /\nstopped at line [123]; in the database: [01] rows?; run .*\n$/);
      assert.equal(error.split("\n").length, 3, error);
    }
    const skipped = await runMain(["import", `${folder}/random.jsonl`, "--skip-bad"], env);
    assert.equal(skipped.code, 0);
    assert.match(
      skipped.error,
      /\nmore bad lines are only counted\nimported 0 rows in .*; \d+ bad lines skipped\n$/,
    );
  }));

Deno.test("import: a folder, a missing file and a database that refuses are told in a line", () =>
  inFolder(async (folder) => {
    const env = databaseVariables(sqliteOptions(folder));
    await Deno.mkdir(`${folder}/folder.csv`);
    await Deno.writeTextFile(`${folder}/no.db`, "this is no database, as anyone can see".repeat(100));
    const cases: [string, Record<string, string>, RegExp][] = [
      ["folder.csv", env, /^.*folder\.csv: cannot be read: Is a directory\n/],
      ["none.csv", env, /^.*none\.csv: cannot be read: No such file or directory\n$/],
      [
        "no.db",
        databaseVariables(sqliteOptions(folder, "no.db")),
        /^SQLite database .*no\.db: the file is not an SQLite database/,
      ],
    ];
    for (const [name, variables, problem] of cases) {
      const { code, error } = await runMain(["import", `${folder}/${name}`, "--format", "csv"], variables);
      assert.equal(code, 1, name);
      assert.match(error, problem);
    }
  }));

/** Rows of torrents as a file. */
function dumpOf(key: TableKey, rows: number): Blob {
  const parts: string[] = [];
  for (let done = 0; done < rows; done += 100_000) {
    parts.push(formatRows("jsonl", key, randomRows(key, Math.min(100_000, rows - done))));
  }
  return new Blob(parts);
}

for (const signal of ["SIGINT", "SIGKILL"] as const) {
  Deno.test(`import: after ${signal} in the middle a second run has everything`, () =>
    inFolder(async (folder) => {
      const options = sqliteOptions(folder);
      const env = databaseVariables(options);
      const path = `${folder}/dump.jsonl`;
      await Deno.writeFile(path, dumpOf("torrents", 200_000).stream());
      const child = spawnMain(["import", path], env);
      const rows = () => withDatabase(options, (database) => database.count("torrents"));
      while (!existsSync(`${folder}/a.db`) || await rows() === 0) await delay(20);
      Deno.kill(child.pid, signal);
      const { code, error } = await outcomeOf(child);
      const found = await rows();
      assert.ok(found > 0 && found < 200_000, `${found} rows`);
      if (signal === "SIGINT") {
        assert.equal(code, 1);
        const told =
          /^interrupted\nstopped at line (\d+); in the database: ([\d,]+) rows; run .* --from-line \1\n$/
            .exec(error);
        assert.equal(Number(told?.[2].replaceAll(",", "")), found, error);
        assert.equal(Number(told?.[1]), found + 1);
        const rest = await runMain(["import", path, "--from-line", String(found + 1)], env);
        assert.equal(rest.code, 0);
        assert.equal(await rows(), 200_000);
      }
      assert.equal((await runMain(["import", path], env)).code, 0);
      const back = await runMain(["export", "-"], env);
      const sorted = (text: string) => text.split("\n").sort().join("\n");
      assert.equal(sorted(back.out), sorted(await Deno.readTextFile(path)));
    }));
}

Deno.test("import: SIGINT ends it also while it waits for stdin, and what came is saved", () =>
  inFolder(async (folder) => {
    const options = sqliteOptions(folder);
    const child = spawnMain(["import", "-"], databaseVariables(options));
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(formatRows("jsonl", "keys", rowsOf([hexOf(1)], [1]))));
    while (!existsSync(`${folder}/a.db`)) await delay(20);
    await delay(500);
    Deno.kill(child.pid, "SIGINT");
    const { code, error } = await outcomeOf(child);
    await writer.close().catch(() => {});
    assert.equal(code, 1);
    assert.match(error, /^interrupted\nstopped at line 2; in the database: 1 row;/);
    assert.equal(await withDatabase(options, (database) => database.count("keys")), 1);
  }));

Deno.test("import and export: a million rows in bounded time and memory", () =>
  inFolder(async (folder) => {
    const env = { ...databaseVariables(sqliteOptions(folder)), DENOTRACK_DB_CHUNK_SIZE: "10000" };
    const rows = amount(1_000_000, 10_000_000);
    const path = `${folder}/dump.jsonl`;
    await Deno.writeFile(path, dumpOf("torrents", rows).stream());
    const figures: string[] = [];
    for (const [verb, file] of [["import", path], ["export", `${folder}/out.csv`]]) {
      const began = performance.now();
      const child = spawnMain([verb, file], env);
      let peak = 0;
      const timer = setInterval(() => peak = Math.max(peak, peakMegabytes(child.pid)), 100);
      const { code, error } = await outcomeOf(child);
      clearInterval(timer);
      const seconds = (performance.now() - began) / 1000;
      assert.equal(code, 0, error);
      figures.push(`${verb} ${Math.round(rows / seconds / 1000)} k rows/s, ${Math.round(peak)} MB`);
      assert.ok(peak < 500, `${verb}: ${peak} MB`);
      assert.ok(seconds < rows / 5000, `${verb}: ${seconds} s`);
    }
    console.log(`SQLite, ${rows} rows: ${figures.join("; ")}`);
  }));

for (const backend of SERVER_BACKENDS) {
  Deno.test(onBackend(backend, "export and import", async (context, running) => {
    await context.step(
      "through a pipe, from SQLite and back",
      () => inFolder((folder) => pipes(folder, running)),
    );
    await context.step(
      "a lost connection, and the way on",
      () => inFolder((folder) => lostConnection(folder, running)),
    );
  }));
}

async function pipes(folder: string, running: RunningBackend) {
  const from = sqliteOptions(folder);
  const server = await running.empty();
  const back = sqliteOptions(folder, "back.db");
  await withDatabase(from, async (database) => {
    for (const key of TABLE_KEYS) await database.save(key, randomRows(key, 23_456));
  });
  const content = await contentOfAll(from);
  for (const [source, target] of [[from, server], [from, server], [server, back]]) {
    const [exported, imported] = await pipeMain(databaseVariables(source), databaseVariables(target));
    assert.deepEqual([exported.code, imported.code], [0, 0], exported.error + imported.error);
    assert.match(imported.error, /^imported 93,824 rows in /);
    assert.deepEqual(await contentOfAll(target), content);
  }
}

async function lostConnection(folder: string, running: RunningBackend) {
  const options = await running.empty();
  const env = databaseVariables(options);
  const path = `${folder}/dump.jsonl`;
  await Deno.writeFile(path, dumpOf("keys", 200_000).stream());
  await withDatabase(options, async (database) => {
    const child = spawnMain(["import", path], env);
    const isUnderWay = async () => await database.count("keys") > 5000;
    assert.ok(await pollUntil(isUnderWay, 30_000));
    await running.server!.cutConnections();
    const { code, error } = await outcomeOf(child);
    assert.equal(code, 1);
    const told = /^.* database .*\nstopped at line (\d+); in the database: ([\d,]+) rows; run .*\n$/.exec(
      error,
    );
    assert.ok(told !== null, error);
    const rest = await runMain(["import", path, "--from-line", told[1]], env);
    assert.equal(rest.code, 0, rest.error);
  });
  assert.equal(await withDatabase(options, (database) => database.count("keys")), 200_000);
}
