import assert from "node:assert/strict";
import { withConfigTable } from "./support/write_docs.ts";

const ROOT = new URL("../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", ROOT));

Deno.test("the README's configuration table is the schema's: deno task docs writes it", () => {
  assert.equal(readme, withConfigTable(readme));
});

Deno.test("every file and folder that the README names is there", () => {
  const named = readme.matchAll(
    /`((?:src|tests|bench|webgui|\.ci\/packaging)\/[\w/.]+|config\.toml\.example|\.ci\/run)`/g,
  );
  const paths = [...new Set([...named].map(([, path]) => path))];
  assert.ok(paths.length > 10, `only ${paths.length} paths found`);
  const missing = paths.filter((path) => !exists(new URL(path, ROOT)));
  assert.deepEqual(missing, []);
});

Deno.test("every task that the README names is in deno.json", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const named = [...readme.matchAll(/deno (?:@[\d.]+ )?task (\w+)/g)].map(([, task]) => task);
  assert.ok(named.length > 0);
  assert.deepEqual(named.filter((task) => !(task in tasks)), []);
});

function exists(path: URL): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
