/**
 * Makes what people download, in dist/: `deno task release` an archive for every target, `deno task release linux-x64`
 * for those that are named; and SHA256SUMS of what it made, for `sha256sum --check`. All are made, or none.
 */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };
import { type ArchivedFile, createTarGz, createZip } from "./archive.ts";
import { compile, CompileError, executableName, type Target, TARGETS } from "./compile.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** What an archive holds beside the executable, each by its path in the repository. */
const DOCUMENTS = ["LICENSE", "config.toml.example"];
const LINUX_DOCUMENTS = [...DOCUMENTS, ".ci/packaging/denotrack.service"];

if (import.meta.main) {
  try {
    for (const path of await release(chooseTargets(Deno.args), join(ROOT, "dist"))) console.log(path);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

function chooseTargets(names: readonly string[]): readonly Target[] {
  if (names.length === 0) return TARGETS;
  return names.map((name) => {
    const target = TARGETS.find((candidate) => candidate.name === name);
    if (target !== undefined) return target;
    throw new CompileError(`${name} is no target; there are ${TARGETS.map(({ name }) => name).join(", ")}`);
  });
}

/** The paths of what it wrote into `folder`. Throws a CompileError, with nothing written. */
export async function release(targets: readonly Target[], folder: string): Promise<string[]> {
  const temporary = await Deno.makeTempDir({ prefix: "denotrack-release-" });
  try {
    for (const target of targets) {
      Deno.mkdirSync(join(temporary, target.name));
      await compile(target, join(temporary, target.name, executableName(target)));
    }
    Deno.mkdirSync(folder, { recursive: true });
    const paths: string[] = [];
    let sums = "";
    for (const target of targets) {
      const { name, bytes } = await pack(target, join(temporary, target.name, executableName(target)));
      Deno.writeFileSync(join(folder, name), bytes);
      paths.push(join(folder, name));
      sums += `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
    }
    Deno.writeTextFileSync(join(folder, "SHA256SUMS"), sums);
    return [...paths, join(folder, "SHA256SUMS")];
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

/** The archive of an executable: `denotrack-VERSION-TARGET.tar.gz`, with everything in a folder of that name. */
export async function pack(target: Target, executable: string): Promise<{ name: string; bytes: Uint8Array }> {
  const folder = `denotrack-${project.version}-${target.name}`;
  const documents = target.triple.includes("linux") ? LINUX_DOCUMENTS : DOCUMENTS;
  const files: ArchivedFile[] = [
    { name: executableName(target), bytes: Deno.readFileSync(executable), isExecutable: true },
    ...documents.map((path) => (
      { name: basename(path), bytes: Deno.readFileSync(join(ROOT, path)), isExecutable: false }
    )),
  ];
  return executableName(target).endsWith(".exe")
    ? { name: `${folder}.zip`, bytes: createZip(folder, files) }
    : { name: `${folder}.tar.gz`, bytes: await createTarGz(folder, files) };
}
