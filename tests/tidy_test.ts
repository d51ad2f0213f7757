// Reads the source and holds it to the rules in support/tidy_rules.ts; then shows that each rule can fail.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { repositoryRoot } from "./support/program.ts";
import { codeOnly, importsOf, type SourceFile } from "./support/source_text.ts";
import * as rules from "./support/tidy_rules.ts";

/** Source files without a test of their own name, and the test that covers them. Keep it short. */
const coveredBy: Readonly<Record<string, string>> = {
  // The parts of the configuration are seen through what they come to: a parsed file, its problems, its printed form.
  "src/config/check.ts": "tests/config/config_test.ts",
  "src/config/env.ts": "tests/config/config_test.ts",
  "src/config/print.ts": "tests/config/config_test.ts",
  "src/config/report.ts": "tests/config/config_test.ts",
  "src/config/rules.ts": "tests/config/config_test.ts",
  "src/config/schema.ts": "tests/config/config_test.ts",
  "src/config/text.ts": "tests/config/config_test.ts",
  // Both ways to the wire are held to one suite, on real sockets.
  "src/transport/udp_deno.ts": "tests/transport/udp_suite_test.ts",
  "src/transport/udp_linux.ts": "tests/transport/udp_suite_test.ts",
  // What the routes of the API are made with is seen through them.
  "src/api/answers.ts": "tests/api/app_test.ts",
  "src/api/guard.ts": "tests/api/app_test.ts",
  "src/api/setup.ts": "tests/api/app_test.ts",
  "src/api/bodies.ts": "tests/api/lists_test.ts",
  "src/api/bulk_changes.ts": "tests/api/lists_test.ts",
  "src/api/paging.ts": "tests/api/list_pages_test.ts",
  "src/api/list_changes.ts": "tests/api/lists_test.ts",
  "src/api/docs_page.ts": "tests/api/openapi_test.ts",
  "src/api/parameters.ts": "tests/api/torrent_test.ts",
  "src/api/pause.ts": "tests/api/stats_test.ts",
  "src/api/peer_rows.ts": "tests/api/torrent_test.ts",
  "src/api/streaming.ts": "tests/api/torrent_test.ts",
  // The wiring is seen through the program that it makes.
  "src/udp_servers.ts": "tests/transport/udp_suite_test.ts",
  "src/worker.ts": "tests/transport/udp_suite_test.ts",
  "src/http_servers.ts": "tests/transport/http_test.ts",
  "src/worker_messages.ts": "tests/workers_test.ts",
  // The database's thread is seen through the program that has one.
  "src/database_messages.ts": "tests/e2e/saving_test.ts",
  "src/database_thread.ts": "tests/e2e/saving_test.ts",
  "src/database_worker.ts": "tests/e2e/saving_test.ts",
  "src/persistence/loader.ts": "tests/e2e/saving_test.ts",
  "src/persistence/saver.ts": "tests/e2e/saving_test.ts",
  "src/tracker/saving_state.ts": "tests/e2e/saving_test.ts",
  "src/persistence/database.ts": "tests/persistence/database_suite_test.ts",
  "src/persistence/mysql.ts": "tests/persistence/database_suite_test.ts",
  "src/persistence/postgres.ts": "tests/persistence/database_suite_test.ts",
  "src/persistence/postgres_socket.ts": "tests/persistence/tls_test.ts",
  "src/persistence/sqlite.ts": "tests/persistence/database_suite_test.ts",
  "src/persistence/sqlite_error.ts": "tests/persistence/sqlite_faults_test.ts",
  "src/persistence/server_database.ts": "tests/persistence/server_faults_test.ts",
  "src/persistence/open.ts": "tests/persistence/server_faults_test.ts",
  "src/persistence/rows.ts": "tests/persistence/existing_tables_test.ts",
  "src/persistence/schema.ts": "tests/persistence/existing_tables_test.ts",
  "src/doctor/finding.ts": "tests/doctor/doctor_test.ts",
  // What leads to an export or an import, and its ends.
  "src/flags.ts": "tests/main_test.ts",
  "src/transfers.ts": "tests/transfer/import_test.ts",
  "src/transfer/configured_database.ts": "tests/transfer/export_test.ts",
  "src/transfer/input.ts": "tests/transfer/import_test.ts",
  "src/transfer/output.ts": "tests/transfer/export_test.ts",
  "src/transfer/tally.ts": "tests/transfer/progress_test.ts",
  "src/transfer/transfer_error.ts": "tests/transfer/import_test.ts",
};

/** Source files whose test is still being written. A file leaves this list with its test; none joins it. */
const awaited: readonly string[] = ["src/base/log.ts"];

/** Text of any kind; pictures and archives are not read. */
const textFiles =
  /(?:^|\/)(?:[^.]+|[^/]*\.(?:tsx?|js|mjs|json|md|toml|example|css|html|sh|yml|yaml|txt|lock|sql|service))$/;

/** What git knows, so that work in progress is left alone; without git, every file but what a build leaves behind. */
function listFiles(): string[] {
  const git = spawnSync("git", ["ls-files"], { cwd: repositoryRoot, encoding: "utf8" });
  const paths = git.status === 0 ? git.stdout.split("\n").filter((path) => path !== "") : walk("");
  return [...new Set(paths)].sort();
}

function walk(folder: string): string[] {
  const ignored = [".git", "node_modules", "dist", "config.toml"];
  return [...Deno.readDirSync(`${repositoryRoot}/${folder}`)].filter(({ name }) => !ignored.includes(name))
    .flatMap(({ name, isDirectory }) => isDirectory ? walk(`${folder}${name}/`) : [`${folder}${name}`]);
}

/** `undefined` for a file that was removed meanwhile. */
function read(path: string): SourceFile | undefined {
  try {
    return { path, text: Deno.readTextFileSync(`${repositoryRoot}/${path}`) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const isTypeScript = (path: string) => /\.tsx?$/.test(path);
const isProgram = (path: string) => path === "main.ts" || path.startsWith("src/") && isTypeScript(path);
const isOurs = (path: string) =>
  isTypeScript(path) && /^(?:src|tests|bench|webgui|\.ci)\/|^main\.ts$/.test(path);

function checkFiles(wanted: (path: string) => boolean, rule: (file: SourceFile) => rules.Finding[]): void {
  const files = listFiles().filter(wanted).map(read).filter((file) => file !== undefined);
  assert.ok(files.length > 0, "no files to check");
  report(files.flatMap(rule));
}

function report(findings: readonly rules.Finding[]): void {
  assert.equal(findings.length, 0, `\n${findings.join("\n")}\n`);
}

Deno.test("tidy: arrows go down and siblings never meet", () => checkFiles(isProgram, rules.layering));
Deno.test("tidy: pure levels stay pure", () => checkFiles(isProgram, rules.bannedWords));
Deno.test("tidy: third parties stand in their places", () => checkFiles(isProgram, rules.packages));
Deno.test("tidy: nothing is of type any", () => checkFiles(isOurs, rules.anyTypes));
Deno.test("tidy: files are short", () => checkFiles(isProgram, rules.fileLength));
Deno.test("tidy: no barrels", () => checkFiles(isProgram, rules.barrels));
Deno.test("tidy: files are named after their noun", () => {
  checkFiles((path) => isTypeScript(path) && /^(?:src|tests|bench|\.ci)\//.test(path), rules.fileNames);
});
Deno.test("tidy: nothing is left unfinished", () => {
  checkFiles((path) => isOurs(path) || path.startsWith(".ci/"), rules.unfinishedWork);
});
Deno.test("tidy: nothing depends on one machine or one registry", () => {
  checkFiles((path) => textFiles.test(path), rules.localNames);
});
Deno.test("tidy: every source file has its test", () => {
  const files = listFiles().filter((path) => read(path) !== undefined);
  const tests = new Set(files.filter((path) => path.endsWith("_test.ts")));
  const sources = files.filter((path) => isProgram(path) && !awaited.includes(path));
  report(rules.mirrors(sources, tests, coveredBy));
});

/** What a rule says about a file with this path and text. */
function findings(rule: (file: SourceFile) => rules.Finding[], path: string, text: string): rules.Finding[] {
  return rule({ path, text });
}

Deno.test("tidy rules: layering", () => {
  const of = (path: string, target: string) =>
    findings(rules.layering, path, `// a comment\nimport { a } from "${target}";\n`);
  assert.deepEqual(of("src/tracker/a.ts", "../transport/http.ts"), [
    "src/tracker/a.ts:2: imports src/transport/http.ts: tracker may not use transport, arrows only go down",
  ]);
  assert.match(of("src/api/a.ts", "../transport/http.ts")[0]!, /siblings never meet/);
  assert.match(of("src/persistence/a.ts", "../api/app.ts")[0]!, /siblings never meet/);
  assert.match(of("src/persistence/a.ts", "../transfer/import.ts")[0]!, /arrows only go down/);
  assert.match(of("src/swarm/a.ts", "../protocol/udp.ts")[0]!, /siblings never meet/);
  assert.match(of("src/config/a.ts", "../swarm/store.ts")[0]!, /siblings never meet/);
  assert.match(of("src/base/a.ts", "../config/config.ts")[0]!, /arrows only go down/);
  assert.match(of("src/transport/a.ts", "../app.ts")[0]!, /only main.ts/);
  assert.match(of("src/worker.ts", "./app.ts")[0]!, /only main.ts/);
  assert.match(of("src/app.ts", "./worker.ts")[0]!, /started by its URL/);
  assert.match(of("src/app.ts", "../main.ts")[0]!, /not part of the program/);
  assert.match(of("src/base/a.ts", "../../tests/support/seeded.ts")[0]!, /not part of the program/);
  assert.match(of("src/tracker/a.ts", "../others/a.ts")[0]!, /not in the table/);
  assert.match(of("src/transport/a.ts", "../../webgui/x.js")[0]!, /only the API/);
  assert.match(of("src/base/a.ts", "../../deno.json")[0]!, /knows no project/);
  for (
    const [path, target] of [
      ["main.ts", "./src/app.ts"],
      ["main.ts", "./deno.json"],
      ["src/app.ts", "./workers.ts"],
      ["src/worker.ts", "./transport/udp_linux.ts"],
      ["src/api/a.ts", "../tracker/stats.ts"],
      ["src/api/a.ts", "../../webgui/bundle.js"],
      ["src/transport/a.ts", "../base/ip.ts"],
      ["src/tracker/a.ts", "./b.ts"],
      ["src/transfer/a.ts", "../persistence/open.ts"],
      ["src/flags.ts", "./transfer/export.ts"],
    ] as const
  ) assert.deepEqual(of(path, target), [], `${path} imports ${target}`);
});

Deno.test("tidy rules: bans in pure levels", () => {
  const of = (path: string, text: string) => findings(rules.bannedWords, path, text);
  const samples = [
    ["Date.now()", "base", "protocol", "swarm", "tracker", "config"],
    ["new Date()", "tracker"],
    ["performance.now()", "base", "tracker"],
    ["Math.random()", "base", "swarm"],
    ["crypto.getRandomValues(a)", "protocol", "swarm", "tracker"],
    ["async () => {}", "base", "protocol"],
    ["await x", "swarm"],
    ["Deno.env", "base", "tracker", "config"],
    ["setTimeout(f, 1)", "tracker"],
  ];
  for (const [code, ...folders] of samples) {
    for (const folder of folders) {
      assert.equal(of(`src/${folder}/a.ts`, `const a =\n  ${code};`).length, 1, `${code} in ${folder}`);
      assert.deepEqual(of(`src/${folder}/a.ts`, `// ${code}\nconst a = "${code}";`), []);
    }
    assert.deepEqual(of("src/transport/a.ts", `const a = ${code};`), []);
  }
  assert.deepEqual(of("src/swarm/a.ts", "\nDate.now();"), [
    "src/swarm/a.ts:2: Date.now is banned in swarm: take the time as an argument",
  ]);
  assert.deepEqual(of("src/base/clock.ts", "Date.now(); performance.now();"), []);
  assert.deepEqual(of("src/base/log.ts", "Deno.unrefTimer(setTimeout(f, 1));"), []);
  assert.deepEqual(of("src/base/a.ts", "crypto.getRandomValues(a);"), []);
  assert.equal(of("src/transport/a.ts", "Deno.dlopen(a, b);").length, 1);
  assert.deepEqual(of("src/transport/linux_ffi.ts", "Deno.dlopen(a, b);"), []);
});

Deno.test("tidy rules: third parties", () => {
  const of = (path: string, target: string) => findings(rules.packages, path, `import a from "${target}";`);
  assert.deepEqual(of("src/tracker/a.ts", "hono"), [
    "src/tracker/a.ts:1: imports hono, which belongs in src/transport/http, src/api/",
  ]);
  assert.equal(of("src/transport/udp_deno.ts", "hono/tiny").length, 1);
  assert.equal(of("src/app.ts", "smol-toml").length, 1);
  assert.equal(of("src/base/ip.ts", "@logtape/logtape").length, 1);
  assert.equal(of("src/app.ts", "commander").length, 1);
  assert.equal(of("src/persistence/mysql.ts", "postgres").length, 1);
  assert.match(of("src/api/a.ts", "left-pad")[0]!, /has no place/);
  assert.match(of("src/tracker/a.ts", "node:fs")[0]!, /a pure folder does without it/);
  for (
    const [path, target] of [
      ["src/transport/http.ts", "hono/tiny"],
      ["src/transport/http_server.ts", "hono"],
      ["src/api/app.ts", "hono"],
      ["src/config/config.ts", "smol-toml"],
      ["src/base/log.ts", "@logtape/logtape"],
      ["src/flags.ts", "commander"],
      ["src/persistence/mysql.ts", "mysql2/promise"],
      ["src/transport/http.ts", "node:net"],
      ["src/base/bytes.ts", "node:buffer"],
    ] as const
  ) assert.deepEqual(of(path, target), [], `${path} imports ${target}`);
});

Deno.test("tidy rules: any", () => {
  const of = (text: string) => findings(rules.anyTypes, "src/a.ts", text).length;
  const bad = [
    "let a: any;",
    "f(a as any);",
    "new Map<string, any>();",
    "type A = any;",
    "let a: string | any;",
  ];
  for (const text of [...bad, "let a: any[];", "const a: Array<any> = [];"]) assert.equal(of(text), 1, text);
  const good = [
    '// any: any\nlet a = ": any";',
    "let many: Many;",
    "Promise.any([]);",
    "list.any(x);",
    "/: any/;",
  ];
  for (const text of good) assert.equal(of(text), 0, text);
});

Deno.test("tidy rules: length, names, barrels", () => {
  const lines = (count: number) => "a;\n".repeat(count);
  assert.deepEqual(findings(rules.fileLength, "src/a.ts", lines(500)), []);
  assert.deepEqual(findings(rules.fileLength, "src/a.ts", lines(501)), [
    "src/a.ts:501: 501 lines, 500 are allowed",
  ]);
  assert.equal(findings(rules.fileLength, "main.ts", lines(101)).length, 1);
  for (const name of ["httpServer.ts", "http-server.ts", "HTTP.ts", "a__b.ts", "utils.ts", "types.ts"]) {
    assert.equal(findings(rules.fileNames, `src/base/${name}`, "").length, 1, name);
  }
  assert.deepEqual(findings(rules.fileNames, "src/base/http_server2.ts", ""), []);
  assert.deepEqual(findings(rules.barrels, "src/a.ts", '\nexport * from "./b.ts";'), [
    "src/a.ts:2: export *: import from where things are",
  ]);
});

Deno.test("tidy rules: unfinished work, local names", () => {
  // The words are put together, or the rules would find them here.
  const [later, folder, host] = ["TO" + "DO", "/ho" + "me/me/x", "registry.npm" + "js.org"];
  assert.deepEqual(findings(rules.unfinishedWork, "src/a.ts", `\n// ${later}: more`), [
    `src/a.ts:2: ${later}: do it, or leave it`,
  ]);
  assert.deepEqual(findings(rules.unfinishedWork, "src/a.ts", "a method to do"), []);
  assert.equal(findings(rules.localNames, "README.md", `see ${folder}`).length, 1);
  assert.equal(findings(rules.localNames, "README.md", `"${folder}"`).length, 1);
  assert.equal(findings(rules.localNames, "README.md", `from https://${host}/x`).length, 1);
  const fine = ["/etc/denotrack/config.toml", "/tmp/x", "./home/a", "a/work/b", "http://host/announce"];
  assert.deepEqual(findings(rules.localNames, "README.md", fine.join("\n")), []);
});

Deno.test("tidy rules: mirrors", () => {
  const tests = new Set(["tests/base/ip_test.ts", "tests/main_test.ts"]);
  assert.deepEqual(rules.mirrors(["src/base/ip.ts", "main.ts"], tests, {}), []);
  assert.deepEqual(rules.mirrors(["src/base/hex.ts"], tests, {}), [
    "src/base/hex.ts:1: tests/base/hex_test.ts is missing",
  ]);
  assert.deepEqual(
    rules.mirrors(["src/base/hex.ts"], tests, { "src/base/hex.ts": "tests/main_test.ts" }),
    [],
  );
  assert.equal(
    rules.mirrors(["src/base/hex.ts"], tests, { "src/base/hex.ts": "tests/gone_test.ts" }).length,
    1,
  );
});

Deno.test("tidy rules: comments, strings, templates and regular expressions are no code", () => {
  const cases: [source: string, code: string][] = [
    ["a /* b\n*/ c // d\ne", "a     \n   c     \ne"],
    ['a = "b\\"c" + d', "a =        + d"],
    ["`a ${b + `c ${d}`} e` + f", "     b +      d       + f"],
    ["x = `${{ a: 1 }}` + b", "x =    { a: 1 }   + b"],
    ['a = /["/]/g.test(b) / c / d', "a =       g.test(b) / c / d"],
    ["return /'/.test(a)", "return    .test(a)"],
    ["a = b / c; // '", "a = b / c;     "],
  ];
  for (const [source, code] of cases) assert.equal(codeOnly(source), code, source);
});

Deno.test("tidy rules: imports of every form are seen", () => {
  const source = `import a from "./a.ts";
import {
  b,
  type C,
} from "./b.ts";
import type { D } from './d.ts';
export { e } from "./e.ts";
import "./f.ts";
const g = await import("./g.ts");
const text = \`
import h from "./h.ts";\`;
// import i from "./i.ts";
import j from "./j.json" with { type: "json" };
`;
  assert.deepEqual(importsOf(source).map(({ specifier, line }) => `${line} ${specifier}`), [
    ...["1 ./a.ts", "5 ./b.ts", "6 ./d.ts", "7 ./e.ts", "8 ./f.ts", "9 ./g.ts", "13 ./j.json"],
  ]);
});
