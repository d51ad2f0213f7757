/**
 * The program as people download it, wherever they start it. Without a base binary this is about the scripts that an
 * executable embeds, run by Deno; in the second run of `deno task test` it is about the executable.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BACKENDS, onBackend, type RunningBackend } from "../persistence/backends.ts";
import { createCertificate } from "../support/certificate.ts";
import { EXECUTABLE } from "../support/denotrack.ts";
import { embeddedScripts } from "../support/embedded_scripts.ts";
import { type Program, repositoryRoot, startProgram } from "../support/program.ts";
import { withNeeds } from "../support/skip.ts";
import { loggedAnnounceUrls, loggedApiUrls } from "../support/tracker_process.ts";
import { UdpClient } from "../support/udp_client.ts";

const START_MS = 30_000;
const NOBODY = "65534";
const HASH = "0123456789abcdef0123";

/** The environment of a program that is given none but this, and listens where the system lets it. */
const PORTS = {
  DENOTRACK_UDP_SERVER__0__BIND_ADDRESS: "127.0.0.1:0",
  DENOTRACK_HTTP_SERVER__0__BIND_ADDRESS: "127.0.0.1:0",
  DENOTRACK_API_SERVER__0__BIND_ADDRESS: "127.0.0.1:0",
};

interface Place {
  /** The working directory. */
  readonly directory: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Wraps the command, as for another user. */
  readonly inside?: readonly string[];
}

interface Download {
  /** A folder that everybody may write to, as a home for what a place is made of. */
  readonly folder: string;
  start(place: Place): Promise<Program>;
  /** Runs it to its end. */
  run(place: Place): Promise<{ code: number; output: string }>;
}

/** Gives the program in a folder of its own, readable by everybody. */
async function withDownload(use: (download: Download) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "denotrack-executable-" });
  Deno.chmodSync(folder, 0o755);
  const cache = `${folder}/cache`;
  Deno.mkdirSync(cache);
  Deno.chmodSync(cache, 0o777);
  // Deno, unlike an executable, wants a place for its cache, and reads none of what the tests have cached.
  const own = EXECUTABLE === undefined ? { DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1" } : {};
  try {
    const program = EXECUTABLE === undefined ? await embeddedScripts(folder) : [EXECUTABLE];
    const launch = ({ directory, args = [], env = {}, inside = [] }: Place) => {
      const variables = Object.entries({ ...own, ...PORTS, ...env }).map(([name, value]) =>
        `${name}=${value}`
      );
      return startProgram({
        command: [...inside, "env", "-i", ...variables, ...program, ...args],
        directory,
      });
    };
    const started: Program[] = [];
    try {
      await use({
        folder,
        async start(place) {
          const tracker = launch(place);
          started.push(tracker);
          await tracker.waitForOutput((text) => /the API is at/.test(text), START_MS);
          return tracker;
        },
        async run(place) {
          const child = launch(place);
          started.push(child);
          const { code } = await child.waitForExit(START_MS);
          return { code, output: child.output() };
        },
      });
    } finally {
      for (const child of started) await child.stop();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function newFolder(parent: string, mode = 0o755): string {
  const folder = Deno.makeTempDirSync({ dir: parent });
  Deno.chmodSync(folder, mode);
  return folder;
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Ends it by SIGTERM, as a service manager does. */
async function stop(tracker: Program): Promise<void> {
  const { code } = await tracker.stop();
  assert.equal(code, 0, tracker.output());
}

function urlOf(tracker: Program, start: string): string {
  const url = loggedAnnounceUrls(tracker.output()).find((candidate) => candidate.startsWith(start));
  assert.ok(url !== undefined, tracker.output());
  return url;
}

async function announceOverHttp(url: string, options: RequestInit & { client?: Deno.HttpClient } = {}) {
  const query = `info_hash=${HASH}&peer_id=${HASH}&port=6881&left=0&event=completed`;
  const response = await fetch(`${url}?${query}`, options);
  assert.match(await response.text(), /^d8:completei1e/);
}

/** On Linux the datagrams are read by Workers, through system calls. */
async function announceOverUdp(tracker: Program): Promise<void> {
  assert.doesNotMatch(tracker.output(), /portable backend/);
  const { hostname, port } = new URL(urlOf(tracker, "udp://"));
  const client = new UdpClient({ hostname, port: Number(port) });
  try {
    await client.connect();
    const reply = await client.announce({ infoHash: new TextEncoder().encode(HASH), port: 6882 });
    assert.equal(reply.seeders + reply.leechers, 2);
  } finally {
    await client.close();
  }
}

const needs = { programs: ["mkfifo", "env"], systems: ["linux"] };

Deno.test(
  withNeeds(
    needs,
    "executable: in an empty folder, with nothing in the environment",
    () =>
      withDownload(async ({ folder, start }) => {
        const directory = newFolder(folder);
        const tracker = await start({ directory });
        const [api] = loggedApiUrls(tracker.output());
        await announceOverHttp(urlOf(tracker, "http://"));
        await announceOverUdp(tracker);
        for (const [path, part] of [["/webgui/", "app.js"], ["/api/docs", "denotrack"], ["/health", "ok"]]) {
          const response = await fetch(`${api}${path}`);
          assert.equal(response.status, 200, path);
          assert.ok((await response.text()).includes(part), path);
        }
        const script = await (await fetch(`${api}/webgui/app.js`)).text();
        assert.ok(script === Deno.readTextFileSync(`${repositoryRoot}/webgui/dist/app.js`));
        await stop(tracker);
        assert.deepEqual(namesIn(directory), ["config.toml"]);
      }),
  ),
);

Deno.test(
  withNeeds(
    needs,
    "executable: from another folder, with relative paths",
    () =>
      withDownload(async ({ folder, start }) => {
        const [home, directory] = [newFolder(folder), newFolder(folder)];
        Deno.writeTextFileSync(`${home}/my.toml`, 'persistence = true\ndb_path = "sqlite://here.db"\n');
        const tracker = await start({ directory, args: ["--config", `${home}/my.toml`] });
        await stop(tracker);
        assert.deepEqual([namesIn(home), namesIn(directory)], [["my.toml"], ["here.db"]]);
      }),
  ),
);

const userNeeds = { programs: [...needs.programs, "setpriv"], systems: needs.systems, root: true };
const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];

Deno.test(
  withNeeds(
    userNeeds,
    "executable: for an ordinary user, in a folder that is not to be written",
    () =>
      withDownload(async ({ folder, start }) => {
        const directory = newFolder(folder);
        const tracker = await start({ directory, inside: asNobody });
        assert.match(tracker.output(), /config\.toml: cannot be written: .*; the defaults apply/);
        await announceOverHttp(urlOf(tracker, "http://"));
        await announceOverUdp(tracker);
        await stop(tracker);
        assert.deepEqual(namesIn(directory), []);
      }),
  ),
);

const networkNeeds = {
  programs: [...needs.programs, "unshare", "ip"],
  systems: needs.systems,
  namespaces: true,
};

Deno.test(
  withNeeds(networkNeeds, "executable: without a network", () =>
    withDownload(async ({ folder, start }) => {
      const tracker = await start({ directory: newFolder(folder), inside: ["unshare", "--net"] });
      await stop(tracker);
    })),
);

Deno.test(
  withNeeds(
    { ...needs, programs: [...needs.programs, "openssl"] },
    "executable: HTTPS",
    () =>
      withDownload(async ({ folder, start }) => {
        const { certPath, keyPath } = createCertificate(folder, ["127.0.0.1"]);
        const tracker = await start({
          directory: newFolder(folder),
          env: {
            DENOTRACK_HTTP_SERVER__0__SSL: "true",
            DENOTRACK_HTTP_SERVER__0__SSL_CERT: certPath,
            DENOTRACK_HTTP_SERVER__0__SSL_KEY: keyPath,
          },
        });
        const client = Deno.createHttpClient({ caCerts: [Deno.readTextFileSync(certPath)] });
        await announceOverHttp(urlOf(tracker, "https://"), { client });
        client.close();
        await stop(tracker);
      }),
  ),
);

for (const backend of BACKENDS) {
  Deno.test(onBackend(backend, "executable: saves, loads, exports, imports", (_, running) => {
    return withDownload((download) => saveAndLoad(download, running));
  }));
}

async function saveAndLoad({ folder, start, run }: Download, running: RunningBackend): Promise<void> {
  const directory = newFolder(folder);
  const { driver, path } = await running.empty();
  const env = { DENOTRACK_DB_DRIVER: driver, DENOTRACK_DB_PATH: path, DENOTRACK_PERSISTENCE: "true" };
  const first = await start({ directory, env });
  await announceOverHttp(urlOf(first, "http://"));
  await stop(first);
  const second = await start({ directory, env });
  assert.match(second.output(), /loaded 1 torrents, /);
  await stop(second);

  const exported = await run({ directory, env, args: ["export", "dump.jsonl.gz"] });
  assert.equal(exported.code, 0, exported.output);
  const copy = { DENOTRACK_DB_DRIVER: "SQLite3", DENOTRACK_DB_PATH: "sqlite://copy.db" };
  const imported = await run({ directory, env: copy, args: ["import", "dump.jsonl.gz"] });
  assert.equal(imported.code, 0, imported.output);
  const database = new DatabaseSync(`${directory}/copy.db`);
  const rows = database.prepare("SELECT info_hash, completed FROM torrents").all().map((row) => ({ ...row }));
  database.close();
  assert.deepEqual(rows, [{ info_hash: new TextEncoder().encode(HASH).toHex(), completed: 1 }]);
}
