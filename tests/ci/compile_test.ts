import assert from "node:assert/strict";
import { compile, CompileError, permissions, TARGETS } from "../../.ci/compile.ts";
import project from "../../deno.json" with { type: "json" };
import { withBaseBinary } from "../support/base_binary.ts";
import { repositoryRoot } from "../support/program.ts";
import { withNeeds } from "../support/skip.ts";

const needs = { programs: ["true"], systems: ["linux"] };

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-compile-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What `deno task compile` comes to, without the web interface's build. */
async function runCompile(args: readonly string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", "--allow-env", "--allow-run", ".ci/compile.ts", ...args],
    cwd: repositoryRoot,
    env: { NO_COLOR: "1", ...env },
  }).output();
  return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
}

/** A cache without base binaries, in which all else that compiling takes is there. */
function cacheWithoutBaseBinary(folder: string): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string };
  Deno.mkdirSync(`${folder}/dl`, { recursive: true });
  Deno.symlinkSync(`${denoDir}/npm`, `${folder}/npm`);
  for (const { name } of Deno.readDirSync(`${denoDir}/dl`)) {
    if (name.startsWith("esbuild")) Deno.symlinkSync(`${denoDir}/dl/${name}`, `${folder}/dl/${name}`);
  }
  return folder;
}

Deno.test("a base binary that cannot be fetched is told in one line, with what to do", () =>
  inFolder(async (folder) => {
    const nobody = "http://127.0.0.1:1";
    const output = `${folder}/out/denotrack`;
    Deno.mkdirSync(`${folder}/out`);
    Deno.writeTextFileSync(output, "an older one");
    const { code, out, error } = await runCompile([output], {
      DENO_DIR: cacheWithoutBaseBinary(`${folder}/cache`),
      DENORT_BIN: "",
      HTTPS_PROXY: nobody,
      https_proxy: nobody,
      NO_PROXY: "",
      no_proxy: "",
    });
    assert.deepEqual([code, out], [1, ""]);
    assert.match(error, /^no executable for \S+ was made, for want of Deno's base binary: [^\n]+\n$/);
    assert.match(error, /denort-\S+\.zip.*: .*Set DENORT_BIN to a denort of Deno \d+\.\d+\.\d+ for /);
    assert.equal(Deno.readTextFileSync(output), "an older one");
    assert.deepEqual([...Deno.readDirSync(`${folder}/out`)].map(({ name }) => name), ["denotrack"]);
  }));

Deno.test("a DENORT_BIN that is not there, or no program, is told in one line", () =>
  inFolder(async (folder) => {
    const output = `${folder}/denotrack`;
    const missing = await runCompile([output], { DENORT_BIN: `${folder}/nothing` });
    assert.equal(missing.code, 1);
    assert.match(missing.error, /^no executable [^\n]+\/nothing': [^\n]+ Set DENORT_BIN [^\n]+\n$/);
    Deno.writeTextFileSync(`${folder}/text`, "no program");
    const text = await runCompile([output], { DENORT_BIN: `${folder}/text` });
    assert.equal(text.code, 1);
    assert.match(text.error, /^no executable [^\n]+: Invalid object[^\n]+ Set DENORT_BIN [^\n]+\n$/);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["text"]);
  }));

Deno.test(
  withNeeds(needs, "a DENORT_BIN that is another program is found out", () =>
    inFolder(async (folder) => {
      await withBaseBinary("true", folder, async () => {
        const { code, error } = await runCompile([`${folder}/denotrack`], { DENORT_BIN: `${folder}/true` });
        assert.equal(code, 1);
        assert.match(
          error,
          /^no executable [^\n]+ it said "[^\n]+ instead of "denotrack [\d.]+"; is DENORT_BIN [^\n]+\n$/,
        );
      });
    })),
);

Deno.test(
  withNeeds(
    needs,
    "the executable has the permissions of deno task start, and asks for no more",
    () =>
      inFolder(async (folder) => {
        assert.ok(permissions().length >= 5);
        assert.ok(project.tasks.start.endsWith(`deno run ${permissions().join(" ")} main.ts`));
        const target = TARGETS.find(({ name }) => name === "linux-arm64")!;
        await withBaseBinary(`denort-${target.triple}`, folder, () => compile(target, `${folder}/denotrack`));
        const text = new TextDecoder("latin1").decode(Deno.readFileSync(`${folder}/denotrack`));
        const given = JSON.parse(/"permissions":(\{"allow_[^}]*\})/.exec(text)![1]);
        const granted = Object.keys(given).filter((name) =>
          name.startsWith("allow_") && given[name] !== null
        );
        assert.deepEqual(
          granted.filter((name) => name !== "allow_import").map((name) => `${name}=${given[name]}`).sort(),
          permissions().map((flag) => `${flag.slice(2).replace("-", "_")}${flag.includes("=") ? "" : "="}`)
            .sort(),
        );
        assert.deepEqual([given.deny_import, given.prompt], [[], false]);
        assert.deepEqual(/"features":(\[[^\]]*\])/.exec(text)![1], JSON.stringify(project.unstable));
        assert.equal(text.match(/new Worker\(new URL\("\.\/\.deno_compile_worker_/g)?.length, 2);
      }),
  ),
);

Deno.test(
  withNeeds(needs, "a folder with base binaries has one for each target", () =>
    inFolder(async (folder) => {
      const [own, other] = ["linux-arm64", "macos-x64"].map((name) =>
        TARGETS.find((each) => each.name === name)!
      );
      await withBaseBinary(`denort-${own.triple}`, folder, async () => {
        await compile(own, `${folder}/denotrack`);
        await assert.rejects(compile(other, `${folder}/denotrack`), CompileError);
      });
    })),
);
