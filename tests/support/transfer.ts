// One file from a seeder to a leecher, both real programs, with nothing but a tracker to introduce them.

import { randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import { pollUntil } from "./program.ts";
import { describeFile, torrentFile, type TorrentInfo } from "./torrent_file.ts";
import type { NetworkNamespace } from "./network_namespace.ts";
import type { StartClient, TorrentClient } from "./torrent_client.ts";

/** A file of random bytes of its own, so that no transfer can profit from another. */
export interface Payload {
  data: Uint8Array<ArrayBuffer>;
  info: TorrentInfo;
}

/** One end of a transfer. */
export interface End {
  start: StartClient;
  announceUrl: string;
  address: string;
  port: number;
}

export interface Transfer {
  payload: Payload;
  seeder: End;
  leecher: End;
  /** Exists, is empty, belongs to this transfer. */
  directory: string;
  namespace?: NetworkNamespace | undefined;
  certificatePath?: string | undefined;
  timeLimitMs: number;
}

const payloadName = "payload.bin";

export function createPayload(bytes: number): Payload {
  const data = new Uint8Array(bytes);
  data.set(randomBytes(bytes));
  return { data, info: describeFile(payloadName, data) };
}

/** Nothing went wrong but the time: the clients ran and the file did not arrive. */
export class NotArrivedError extends Error {}

/** Throws, with the logs of both clients, when the leecher's file is not the seeder's in time. */
export async function transfer(options: Transfer): Promise<void> {
  const clients: TorrentClient[] = [];
  try {
    if (await runTransfer(options, clients)) return;
    const logs = clients.map((client) => `--- ${client.name}\n${lastLines(client.log())}`).join("\n");
    throw new NotArrivedError(`no file after ${options.timeLimitMs} ms\n${logs}`);
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
  }
}

/** Whether the file arrived in time. `clients` receives what was started, the seeder first. */
async function runTransfer(options: Transfer, clients: TorrentClient[]): Promise<boolean> {
  const { payload, directory } = options;
  const seederFile = `${directory}/seeder/${payloadName}`;
  const leecherFile = `${directory}/leecher/${payloadName}`;
  for (const end of ["seeder", "leecher"] as const) {
    Deno.mkdirSync(`${directory}/${end}`);
    Deno.mkdirSync(`${directory}/${end}-settings`);
    Deno.writeFileSync(`${directory}/${end}.torrent`, torrentFile(payload.info, options[end].announceUrl));
  }
  Deno.writeFileSync(seederFile, payload.data);

  const seeder = startEnd(options, "seeder");
  clients.push(seeder);
  // A leecher that is told of the seeder at its first announce need not wait for its second.
  await seeder.ready();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  clients.push(startEnd(options, "leecher"));
  return await pollUntil(() => isSameFile(leecherFile, payload.data), options.timeLimitMs);
}

function startEnd(options: Transfer, end: "seeder" | "leecher"): TorrentClient {
  const { start, address, port } = options[end];
  return start({
    directory: `${options.directory}/${end}`,
    settingsDirectory: `${options.directory}/${end}-settings`,
    torrentPath: `${options.directory}/${end}.torrent`,
    address,
    port,
    namespace: options.namespace,
    certificatePath: options.certificatePath,
  });
}

/** Byte for byte. */
async function isSameFile(path: string, data: Uint8Array): Promise<boolean> {
  try {
    if ((await Deno.stat(path)).size !== data.length) return false;
    const found = await Deno.readFile(path);
    return Buffer.compare(found, data) === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function lastLines(log: string): string {
  return log.split("\n").slice(-40).join("\n");
}
