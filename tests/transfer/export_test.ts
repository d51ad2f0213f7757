import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { TABLE_KEYS } from "../../src/persistence/database.ts";
import type { DatabaseOptions } from "../../src/persistence/open.ts";
import { denotrackCommand } from "../support/denotrack.ts";
import { delay, inheritedEnvironment } from "../support/program.ts";
import { withNeeds } from "../support/skip.ts";
import { hexOf, randomRows, rowsOf } from "../persistence/table_content.ts";
import {
  contentOfAll,
  databaseVariables,
  inFolder,
  outcomeOf,
  runMain,
  spawnMain,
  sqliteOptions,
  withDatabase,
} from "./transfer_run.ts";

const LINES = [
  `{"table":"torrents","info_hash":"${hexOf(1)}","completed":5}`,
  `{"table":"torrents","info_hash":"${hexOf(2)}","completed":0}`,
  `{"table":"whitelist","info_hash":"${hexOf(3)}"}`,
  `{"table":"keys","key":"${hexOf(4)}","timeout":9007199254740991}`,
];
const ROWS = [
  "table,hash,number",
  `torrents,${hexOf(1)},5`,
  `torrents,${hexOf(2)},0`,
  `whitelist,${hexOf(3)},`,
];

/** The database of `LINES`. */
async function fill(options: DatabaseOptions): Promise<void> {
  await withDatabase(options, async (database) => {
    await database.save("torrents", rowsOf([hexOf(1), hexOf(2)], [5, 0]));
    await database.save("whitelist", rowsOf([hexOf(3)]));
    await database.save("keys", rowsOf([hexOf(4)], [Number.MAX_SAFE_INTEGER]));
  });
}

/** A folder with the database of `LINES`. */
function inFilledFolder(
  test: (folder: string, env: Record<string, string>) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    await fill(sqliteOptions(folder));
    await test(folder, databaseVariables(sqliteOptions(folder)));
  });
}

const lines = (text: string) => text.trimEnd().split("\n");

Deno.test("export: JSON Lines and CSV on stdout, which holds nothing else", () =>
  inFilledFolder(async (_folder, env) => {
    const json = await runMain(["export", "-"], env);
    assert.equal(json.code, 0);
    assert.deepEqual(lines(json.out), LINES);
    assert.match(
      json.error,
      /^exported 4 rows in [\d.]+ s \(torrents 2, whitelist 1, blacklist 0, keys 1\)\n$/,
    );
    const csv = await runMain(["export", "-", "--format", "csv", "--only", "whitelist,torrents"], env);
    assert.deepEqual([csv.code, lines(csv.out)], [0, ROWS]);
  }));

Deno.test("export: the ending of the file tells the format; nobody else may read it, and nothing is left beside it", () =>
  inFilledFolder(async (folder, env) => {
    for (const name of ["a.jsonl", "a.ndjson", "a.csv", "a.jsonl.gz", "a.csv.gz"]) {
      const path = `${folder}/${name}`;
      const { code, out } = await runMain(["export", path, "--only", "torrents,whitelist"], env);
      assert.deepEqual([code, out], [0, ""], name);
      const file = new Blob([await Deno.readFile(path)]).stream();
      const content = name.endsWith(".gz") ? file.pipeThrough(new DecompressionStream("gzip")) : file;
      const expected = name.includes("csv") ? ROWS : LINES.slice(0, 3);
      assert.deepEqual(lines(await new Response(content).text()), expected, name);
      if (Deno.build.os !== "windows") assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    }
    assert.equal([...Deno.readDirSync(folder)].filter(({ name }) => name.includes("part")).length, 0);
  }));

Deno.test("export: a file that is there stays, unless --force is given", () =>
  inFilledFolder(async (folder, env) => {
    const path = `${folder}/a.csv`;
    await Deno.writeTextFile(path, "mine");
    const refused = await runMain(["export", path], env);
    assert.deepEqual(refused, {
      code: 1,
      out: "",
      error: `${path}: is there already; --force replaces it\n`,
    });
    assert.equal(await Deno.readTextFile(path), "mine");
    await Deno.symlink(path, `${folder}/link.csv`);
    assert.equal((await runMain(["export", `${folder}/link.csv`, "--force"], env)).code, 0);
    assert.equal(lines(await Deno.readTextFile(path)).length, 5);
    assert.ok((await Deno.lstat(`${folder}/link.csv`)).isSymlink);
  }));

Deno.test("export: what cannot be done is told in a line, and nothing is made", () =>
  inFilledFolder(async (folder, env) => {
    await Deno.mkdir(`${folder}/folder.csv`);
    const missing = databaseVariables(sqliteOptions(folder, "none.db"));
    const memory = { DENOTRACK_DB_PATH: "sqlite://:memory:" };
    const cases: [string[], Record<string, string>, number, RegExp][] = [
      [
        [`${folder}/folder.csv`],
        env,
        1,
        /folder\.csv: not a file; to write elsewhere, write to - \(stdout\)$/,
      ],
      [[`${folder}/none/a.csv`], env, 1, /a\.csv: cannot be written: No such file or directory$/],
      [[`${folder}/a.csv`], missing, 1, /^SQLite database .*none\.db: no such file$/],
      [[`${folder}/a.csv`], memory, 2, /^db_path: expected a database that lasts, found sqlite:\/\/:memory:/],
      [
        [`${folder}/a.csv`],
        { ...env, DENOTRACK_DB_DRIVER: "MySQL" },
        2,
        /^DENOTRACK_DB_PATH: db_path: expected a path such as/,
      ],
      [
        [`${folder}/a.csv`],
        { ...env, DENOTRACK_INTERVAL: "x" },
        2,
        /^DENOTRACK_INTERVAL: interval: expected/,
      ],
      [[`${folder}/a.csv`, "--config", `${folder}/no.toml`], env, 2, /no\.toml: no such file$/],
      [[`${folder}/a.txt`], env, 2, /a\.txt: expected a name that ends in \.jsonl, \.ndjson or \.csv/],
      [["-", "--only", "peers"], env, 2, /Expected torrents, whitelist, blacklist or keys with commas/],
      [["-", "--format", "xml"], env, 2, /Allowed choices are jsonl, csv/],
      [["-", "--print-config"], env, 2, /option '--print-config' cannot be used with 'export'/],
      [[], env, 2, /missing required argument 'FILE'/],
    ];
    for (const [args, variables, code, error] of cases) {
      const outcome = await runMain(["export", ...args], variables);
      assert.deepEqual([outcome.code, outcome.out], [code, ""], args.join(" "));
      assert.match(lines(outcome.error)[0], error);
    }
    assert.ok(!existsSync(`${folder}/none.db`));
    assert.ok(!existsSync(`${folder}/a.csv`));
  }));

Deno.test("export: the configuration is a file too, persistence or not", () =>
  inFilledFolder(async (folder, env) => {
    const config = `${folder}/tracker.toml`;
    await Deno.writeTextFile(config, `db_path = "${env.DENOTRACK_DB_PATH}"\npersistence = false\n`);
    for (const args of [["export", "-", "--config", config], ["--config", config, "export", "-"]]) {
      const { code, out } = await runMain(args, {});
      assert.deepEqual([code, lines(out)], [0, LINES]);
    }
  }));

Deno.test("export: a row that is none ends it, and no file is there", () =>
  inFilledFolder(async (folder, env) => {
    const database = sqliteOptions(folder).path.replace("sqlite://", "");
    const { DatabaseSync } = await import("node:sqlite");
    const sqlite = new DatabaseSync(database);
    sqlite.exec("INSERT INTO blacklist VALUES ('nonsense')");
    sqlite.close();
    const { code, error } = await runMain(["export", `${folder}/a.csv`], env);
    assert.equal(code, 1);
    assert.match(
      error,
      /blacklist, column info_hash, row 1: expected 40 .*\nstopped after 3 rows; .*a\.csv was not written\n$/,
    );
    assert.deepEqual([...Deno.readDirSync(folder)].filter(({ name }) => name.startsWith("a.csv")), []);
  }));

Deno.test("export: SIGINT and a reader that goes away end it in order", () =>
  inFolder(async (folder) => {
    const options = sqliteOptions(folder);
    await withDatabase(options, (database) => database.save("torrents", randomRows("torrents", 300_000)));
    const env = databaseVariables(options);

    // Nobody reads: the pipe is full, and the export waits.
    const waiting = spawnMain(["export", "-"], env);
    await delay(1500);
    Deno.kill(waiting.pid, "SIGINT");
    await delay(500);
    const interrupted = await outcomeOf(waiting);
    assert.equal(interrupted.code, 1);
    assert.match(interrupted.error, /^interrupted/);

    const left = spawnMain(["export", "-"], env);
    const reader = left.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const [{ code }, error] = await Promise.all([left.status, new Response(left.stderr).text()]);
    assert.equal(code, 1);
    assert.match(error, /^stdout: cannot be written: its reader has gone\nstopped after [\d,]+ rows/);
  }));

Deno.test("export: SIGINT leaves no file", () =>
  inFolder(async (folder) => {
    const options = sqliteOptions(folder);
    await withDatabase(options, (database) => database.save("torrents", randomRows("torrents", 1_000_000)));
    const child = spawnMain(["export", `${folder}/dump.csv`], databaseVariables(options));
    const isWriting = () => [...Deno.readDirSync(folder)].some(({ name }) => name.startsWith("dump.csv."));
    while (!isWriting()) await delay(10);
    await delay(100);
    Deno.kill(child.pid, "SIGINT");
    const { code, error } = await outcomeOf(child);
    assert.equal(code, 1);
    assert.match(error, /^interrupted\nstopped after [\d,]+ rows; .*dump\.csv was not written\n$/);
    assert.deepEqual([...Deno.readDirSync(folder)].filter(({ name }) => name.startsWith("dump")), []);
  }));

Deno.test(
  withNeeds(
    { namespaces: true, systems: ["linux"] },
    "export: a full disk is told, and no file is there",
    () =>
      inFolder(async (folder) => {
        const options = sqliteOptions(folder);
        await withDatabase(options, (database) => database.save("torrents", randomRows("torrents", 50_000)));
        const mount = `${folder}/small`;
        await Deno.mkdir(mount);
        const script = `mount -t tmpfs -o size=1m none "$0" && { "$@"; echo "code $?"; ls -A "$0"; }`;
        for (const name of ["a.csv", "a.jsonl.gz"]) {
          const { stdout, stderr } = await new Deno.Command("unshare", {
            args: ["--mount", "sh", "-c", script, mount, ...denotrackCommand(["export", `${mount}/${name}`])],
            clearEnv: true,
            env: { ...inheritedEnvironment(), ...databaseVariables(options) },
          }).output();
          const error = new TextDecoder().decode(stderr);
          assert.match(
            error,
            /: cannot be written: No space left on device\nstopped after [\d,]+ rows; .* was not written\n$/,
          );
          assert.equal(new TextDecoder().decode(stdout), "code 1\n");
        }
      }),
  ),
);

Deno.test("export and import: what comes out of one database is in the other, by every format", () =>
  inFolder(async (folder) => {
    const from = sqliteOptions(folder);
    await withDatabase(from, async (database) => {
      for (const key of TABLE_KEYS) await database.save(key, randomRows(key, 12_345));
    });
    const content = await contentOfAll(from);
    for (const name of ["a.jsonl", "a.csv", "a.ndjson.gz", "b.csv.gz"]) {
      const path = `${folder}/${name}`;
      assert.equal((await runMain(["export", path], databaseVariables(from))).code, 0);
      const to = sqliteOptions(folder, `${name}.db`);
      const { code, error } = await runMain(["import", path], databaseVariables(to));
      assert.deepEqual([code, error.startsWith("imported 49,380 rows in ")], [0, true], error);
      assert.deepEqual(await contentOfAll(to), content);
    }
  }));
