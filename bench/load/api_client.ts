/** Requests to the API of the tracker under measurement. */
import { API_KEY } from "../servers/denotrack.ts";
import type { Server } from "../servers/server.ts";

/** The fields of the statistics that the benchmark looks at. */
export interface Stats {
  readonly torrents: number;
  readonly torrents_updates: number;
  readonly torrents_shadow: number;
  readonly seeds: number;
  readonly peers: number;
  readonly timestamp_run_timeout: number;
}

const POLL_MILLISECONDS = 100;

/** Gives the size of the answer, which is read to its end; throws unless it is a success. */
export async function ask(server: Server, path: string, init: RequestInit = {}): Promise<number> {
  const response = await request(server, path, init);
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  return bytes;
}

export async function stats(server: Server): Promise<Stats> {
  return await (await request(server, "/api/stats")).json();
}

/** Looks at the statistics until they are as wished; throws when time is up. */
export async function untilStats(
  server: Server,
  isWished: (stats: Stats) => boolean,
  timeLimitMs: number,
): Promise<void> {
  const end = performance.now() + timeLimitMs;
  while (!isWished(await stats(server))) {
    if (performance.now() > end) throw new Error(`${server.name}: not as wished after ${timeLimitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}

/** Saves what has changed; ends when nothing is left to be saved. */
export async function save(server: Server, timeLimitMs: number): Promise<void> {
  await ask(server, "/api/save", { method: "POST" });
  await untilStats(
    server,
    ({ torrents_updates, torrents_shadow }) => torrents_updates + torrents_shadow === 0,
    timeLimitMs,
  );
}

async function request(server: Server, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...init.headers, authorization: `Bearer ${API_KEY}` };
  const response = await fetch(`http://127.0.0.1:${server.apiPort}${path}`, { ...init, headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}
