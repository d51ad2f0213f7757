// The scripts that an executable holds, to be run by Deno itself: what is bundled can be tested without a base binary.

import { spawnSync } from "node:child_process";
import { compileArgs, permissions } from "../../.ci/compile.ts";
import project from "../../deno.json" with { type: "json" };
import { repositoryRoot } from "./program.ts";

/**
 * Writes them into `folder`; gives the command that runs them with the rights of the executable, without packages,
 * configuration or remote modules.
 *
 * `deno compile` puts them beside main.ts, reads its base binary, and removes them. A pipe in that place holds it there.
 */
export async function embeddedScripts(folder: string): Promise<string[]> {
  const pipe = `${folder}/base_binary`;
  if (spawnSync("mkfifo", [pipe]).status !== 0) throw new Error(`no pipe could be made at ${pipe}`);
  const compiler = new Deno.Command(Deno.execPath(), {
    args: [...compileArgs(), "--output", `${folder}/executable`, "main.ts"],
    cwd: repositoryRoot,
    env: { DENORT_BIN: pipe, NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const ended = Promise.all([compiler.status, new Response(compiler.stderr).text()]);
  const opening = Deno.open(pipe, { write: true });
  const isReading = await Promise.race([opening.then(() => true), ended.then(() => false)]);
  // Nobody will read: the opening is let go by a reader of our own.
  const own = isReading ? undefined : await Deno.open(pipe, { read: true });
  try {
    if (!isReading) throw new Error(`deno compile gave up:\n${(await ended)[1]}`);
    return runCommand(copyScripts(folder));
  } finally {
    (await opening).close();
    own?.close();
    await ended;
  }
}

/** The path of the copy of the main one. */
function copyScripts(folder: string): string {
  const scripts = [...Deno.readDirSync(repositoryRoot)].map(({ name }) => name)
    .filter((name) => name.startsWith(".deno_compile_"));
  for (const name of scripts) Deno.copyFileSync(`${repositoryRoot}/${name}`, `${folder}/${name}`);
  const age = (name: string) => Deno.statSync(`${repositoryRoot}/${name}`).mtime!.getTime();
  const mains = scripts.filter((name) => name.startsWith(".deno_compile_bundle_")).sort((a, b) =>
    age(b) - age(a)
  );
  if (mains.length === 0) throw new Error("deno compile has bundled nothing");
  return `${folder}/${mains[0]}`;
}

function runCommand(main: string): string[] {
  const unstable = project.unstable.map((feature) => `--unstable-${feature}`);
  return [
    ...[
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-npm",
      "--no-remote",
      "--no-prompt",
    ],
    ...[...unstable, ...permissions(), main],
  ];
}
