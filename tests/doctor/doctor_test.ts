// `denotrack doctor` as it is started, with the permissions of the program.

import assert from "node:assert/strict";
import { permissions } from "../../.ci/compile.ts";
import { linesOf, ok, warning } from "../../src/doctor/finding.ts";
import { EXECUTABLE } from "../support/denotrack.ts";
import { freePort, repositoryRoot } from "../support/program.ts";

/** From the source, it has no more permissions than the executable has. */
function doctorCommand(): string[] {
  if (EXECUTABLE !== undefined) return [EXECUTABLE, "doctor"];
  const flags = ["--quiet", "--no-check", "--no-prompt", ...permissions()];
  return [Deno.execPath(), "run", ...flags, `${repositoryRoot}/main.ts`, "doctor"];
}

async function inNewFolder(use: (run: Run, folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "denotrack-" });
  const run: Run = async (env = {}) => {
    const [program, ...args] = doctorCommand();
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      cwd: folder,
      env: { NO_COLOR: "1", ...env },
    }).output();
    return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
  };
  try {
    await use(run, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

type Run = (env?: Record<string, string>) => Promise<{ code: number; out: string; error: string }>;

Deno.test("a finding is one line, and what to do are lines below it", () => {
  assert.deepEqual(linesOf(ok("clock", "right")), ["ok       clock: right"]);
  assert.deepEqual(linesOf(warning("clock", "wrong", "set it")), [
    "warning  clock: wrong",
    "           set it",
  ]);
});

Deno.test("it tells of each subject, counts, and writes nothing", () =>
  inNewFolder(async (run, folder) => {
    const port = freePort("127.0.0.1");
    const env = {
      DENOTRACK_UDP_SERVER__0__BIND_ADDRESS: `127.0.0.1:${port}`,
      DENOTRACK_HTTP_SERVER__0__BIND_ADDRESS: `127.0.0.1:${port}`,
      DENOTRACK_API_SERVER__0__BIND_ADDRESS: `127.0.0.1:${freePort("127.0.0.1")}`,
      DENOTRACK_MAX_TORRENTS: "10000",
      DENOTRACK_MAX_PEERS: "10000",
      DENOTRACK_MAX_LIST_ENTRIES: "10000",
    };
    const keyless = await run(env);
    assert.equal(keyless.error, "");
    assert.equal(keyless.code, 1);
    assert.match(keyless.out, /^warning {2}api_key: not set.*\n {11}in the configuration: api_key = /m);
    const keyed = await run({ ...env, DENOTRACK_API_KEY: "0123456789abcdef0123456789abcdef" });
    assert.match(keyed.out, /^ok {7}api_key: /m);
    for (const subject of [`udp_server\\[0\\] at 127\\.0\\.0\\.1:${port}`, "database", "memory", "clock"]) {
      assert.match(keyed.out, new RegExp(`^(ok|warning|unknown) +${subject}: `, "m"));
    }
    const [, toChange] = /\n\d+ ok, (\d+) to change, \d+ unknown\n$/.exec(keyed.out)!;
    assert.equal(keyed.out.match(/^warning/gm)?.length ?? 0, Number(toChange));
    assert.equal(keyed.code, toChange === "0" ? 0 : 1);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("a configuration with problems is all there is to say", () =>
  inNewFolder(async (run) => {
    const { code, out } = await run({ DENOTRACK_INTERVAL: "soon", DENOTRACK_KEYS: "maybe" });
    assert.equal(code, 1);
    assert.match(out, /^warning {2}configuration: DENOTRACK_INTERVAL: .*found "soon"$/m);
    assert.match(out, /\n0 ok, 2 to change, 0 unknown\n$/);
  }));
