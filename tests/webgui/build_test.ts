import assert from "node:assert/strict";
import { dirname } from "node:path";
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
    copyOver(["webgui/source", "webgui/build.ts", "deno.json", "deno.lock"], folder);
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

/** Copies files and folders of the repository. */
function copyOver(paths: readonly string[], folder: string): void {
  for (const path of paths) {
    const [from, to] = [`${repositoryRoot}/${path}`, `${folder}/${path}`];
    if (Deno.statSync(from).isDirectory) {
      copyOver([...Deno.readDirSync(from)].map(({ name }) => `${path}/${name}`), folder);
    } else {
      Deno.mkdirSync(dirname(to), { recursive: true });
      Deno.copyFileSync(from, to);
    }
  }
}

Deno.test("the web interface is built once, and again when a source has changed", () =>
  inCopy(async (build, folder) => {
    const bundle = `${folder}/webgui/dist/app.js`;
    assert.deepEqual(await build(), { code: 0, error: "" });
    assert.deepEqual(
      [...Deno.readDirSync(`${folder}/webgui/dist`)].map(({ name }) => name).sort(),
      ["app.js", "sources.sha256"],
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

Deno.test("where nothing is built, types can be checked and a tracker serves a page that says so", async () => {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-build-" });
  try {
    copyOver(["src", "main.ts", "webgui/source", "webgui/static", "deno.json", "deno.lock"], folder);
    Deno.writeTextFileSync(
      `${folder}/ask.ts`,
      `import { OpenAPIHono } from "@hono/zod-openapi";
       import type { Env } from "./src/api/setup.ts";
       import { addWebgui } from "./src/api/webgui.ts";
       const api = new OpenAPIHono<Env>();
       addWebgui(api);
       console.log(await (await api.request("/webgui/")).text());`,
    );
    const run = (...args: string[]) =>
      new Deno.Command(Deno.execPath(), { args, cwd: folder, env: { NO_COLOR: "1" } }).output();
    const checked = await run("check", "--quiet", "main.ts", "ask.ts");
    assert.equal(new TextDecoder().decode(checked.stderr), "");
    const asked = await run("run", "--quiet", "ask.ts");
    assert.match(new TextDecoder().decode(asked.stdout), /has not been built/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
