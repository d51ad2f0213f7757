// Real BitTorrent clients meet through the real tracker. Peer exchange, DHT and local discovery are off and the torrents
// are private, so the tracker alone can introduce them; a pair whose tracker is dead shows that this is so.
//
// What each client can do was found out by trying; see the comments in tests/support/aria2.ts and transmission.ts. In
// short, and here on purpose rather than forgotten:
// - aria2 1.36 has no UDP trackers over IPv6, so a transfer over udp6 needs another client at both ends;
// - Transmission 3.00 announces over udp6 but misreads the peers in the answer, so it can only be found that way: the
//   udp6 transfers have Transmission as the seeder, announcing over udp6, and a leecher that asks over HTTP.
//
// `E2E_TRACKER=opentracker` puts Debian's opentracker in the place of the program (IPv4, without HTTPS).

import assert from "node:assert/strict";
import process from "node:process";
import {
  leecherIPv4,
  leecherIPv6,
  type NetworkNamespace,
  seederIPv4,
  seederIPv6,
  startNamespace,
  trackerIPv4,
  trackerIPv6,
  trackerIPv6Name,
} from "../support/network_namespace.ts";
import { startAria2 } from "../support/aria2.ts";
import { startOpentracker } from "../support/opentracker.ts";
import { freePort } from "../support/program.ts";
import { withNeeds } from "../support/skip.ts";
import type { StartClient } from "../support/torrent_client.ts";
import { startTrackerProcess } from "../support/tracker_process.ts";
import { createPayload, type End, NotArrivedError, type Payload, transfer } from "../support/transfer.ts";
import { startTransmission } from "../support/transmission.ts";
import { createCertificate } from "../support/certificate.ts";

type Link = "udp4" | "udp6" | "http4" | "http6" | "https4" | "https6" | "nowhere4" | "nowhere6";

/** Over what the seeder and the leecher announce. */
interface Case {
  seeder: Link;
  leecher: Link;
}

interface Network {
  namespace: NetworkNamespace | undefined;
  tracker: { 4: string; 6: string };
  seeder: { 4: string; 6: string };
  leecher: { 4: string; 6: string };
}

const standInTracker = process.env.E2E_TRACKER === "opentracker";
const payloadBytes = 3 * 1024 * 1024 + 12_345;
const transferLimitMs = 60_000;
/** Longer than a transfer of the same pair takes, so that "nothing arrived" means something. */
const controlLimitMs = 20_000;

const http: Case[] = (["http4", "http6", "https4", "https6"] as const).map(both);
const udp4 = both("udp4");
const throughUdp6: Case = { seeder: "udp6", leecher: "http6" };
const controls: Case[] = [both("nowhere4"), both("nowhere6")];

const aria2Needs = { programs: ["aria2c", "openssl"], systems: ["linux"] };
const allNeeds = {
  programs: ["aria2c", "transmission-daemon", "openssl", "ip", "unshare", "nsenter"],
  systems: ["linux"],
  namespaces: true,
};

Deno.test(withNeeds(aria2Needs, "e2e: aria2 to aria2 on loopback", async (context) => {
  const network: Network = {
    namespace: undefined,
    tracker: { 4: "127.0.0.1", 6: "::1" },
    seeder: { 4: "127.0.0.1", 6: "::1" },
    leecher: { 4: "127.0.0.1", 6: "::1" },
  };
  await runCases(context, network, startAria2, startAria2, [udp4, ...http, ...controls]);
}));

Deno.test(withNeeds(allNeeds, "e2e: aria2 to aria2 on addresses of their own", async (context) => {
  await inNamespace((network) => runCases(context, network, startAria2, startAria2, [udp4, ...http]));
}));

Deno.test(withNeeds(allNeeds, "e2e: aria2 to transmission", async (context) => {
  await inNamespace((network) => runCases(context, network, startAria2, startTransmission, [udp4, ...http]));
}));

Deno.test(withNeeds(allNeeds, "e2e: transmission to aria2", async (context) => {
  const cases = [udp4, ...http, throughUdp6, both("nowhere4")];
  await inNamespace((network) => runCases(context, network, startTransmission, startAria2, cases));
}));

Deno.test(withNeeds(allNeeds, "e2e: transmission to transmission", async (context) => {
  const cases = [udp4, ...http, throughUdp6, ...controls];
  await inNamespace((network) => runCases(context, network, startTransmission, startTransmission, cases));
}));

function both(link: Link): Case {
  return { seeder: link, leecher: link };
}

/** Runs the cases side by side, since clients mostly wait, then reports each as a step. */
async function runCases(
  context: Deno.TestContext,
  network: Network,
  seeder: StartClient,
  leecher: StartClient,
  cases: readonly Case[],
): Promise<void> {
  const wanted = cases.filter((each) => !standInTracker || isForOpentracker(each));
  const payloads = wanted.map(() => createPayload(payloadBytes));
  const directory = await Deno.makeTempDir({ prefix: "denotrack-e2e-" });
  try {
    const tracker = await startTracker(directory, network, payloads);
    try {
      const outcomes = await Promise.all(wanted.map((each, i) => {
        const clients = { seeder, leecher, payload: payloads[i]!, directory: `${directory}/${i}` };
        return runCase(each, network, tracker, clients).then(() => undefined, (error: Error) => error);
      }));
      for (const [i, each] of wanted.entries()) {
        await context.step(nameOf(each), () => {
          if (outcomes[i] !== undefined) throw outcomes[i];
        });
      }
    } finally {
      await tracker.stop();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function runCase(
  each: Case,
  network: Network,
  tracker: RunningTracker,
  clients: { seeder: StartClient; leecher: StartClient; payload: Payload; directory: string },
): Promise<void> {
  Deno.mkdirSync(clients.directory);
  const isControl = each.seeder.startsWith("nowhere");
  const end = (role: "seeder" | "leecher"): End => {
    const address = network[role][familyOf(each[role])];
    const announceUrl = urlFor(each[role], network, tracker.urls);
    return { start: clients[role], address, port: nextPort(network, address), announceUrl };
  };
  const running = transfer({
    payload: clients.payload,
    seeder: end("seeder"),
    leecher: end("leecher"),
    directory: clients.directory,
    namespace: network.namespace,
    certificatePath: tracker.certificatePath,
    timeLimitMs: isControl ? controlLimitMs : transferLimitMs,
  });
  if (!isControl) return await running;
  await assert.rejects(running, NotArrivedError, "something other than the tracker introduces the clients");
}

function urlFor(link: Link, network: Network, announceUrls: readonly string[]): string {
  const family = familyOf(link);
  const host = family === 4 ? network.tracker[4] : `[${network.tracker[6]}]`;
  // Port 9 (discard) has no listener here.
  if (link.startsWith("nowhere")) return `http://${host}:9/announce`;
  const start = `${link.slice(0, -1)}://${host}:`;
  const url = announceUrls.find((candidate) => candidate.startsWith(start));
  if (url === undefined) throw new Error(`the tracker has no URL ${start}… among ${announceUrls.join(" ")}`);
  return link === "udp6" && network.namespace !== undefined ? url.replace(host, trackerIPv6Name) : url;
}

function familyOf(link: Link): 4 | 6 {
  return link.endsWith("6") ? 6 : 4;
}

function nameOf(each: Case): string {
  if (each.seeder.startsWith("nowhere")) {
    return `nothing arrives without a tracker (IPv${familyOf(each.seeder)})`;
  }
  return each.seeder === each.leecher ? each.seeder : `${each.seeder} to ${each.leecher}`;
}

function isForOpentracker(each: Case): boolean {
  return familyOf(each.seeder) === 4 && !each.seeder.startsWith("https");
}

let lastNamespacePort = 20_000;

/** In a namespace every port is free. */
function nextPort(network: Network, address: string): number {
  return network.namespace === undefined ? freePort(address) : ++lastNamespacePort;
}

async function inNamespace(body: (network: Network) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denotrack-e2e-" });
  const namespace = await startNamespace(directory);
  try {
    await body({
      namespace,
      tracker: { 4: trackerIPv4, 6: trackerIPv6 },
      seeder: { 4: seederIPv4, 6: seederIPv6 },
      leecher: { 4: leecherIPv4, 6: leecherIPv6 },
    });
  } finally {
    await namespace.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

interface RunningTracker {
  urls: readonly string[];
  certificatePath?: string;
  stop(): Promise<void>;
}

async function startTracker(
  directory: string,
  { namespace, tracker }: Network,
  payloads: readonly Payload[],
): Promise<RunningTracker> {
  if (standInTracker) {
    const hashes = payloads.map((payload) => payload.info.infoHashHex);
    return await startOpentracker(directory, tracker[4], hashes, namespace);
  }
  const binds = [`${tracker[4]}:0`, `[${tracker[6]}]:0`];
  const certificate = createCertificate(directory, [tracker[4], tracker[6]]);
  const process = await startTrackerProcess({
    directory,
    udp: binds,
    http: binds,
    https: binds,
    certificate,
    ...(namespace === undefined ? {} : { inside: namespace.inside }),
  });
  return { urls: process.announceUrls, certificatePath: certificate.certPath, stop: process.stop };
}
