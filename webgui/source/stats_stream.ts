/** The figures of every second, from the tracker's event stream, for as long as somebody is signed in. */
import { effect, signal } from "@preact/signals";
import { send } from "./api_client.ts";
import { signOut, token } from "./session.ts";
import type { Stats } from "./tracker_facts.ts";

/** A stream that says nothing for so long is dead. */
const SILENCE_MILLISECONDS = 6000;
const FIRST_RETRY_MILLISECONDS = 1000;
const LAST_RETRY_MILLISECONDS = 10_000;

export interface Sample {
  /** By this machine's clock, in seconds. */
  readonly time: number;
  readonly stats: Stats;
}

export const latest = signal<Sample | undefined>(undefined);

/** `lost` holds while the tracker is not reached, and tries go on. */
export const connection = signal<"connecting" | "live" | "lost">("connecting");

const listeners = new Set<(sample: Sample) => void>();

/** Calls `take` with every sample from now on; gives a function that ends it. */
export function onSample(take: (sample: Sample) => void): () => void {
  listeners.add(take);
  return () => listeners.delete(take);
}

/** Follows the session: a new token opens a new stream, signing out ends it. */
export function startStream(): void {
  effect(() => {
    const given = token.value;
    latest.value = undefined;
    connection.value = "connecting";
    if (given === "") return;
    const over = new AbortController();
    keepReading(over.signal);
    return () => over.abort();
  });
}

async function keepReading(over: AbortSignal): Promise<void> {
  let retry = FIRST_RETRY_MILLISECONDS;
  while (!over.aborted) {
    const wait = await readOnce(over, () => retry = FIRST_RETRY_MILLISECONDS);
    if (over.aborted) return;
    connection.value = "lost";
    await pause(Math.max(wait, retry), over);
    retry = Math.min(retry * 2, LAST_RETRY_MILLISECONDS);
  }
}

/** Reads one stream to its end. Gives the milliseconds that the tracker wants to be left alone for. */
async function readOnce(over: AbortSignal, onEvent: () => void): Promise<number> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
  try {
    const response = await send("/api/stats/stream", { signal: AbortSignal.any([over, silence.signal]) });
    if (response.status === 401) signOut("The tracker no longer accepts this token.");
    if (!response.ok || response.body === null) {
      return Number(response.headers.get("retry-after") ?? 0) * 1000;
    }
    for await (const data of eventsOf(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
      take(JSON.parse(data) as Stats);
      onEvent();
    }
  } catch {
    // However it ended, the next try tells more.
  } finally {
    clearTimeout(timer);
  }
  return 0;
}

function take(stats: Stats): void {
  const sample = { time: performance.now() / 1000, stats };
  connection.value = "live";
  latest.value = sample;
  for (const listener of listeners) listener(sample);
}

/** The data of server-sent events. */
async function* eventsOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (text + value).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data !== undefined) yield data.slice("data: ".length);
    }
  }
}

/** Ends early when the machine is back on a network, or the page is looked at again. */
function pause(milliseconds: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      document.removeEventListener("visibilitychange", end);
      over.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    document.addEventListener("visibilitychange", end);
    over.addEventListener("abort", end);
  });
}
