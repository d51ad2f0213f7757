import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exampleConfig, parseConfig } from "../src/config/config.ts";
import project from "../deno.json" with { type: "json" };
import { denotrackCommand } from "./support/denotrack.ts";
import { inheritedEnvironment } from "./support/program.ts";

interface Outcome {
  code: number;
  out: string;
  error: string;
}

type Start = (args: string[], env?: Record<string, string>) => Promise<Outcome>;

/** Runs the program in a new folder, in which `file` is the default configuration. */
async function inNewFolder(test: (start: Start, file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-" });
  const start: Start = async (args, env = {}) => {
    const [file, ...rest] = denotrackCommand(args);
    const command = new Deno.Command(file, {
      args: rest,
      cwd: folder,
      clearEnv: true,
      env: { ...inheritedEnvironment(), NO_COLOR: "1", ...env },
    });
    const { code, stdout, stderr } = await command.output();
    return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
  };
  try {
    await test(start, join(folder, "config.toml"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("--version and --help", () =>
  inNewFolder(async (start) => {
    assert.deepEqual(await start(["--version"]), {
      code: 0,
      out: `denotrack ${project.version}\n`,
      error: "",
    });
    const help = await start(["--help"]);
    assert.equal(help.code, 0);
    for (const flag of ["--config", "--check-config", "--print-config", "--version", "--help"]) {
      assert.ok(help.out.includes(flag), flag);
    }
  }));

Deno.test("export and import have a help of their own, and write no configuration", () =>
  inNewFolder(async (start, file) => {
    const flags = { export: ["--force"], import: ["--skip-bad", "--from-line", "--dry-run"] };
    const { out } = await start(["--help"]);
    for (const [name, own] of Object.entries(flags)) {
      assert.match(out, new RegExp(`^  ${name} `, "m"));
      const help = await start([name, "--help"]);
      assert.equal(help.code, 0);
      for (const flag of [...own, "--config", "--only", "--format"]) assert.ok(help.out.includes(flag), flag);
      const wrong = await start([name, "a.csv", "--froce"]);
      assert.deepEqual([wrong.code, wrong.out], [2, ""]);
      assert.equal((await start([name, "a.csv"])).code, 2);
    }
    assert.ok(!existsSync(file));
  }));

Deno.test("wrong flags are told in one line with a hint", () =>
  inNewFolder(async (start, file) => {
    const cases: [args: string[], line: string][] = [
      [["--confg"], "error: unknown option '--confg' (Did you mean --config?)"],
      [["--config"], "error: option '--config <file>' argument missing"],
      [["more"], "error: too many arguments. Expected 0 arguments but got 1: more."],
      [
        ["--check-config", "--print-config"],
        "error: option '--check-config' cannot be used with option '--print-config'",
      ],
    ];
    for (const [args, line] of cases) {
      const error = `${line}\nThe flags are listed by --help.\n`;
      assert.deepEqual(await start(args), { code: 2, out: "", error });
    }
    assert.ok(!existsSync(file));
  }));

Deno.test("--check-config tells that all is well, or every problem, and writes nothing", () =>
  inNewFolder(async (start, file) => {
    const none = await start(["--check-config"]);
    assert.deepEqual(none, {
      code: 0,
      out: "config.toml: no such file; the defaults and the environment: ok\n",
      error: "",
    });
    assert.ok(!existsSync(file));
    const named = await start(["--check-config", "--config", "other.toml"]);
    assert.deepEqual(named, { code: 2, out: "", error: "other.toml: no such file\n" });

    await Deno.writeTextFile(file, exampleConfig("key"));
    assert.deepEqual(await start(["--check-config"]), { code: 0, out: "config.toml: ok\n", error: "" });

    await Deno.writeTextFile(file, "interval = 0\nwhitlist = true\n");
    assert.deepEqual(await start(["--check-config"], { DENOTRACK_KEYS: "maybe" }), {
      code: 2,
      out: "",
      error: "config.toml:1: interval: expected a whole number from 1 to 86400, found 0\n" +
        'config.toml:2: whitlist: unknown key, did you mean "whitelist"?\n' +
        'DENOTRACK_KEYS: keys: expected true or false, found "maybe"\n',
    });
  }));

Deno.test("--print-config prints what is in effect without secrets", () =>
  inNewFolder(async (start, file) => {
    await Deno.writeTextFile(file, 'api_key = "hunter2"\ninterval = 900\npeer_timeout = 800\n');
    const { code, out, error } = await start(["--print-config"], { DENOTRACK_KEYS: "true" });
    assert.equal(code, 0);
    assert.match(error, /^warning: config\.toml:3: peer_timeout: 800 seconds is not more than interval/);
    assert.ok(!out.includes("hunter2"));
    const result = parseConfig({ text: out, file: "printed", env: {} });
    assert.ok("config" in result);
    assert.equal(result.config.interval, 900);
    assert.equal(result.config.keys, true);
  }));

Deno.test("a start without a file writes one; problems end it before anything is served", () =>
  inNewFolder(async (start, file) => {
    const { code, out, error } = await start([], { DENOTRACK_INTERVAL: "abc" });
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.deepEqual(error.trimEnd().split("\n"), [
      "config.toml: written, with the defaults and a random api_key",
      'DENOTRACK_INTERVAL: interval: expected a whole number from 1 to 86400, found "abc"',
    ]);
    assert.match(await Deno.readTextFile(file), /^api_key = "[0-9a-f]{40}"$/m);
  }));

Deno.test("a start never changes a file that is there", () =>
  inNewFolder(async (start, file) => {
    await Deno.writeTextFile(file, "interval = 0\n");
    const { code, error } = await start([]);
    assert.equal(code, 2);
    assert.equal(error, "config.toml:1: interval: expected a whole number from 1 to 86400, found 0\n");
    assert.equal(await Deno.readTextFile(file), "interval = 0\n");
  }));
