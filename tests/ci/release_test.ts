import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createZip } from "../../.ci/archive.ts";
import { CompileError, TARGETS } from "../../.ci/compile.ts";
import { release } from "../../.ci/release.ts";
import project from "../../deno.json" with { type: "json" };
import { withBaseBinary } from "../support/base_binary.ts";
import { repositoryRoot } from "../support/program.ts";
import { withNeeds } from "../support/skip.ts";

const linux = TARGETS.find(({ name }) => name === "linux-arm64")!;
const mac = TARGETS.find(({ name }) => name === "macos-arm64")!;

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-release-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function run(directory: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: directory, encoding: "utf8" });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const needs = { programs: ["true", "tar", "sha256sum"], systems: ["linux"] };

Deno.test(
  withNeeds(
    needs,
    "an archive has the version in its name, and the licence and an example inside",
    () =>
      inFolder(async (folder) => {
        const output = `${folder}/out`;
        await withBaseBinary(`denort-${linux.triple}`, folder, async () => {
          const name = `denotrack-${project.version}-linux-arm64`;
          assert.deepEqual(await release([linux], output), [
            `${output}/${name}.tar.gz`,
            `${output}/SHA256SUMS`,
          ]);
          assert.equal(run(output, "sha256sum", "--check", "SHA256SUMS"), `${name}.tar.gz: OK\n`);
          run(output, "tar", "-xzf", `${name}.tar.gz`);
          assert.deepEqual(
            [...Deno.readDirSync(`${output}/${name}`)].map((file) => file.name).sort(),
            ["LICENSE", "config.toml.example", "denotrack", "denotrack.service"],
          );
          for (const document of ["LICENSE", "config.toml.example"]) {
            assert.equal(
              Deno.readTextFileSync(`${output}/${name}/${document}`),
              Deno.readTextFileSync(`${repositoryRoot}/${document}`),
            );
            assert.equal(Deno.statSync(`${output}/${name}/${document}`).mode! & 0o777, 0o644);
          }
          const executable = Deno.statSync(`${output}/${name}/denotrack`);
          assert.equal(executable.mode! & 0o777, 0o755);
          assert.ok(executable.size > 1_000_000);
        });
      }),
  ),
);

Deno.test(
  withNeeds(needs, "where one target cannot be had, nothing is written", () =>
    inFolder(async (folder) => {
      await withBaseBinary(`denort-${linux.triple}`, folder, async () => {
        await assert.rejects(release([linux, mac], `${folder}/out`), (error) => {
          assert.ok(error instanceof CompileError);
          assert.match(error.message, /^no executable for aarch64-apple-darwin was made, /);
          return true;
        });
        assert.throws(() => Deno.statSync(`${folder}/out`), Deno.errors.NotFound);
      });
    })),
);

const zipNeeds = { programs: ["python3"] };

Deno.test(
  withNeeds(
    zipNeeds,
    "a zip is read by others, and keeps rights and bytes",
    () =>
      inFolder((folder) => {
        const bytes = crypto.getRandomValues(new Uint8Array(50_000));
        const files = [
          { name: "a.exe", bytes, isExecutable: true },
          { name: "b", bytes: new TextEncoder().encode("text"), isExecutable: false },
        ];
        Deno.writeFileSync(`${folder}/x.zip`, createZip("f-1.0", files));
        const script = `import zipfile
for info in zipfile.ZipFile("x.zip").infolist(): print(info.filename, oct(info.external_attr >> 16))`;
        assert.equal(run(folder, "python3", "-c", script), "f-1.0/a.exe 0o755\nf-1.0/b 0o644\n");
        run(folder, "python3", "-m", "zipfile", "-e", "x.zip", ".");
        assert.deepEqual(Deno.readFileSync(`${folder}/f-1.0/a.exe`), bytes);
        assert.equal(Deno.readTextFileSync(`${folder}/f-1.0/b`), "text");
        return Promise.resolve();
      }),
  ),
);
