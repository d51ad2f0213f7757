import assert from "node:assert/strict";
import { repositoryRoot } from "../support/program.ts";

interface Outcome {
  readonly code: number;
  readonly error: string;
}

type Build = (...args: string[]) => Promise<Outcome>;

/** Runs the build in a copy of what it reads. */
async function inCopy(use: (build: Build, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-build-" });
  try {
    for (const path of ["webgui/source", "webgui/static"]) {
      Deno.mkdirSync(`${folder}/${path}`, { recursive: true });
      for (const { name } of Deno.readDirSync(`${repositoryRoot}/${path}`)) {
        Deno.copyFileSync(`${repositoryRoot}/${path}/${name}`, `${folder}/${path}/${name}`);
      }
    }
    for (const path of ["webgui/build.ts", "deno.json", "deno.lock"]) {
      Deno.copyFileSync(`${repositoryRoot}/${path}`, `${folder}/${path}`);
    }
    await use(async (...args) => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--allow-read", "--allow-write", "--allow-run", "webgui/build.ts", ...args],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      return { code, error: new TextDecoder().decode(stderr) };
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the web interface is built once, and again when a source has changed", () =>
  inCopy(async (build, folder) => {
    const bundle = `${folder}/webgui/dist/app.js`;
    assert.deepEqual(await build(), { code: 0, error: "" });
    assert.deepEqual(
      [...Deno.readDirSync(`${folder}/webgui/dist`)].map(({ name }) => name).sort(),
      ["app.js", "icon.svg", "index.html", "sources.sha256", "style.css"],
    );
    const first = Deno.readTextFileSync(bundle);
    Deno.writeTextFileSync(bundle, "kept");
    assert.equal((await build()).code, 0);
    assert.equal(Deno.readTextFileSync(bundle), "kept");

    const source = `${folder}/webgui/source/sign_in.tsx`;
    Deno.writeTextFileSync(source, Deno.readTextFileSync(source).replace("Sign in with", "Come in with"));
    assert.equal((await build()).code, 0);
    const second = Deno.readTextFileSync(bundle);
    assert.ok(!first.includes("Come in with") && second.includes("Come in with"));
  }));

Deno.test("a build that fails keeps what was built before; a start goes on with a warning", () =>
  inCopy(async (build, folder) => {
    assert.equal((await build()).code, 0);
    Deno.writeTextFileSync(`${folder}/webgui/source/app.tsx`, "this is no program");
    const failed = await build();
    assert.equal(failed.code, 1);
    assert.match(failed.error, /^the web interface was not built: /);
    const warned = await build("--if-possible");
    assert.equal(warned.code, 0);
    assert.match(warned.error, /^warning: the web interface was not built: /);
    assert.ok(Deno.statSync(`${folder}/webgui/dist/app.js`).size > 10_000);
    assert.ok([...Deno.readDirSync(`${folder}/webgui`)].every(({ name }) => !name.startsWith("dist-")));
  }));
