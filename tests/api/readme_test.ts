// The lines of the README's section on the API are run as they stand there.

import assert from "node:assert/strict";
import { withNeeds } from "../support/skip.ts";
import { API_KEY, withTracker } from "../support/running_tracker.ts";

const README = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
const SECTION = README.slice(README.indexOf("\n## API\n"));
const BLOCK = /```sh\n([^`]*)```/.exec(SECTION)?.[1] ?? "";
const LINES = Array.from(
  SECTION.slice(0, SECTION.indexOf("\n## ", 1)).matchAll(/^\|.*\| `(.*curl .*)` \|$/gm),
  ([, line]) => line.replaceAll("\\|", "|"),
);

const database = (path: string) =>
  `persistence = true\ndb_driver = "SQLite3"\ndb_path = "sqlite://${path}"\n`;

Deno.test(
  withNeeds({ programs: ["sh", "curl"] }, "the README's curl lines work, one after the other", async () => {
    assert.ok(LINES.length > 25 && BLOCK.includes("TRACKER="), `${LINES.length} lines`);
    const directory = await Deno.makeTempDir({ prefix: "denotrack-readme-" });
    const options = {
      settings: database(`${directory}/data.db`),
      udp: ["127.0.0.1:0"],
      api: ["127.0.0.1:0"],
    };
    await withTracker(options, async ({ listening }) => {
      const origin = `http://127.0.0.1:${listening.api[0].port}`;
      const setUp = BLOCK.replace("http://127.0.0.1:8080", origin).replace("YOUR_API_KEY", API_KEY);
      for (const line of LINES) await runLine(`${setUp}\n${line}`, line);
    });
    await Deno.remove(directory, { recursive: true });
  }),
);

async function runLine(script: string, line: string): Promise<void> {
  // A stream has no end of its own; a failure of HTTP is to be one of curl's.
  const limit = line.includes("/stream") ? "--max-time 2" : "";
  const command = script.replace(/curl /, `curl --silent --show-error --fail-with-body ${limit} `);
  const { code, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  const [output, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (limit !== "") return assert.match(output, /^event: stats\ndata: \{/);
  assert.equal(code, 0, `${line}: ${error}${output}`);
  assert.match(output, line.includes("/metrics") ? /^# HELP denotrack_/ : /^[{[]/, line);
}
