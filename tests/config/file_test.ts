import assert from "node:assert/strict";
import { join } from "node:path";
import { exampleConfig } from "../../src/config/config.ts";
import {
  ConfigFileError,
  randomApiKey,
  readConfigFile,
  readOrCreateConfigFile,
} from "../../src/config/file.ts";

const IS_WINDOWS = Deno.build.os === "windows";

async function inNewFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the first start writes the example with a random key, for its owner only", () =>
  inNewFolder(async (folder) => {
    const file = join(folder, "config.toml");
    assert.equal(await readConfigFile(file), undefined);
    const { text, notice } = await readOrCreateConfigFile(file);
    assert.equal(await Deno.readTextFile(file), text);
    const key = /^api_key = "([0-9a-f]{40})"$/m.exec(text)?.[1];
    assert.equal(text, exampleConfig(key ?? "no key in the file"));
    assert.equal(notice, `${file}: written, with the defaults and a random api_key`);
    if (!IS_WINDOWS) assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  }));

Deno.test("a file that is there stays as it is, whatever it holds", () =>
  inNewFolder(async (folder) => {
    const file = join(folder, "config.toml");
    for (const text of ["", "not [ TOML", "keys = true\r\n"]) {
      await Deno.writeTextFile(file, text);
      assert.deepEqual(await readOrCreateConfigFile(file), { text });
      assert.equal(await Deno.readTextFile(file), text);
    }
  }));

Deno.test("two first starts at once agree on one file", () =>
  inNewFolder(async (folder) => {
    const file = join(folder, "config.toml");
    const results = await Promise.all([readOrCreateConfigFile(file), readOrCreateConfigFile(file)]);
    const written = results.filter((result) => result.notice !== undefined);
    assert.equal(written.length, 1);
    assert.equal(await Deno.readTextFile(file), written[0].text);
  }));

Deno.test("where no file can be written, the defaults apply with a warning", () =>
  inNewFolder(async (folder) => {
    const file = join(folder, "missing", "config.toml");
    const { text, notice } = await readOrCreateConfigFile(file);
    assert.equal(text, "");
    assert.match(notice ?? "", /^warning: .*config\.toml: cannot be written: .+; the defaults apply$/);
  }));

Deno.test("a file that cannot be read is refused in one line", () =>
  inNewFolder(async (folder) => {
    const isClear = (file: string) => (error: unknown) =>
      error instanceof ConfigFileError && error.message.startsWith(`${file}: cannot be read: `) &&
      !error.message.includes("\n");
    await assert.rejects(readOrCreateConfigFile(folder), isClear(folder));
    const binary = join(folder, "binary.toml");
    await Deno.writeFile(binary, new Uint8Array([0xff, 0xfe]));
    await assert.rejects(readOrCreateConfigFile(binary), isClear(binary));
    if (IS_WINDOWS) return;
    const link = join(folder, "link.toml");
    await Deno.symlink(join(folder, "nothing"), link);
    await assert.rejects(readOrCreateConfigFile(link), isClear(link));
  }));

Deno.test("random keys are 40 hexadecimal digits and differ", () => {
  assert.match(randomApiKey(), /^[0-9a-f]{40}$/);
  assert.notEqual(randomApiKey(), randomApiKey());
});
