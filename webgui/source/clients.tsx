/** Which software the peers run. */
import { useEffect } from "preact/hooks";
import { askJson } from "./api_client.ts";
import { formatCount, formatShare } from "./format.ts";
import { useLoaded, Waiting } from "./loading.tsx";

const SHOWN = 8;
const INTERVAL_MILLISECONDS = 15_000;

interface ClientCounts {
  readonly clients: readonly { readonly software: string; readonly peers: number }[];
}

export function Clients() {
  const loaded = useLoaded("clients", (signal) => askJson<ClientCounts>("/api/clients", { signal }));
  useEffect(() => {
    const timer = setInterval(loaded.again, INTERVAL_MILLISECONDS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="card">
      <h2>Client software</h2>
      <Waiting of={loaded}>{({ clients }) => <Shares clients={clients} />}</Waiting>
    </section>
  );
}

function Shares({ clients }: ClientCounts) {
  const all = clients.reduce((sum, { peers }) => sum + peers, 0);
  const shown = clients.slice(0, SHOWN);
  const rest = all - shown.reduce((sum, { peers }) => sum + peers, 0);
  if (all === 0) return <p class="empty">No peers yet.</p>;
  return (
    <ul class="shares">
      {shown.map(({ software, peers }) => (
        <Share key={software} name={software === "" ? "Unknown" : software} peers={peers} all={all} />
      ))}
      {rest > 0 && <Share name="Others" peers={rest} all={all} />}
    </ul>
  );
}

interface ShareProps {
  readonly name: string;
  readonly peers: number;
  readonly all: number;
}

function Share({ name, peers, all }: ShareProps) {
  return (
    <li>
      <span>{name}</span>
      <span class="number">{formatCount(peers)} · {formatShare(peers, all)}</span>
      <span class="bar" aria-hidden="true" style={{ "--share": `${peers / all * 100}%` }} />
    </li>
  );
}
