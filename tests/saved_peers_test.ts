import assert from "node:assert/strict";
import { type RunningTracker, startTracker, withTracker } from "./support/running_tracker.ts";
import { withTimeLimit } from "./support/program.ts";

const STOP_MILLISECONDS = 10_000;

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function start(stateFile: string): Promise<RunningTracker> {
  return await startTracker({
    settings: `state_file = ${JSON.stringify(stateFile)}`,
    http: ["127.0.0.1:0", "[::1]:0"],
  });
}

async function stop(app: RunningTracker): Promise<void> {
  assert.ok(await withTimeLimit(app.stop().then(() => true), STOP_MILLISECONDS));
}

async function announce(app: RunningTracker, server: number, port: number): Promise<void> {
  const { hostname, port: serverPort } = app.listening.http[server];
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const hash = "h".repeat(20);
  const response = await fetch(
    `http://${host}:${serverPort}/announce?info_hash=${hash}&peer_id=${hash}&port=${port}&left=${port % 2}`,
  );
  await response.arrayBuffer();
}

Deno.test("peers outlive a restart in the state file", () =>
  inFolder(async (folder) => {
    const file = `${folder}/peers.state`;
    const first = await start(file);
    for (let port = 1; port <= 20; port++) await announce(first, port % 2, port);
    const before = first.tracker.store.totals();
    await stop(first);
    const second = await start(file);
    assert.deepEqual(second.tracker.store.totals(), before);
    assert.equal(before.seeders + before.leechers, 20);
    await stop(second);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["peers.state"]);
  }));

Deno.test("a damaged state file is put aside, and the next stop writes a new one", () =>
  inFolder(async (folder) => {
    const file = `${folder}/peers.state`;
    const first = await start(file);
    await announce(first, 0, 1);
    await stop(first);
    const bytes = Deno.readFileSync(file);
    bytes[bytes.length - 20] ^= 1;
    Deno.writeFileSync(file, bytes);
    const second = await start(file);
    assert.equal(second.tracker.store.totals().torrents, 0);
    assert.deepEqual(Deno.readFileSync(`${file}.damaged`), bytes);
    await stop(second);
    await stop(await start(file));
  }));

Deno.test("a file that is none of ours is never written to", () =>
  inFolder(async (folder) => {
    const file = `${folder}/letter.txt`;
    Deno.writeTextFileSync(file, "Dear operator, please keep me.");
    const app = await start(file);
    await announce(app, 0, 1);
    await stop(app);
    assert.equal(Deno.readTextFileSync(file), "Dear operator, please keep me.");
    assert.equal([...Deno.readDirSync(folder)].length, 1);
  }));

Deno.test("without a state file nothing is written", () =>
  inFolder(async (folder) => {
    const before = Deno.cwd();
    Deno.chdir(folder);
    try {
      await withTracker({ http: ["127.0.0.1:0"] }, async () => {});
    } finally {
      Deno.chdir(before);
    }
    assert.equal([...Deno.readDirSync(folder)].length, 0);
  }));
