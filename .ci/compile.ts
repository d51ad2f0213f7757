/**
 * Compiles the program into one executable: `deno task compile` makes dist/denotrack, or the file that is named, for this
 * machine, with everything inside. DENORT_BIN names the base binary, a denort of the same Deno, or a folder with one for
 * each target (`denort-x86_64-apple-darwin` and so on); without it, Deno fetches that.
 */
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };

/** A machine that executables are made for. */
export interface Target {
  /** As archives are named. */
  readonly name: string;
  /** As Deno names it. */
  readonly triple: string;
}

export const TARGETS: readonly Target[] = [
  { name: "linux-x64", triple: "x86_64-unknown-linux-gnu" },
  { name: "linux-arm64", triple: "aarch64-unknown-linux-gnu" },
  { name: "macos-x64", triple: "x86_64-apple-darwin" },
  { name: "macos-arm64", triple: "aarch64-apple-darwin" },
  { name: "windows-x64", triple: "x86_64-pc-windows-msvc" },
];

export const THIS_MACHINE: Target = TARGETS.find(({ triple }) => triple === Deno.build.target) ??
  { name: `${Deno.build.os}-${Deno.build.arch}`, triple: Deno.build.target };

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** What an operator is told in one line. */
export class CompileError extends Error {}

if (import.meta.main) {
  const output = resolve(Deno.args[0] ?? join(ROOT, "dist", executableName(THIS_MACHINE)));
  try {
    await compile(THIS_MACHINE, output);
    console.log(`${output}: ${(Deno.statSync(output).size / 1e6).toFixed(1)} MB, version ${project.version}`);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

export function executableName({ triple }: Target): string {
  return triple.includes("windows") ? "denotrack.exe" : "denotrack";
}

/** Makes `output`, or throws a CompileError and leaves it as it was. What is for this machine has been seen to run. */
export async function compile(target: Target, output: string): Promise<void> {
  Deno.mkdirSync(dirname(output), { recursive: true });
  const folder = Deno.makeTempDirSync({ dir: dirname(output), prefix: ".compile-" });
  try {
    const made = join(folder, executableName(target));
    await runCompiler(target, made);
    if (target === THIS_MACHINE) await expectVersion(made);
    Deno.renameSync(made, output);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function runCompiler(target: Target, output: string): Promise<void> {
  const env: Record<string, string> = { ...Deno.env.toObject(), NO_COLOR: "1" };
  delete env.DENORT_BIN;
  const base = givenBaseBinary(target);
  if (base !== undefined) env.DENORT_BIN = base;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...compileArgs(), "--target", target.triple, "--output", output, "main.ts"],
    cwd: ROOT,
    clearEnv: true,
    env,
    stdin: "null",
  }).output();
  if (!success) throw new CompileError(explain(target, new TextDecoder().decode(stderr)));
}

/**
 * The arguments of Deno, but for target, output and source.
 *
 * Bundled, the executable holds three scripts instead of whole packages, Workers among them; bench/README.md has the
 * figures. It asks nobody for further rights, imports nothing from elsewhere, and leaves no code cache in the system's
 * temporary folder, where others could put theirs.
 */
export function compileArgs(): string[] {
  return [
    ...["compile", "--no-check", "--bundle", "--minify"],
    ...permissions(),
    ...["--no-prompt", "--deny-import", "--no-code-cache"],
  ];
}

/** Those of `deno task start`. */
export function permissions(): string[] {
  const start = project.tasks.start.split("&&").at(-1)!;
  return start.match(/--allow-[\w=,.-]+/g) ?? [];
}

/** The base binary that DENORT_BIN names. A single file is one for this machine. */
function givenBaseBinary(target: Target): string | undefined {
  const given = process.env.DENORT_BIN;
  if (given === undefined || given === "") return undefined;
  if (isFolder(given)) {
    return join(given, executableName(target).replace("denotrack", `denort-${target.triple}`));
  }
  return target === THIS_MACHINE ? given : undefined;
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Deno tells an error in several lines, the cause below; and does not tell what to do. */
function explain({ triple }: Target, stderr: string): string {
  const [message, causes = ""] = stderr.slice(stderr.search(/^error: /m)).split(/\n\n?Stack backtrace:/)[0]
    .split(/\n\nCaused by:\n/);
  const reasons = causes.split("\n").map((line) => line.trim().replace(/^\d+: |\.$/g, ""));
  // A cause repeats what the one above has said of it.
  const news = reasons.filter((reason, i) =>
    !reasons.slice(0, i).some((earlier) => earlier.includes(reason))
  );
  const reason = news.join(": ") || message.replace(/^error: /, "").trim().replaceAll(/\s*\n\s*/g, " ");
  const failed = `no executable for ${triple} was made`;
  if (!/base binary|denort|Invalid object/.test(reason)) return `${failed}: ${reason}`;
  return `${failed}, for want of Deno's base binary: ${reason}. Set DENORT_BIN to a denort of Deno ` +
    `${Deno.version.deno} for ${triple}, or compile where Deno can fetch it`;
}

/** A base binary of another Deno, or something else altogether, is found out here. */
async function expectVersion(executable: string): Promise<void> {
  const { stdout, stderr } = await new Deno.Command(executable, { args: ["--version"] }).output();
  const [found, expected] = [new TextDecoder().decode(stdout).trim(), `denotrack ${project.version}`];
  if (found === expected) return;
  const said = (found || new TextDecoder().decode(stderr).trim() || "nothing").split("\n")[0];
  throw new CompileError(
    `no executable for ${THIS_MACHINE.triple} was made: asked for its version, it said ${
      JSON.stringify(said)
    } instead of ` +
      `${JSON.stringify(expected)}; is DENORT_BIN a denort of Deno ${Deno.version.deno}?`,
  );
}
