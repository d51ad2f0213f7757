/**
 * A private and curated tracker with real clients: who has a key, and a torrent that is on the whitelist, gets the file,
 * over HTTP and over UDP, where the key travels in BEP 41 options. Keys and whitelist come from the database.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { startAria2 } from "../support/aria2.ts";
import { startLibtorrent } from "../support/libtorrent.ts";
import { freePort } from "../support/program.ts";
import { withNeeds } from "../support/skip.ts";
import type { StartClient } from "../support/torrent_client.ts";
import { startTrackerProcess } from "../support/tracker_process.ts";
import { createPayload, NotArrivedError, type Payload, transfer } from "../support/transfer.ts";

const ADDRESS = "127.0.0.1";
const PAYLOAD_BYTES = 1024 * 1024 + 77;
const LIMIT_MS = 60_000;
/** Longer than a transfer takes, so that "nothing arrived" means something. */
const REFUSED_LIMIT_MS = 12_000;

const KEY = "0123456789abcdef0123456789abcdef01234567";
const ENDED_KEY = "fedcba9876543210fedcba9876543210fedcba98";

interface Case {
  name: string;
  client: StartClient;
  protocol: "http" | "udp";
  path: string;
  isWhitelisted: boolean;
  arrives: boolean;
}

const CASES: Case[] = (["http", "udp"] as const).flatMap((protocol) => {
  // aria2 sends no BEP 41 options, so over UDP it can have no key.
  const client = protocol === "http" ? startAria2 : startLibtorrent;
  const of = (name: string, path: string, isWhitelisted: boolean, arrives: boolean) => {
    return { name: `${protocol}: ${name}`, client, protocol, path, isWhitelisted, arrives };
  };
  return [
    of("with a key", `/announce/${KEY}`, true, true),
    of("with a key in front", `/${KEY}/announce`, true, true),
    of("nothing arrives without a key", "/announce", true, false),
    of("nothing arrives with a key whose time is over", `/announce/${ENDED_KEY}`, true, false),
    of("nothing arrives for a torrent that is not whitelisted", `/announce/${KEY}`, false, false),
  ];
});

const needs = { programs: ["aria2c"], pythonModules: ["libtorrent"], systems: ["linux"] };

Deno.test(withNeeds(needs, "e2e: a private tracker", async (context) => {
  const directory = Deno.makeTempDirSync({ prefix: "denotrack-e2e-" });
  const payloads = CASES.map(() => createPayload(PAYLOAD_BYTES));
  try {
    const database = `${directory}/tracker.db`;
    fillDatabase(database, payloads.filter((_, i) => CASES[i].isWhitelisted));
    const tracker = await startTrackerProcess({
      directory,
      udp: [`${ADDRESS}:0`],
      http: [`${ADDRESS}:0`],
      keys: {
        keys: "true",
        whitelist: "true",
        persistence: "true",
        db_path: JSON.stringify(`sqlite://${database}`),
      },
    });
    try {
      const outcomes = await Promise.all(CASES.map((each, i) => {
        const root = tracker.announceUrl(`${each.protocol}://`).replace("/announce", "");
        return runCase(each, payloads[i], `${directory}/${i}`, root).then(
          () => undefined,
          (error: Error) => error,
        );
      }));
      for (const [i, { name }] of CASES.entries()) {
        await context.step(name, () => {
          if (outcomes[i] !== undefined) throw outcomes[i];
        });
      }
    } finally {
      await tracker.stop();
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}));

async function runCase(each: Case, payload: Payload, directory: string, root: string): Promise<void> {
  Deno.mkdirSync(directory);
  const end = () => {
    return {
      start: each.client,
      address: ADDRESS,
      port: freePort(ADDRESS),
      announceUrl: `${root}${each.path}`,
    };
  };
  const timeLimitMs = each.arrives ? LIMIT_MS : REFUSED_LIMIT_MS;
  const running = transfer({ payload, seeder: end(), leecher: end(), directory, timeLimitMs });
  if (each.arrives) await running;
  else await assert.rejects(running, NotArrivedError, "who should have been refused was not");
}

/** The tables as an operator of the program that came before has them. */
function fillDatabase(path: string, whitelisted: readonly Payload[]): void {
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE whitelist (info_hash VARCHAR(40) NOT NULL UNIQUE)");
  database.exec('CREATE TABLE "keys" (hash VARCHAR(40) NOT NULL UNIQUE, timeout INTEGER DEFAULT 0 NOT NULL)');
  const addHash = database.prepare("INSERT INTO whitelist VALUES (?)");
  for (const { info } of whitelisted) addHash.run(info.infoHashHex);
  const addKey = database.prepare('INSERT INTO "keys" VALUES (?, ?)');
  addKey.run(KEY, 0);
  addKey.run(ENDED_KEY, Math.trunc(Date.now() / 1000) - 1);
  database.close();
}
