/** What changes slowly: rights, version, memory, how saving goes. Asked for every few seconds while signed in. */
import { effect, signal } from "@preact/signals";
import { askJson } from "./api_client.ts";
import { access, token } from "./session.ts";
import { connection } from "./stats_stream.ts";
import type { Overview } from "./tracker_facts.ts";

const INTERVAL_MILLISECONDS = 5000;

export const overview = signal<Overview | undefined>(undefined);

/** While the connection is lost nothing is asked; once it is back, at once. */
export function startOverview(): void {
  effect(() => {
    if (token.value === "" || connection.value !== "live") return;
    const over = new AbortController();
    const ask = () => load(over.signal);
    ask();
    const timer = setInterval(ask, INTERVAL_MILLISECONDS);
    return () => {
      clearInterval(timer);
      over.abort();
    };
  });
}

async function load(signal: AbortSignal): Promise<void> {
  try {
    overview.value = await askJson<Overview>("/api/overview", { signal });
    access.value = overview.value.access;
  } catch {
    // The stream tells of a lost connection.
  }
}
