/** One torrent with its peers. What peers say of themselves is shown as text, whatever it is. */
import type { ComponentChildren } from "preact";
import { ask, askJson, explain } from "./api_client.ts";
import { confirmed } from "./confirmation.tsx";
import { useCursors } from "./cursors.ts";
import { isHash } from "./entry_lines.ts";
import { countOf, formatBytes, formatCount, formatDuration } from "./format.ts";
import { useLoaded, Waiting } from "./loading.tsx";
import { tell } from "./notices.tsx";
import { Pager } from "./pager.tsx";
import { go } from "./route.ts";
import { access } from "./session.ts";
import type { Peer, Torrent } from "./tracker_facts.ts";

const PAGE_SIZE = 100;

export function TorrentView({ hash }: { readonly hash: string }) {
  if (!isHash(hash)) {
    return (
      <>
        <h1 tabIndex={-1}>Torrent</h1>
        <p class="state bad">{hash} is no info hash, which has 40 hexadecimal digits.</p>
      </>
    );
  }
  return <KnownTorrent hash={hash.toLowerCase()} />;
}

function KnownTorrent({ hash }: { readonly hash: string }) {
  const cursors = useCursors();
  const query = `limit=${PAGE_SIZE}${cursors.cursor === "" ? "" : `&cursor=${cursors.cursor}`}`;
  const loaded = useLoaded(
    `${hash} ${query}`,
    (signal) => askJson<Torrent>(`/api/torrent/${hash}?${query}`, { signal }),
  );
  return (
    <>
      <p class="path">
        <a href="#/torrents">Torrents</a>
      </p>
      <h1 tabIndex={-1} class="hash">{hash}</h1>
      <Waiting of={loaded}>
        {(torrent) => (
          <Details torrent={torrent} page={cursors.page} again={loaded.again}>
            <Pager
              page={cursors.page}
              hasNext={torrent.next !== null}
              isLoading={loaded.isLoading}
              turn={(page) => cursors.turn(page, torrent.next)}
            />
          </Details>
        )}
      </Waiting>
    </>
  );
}

interface DetailsProps {
  readonly torrent: Torrent;
  /** Of its peers, from 0. */
  readonly page: number;
  readonly again: () => void;
  /** What follows the peers. */
  readonly children: ComponentChildren;
}

function Details({ torrent, page, again, children }: DetailsProps) {
  const { seeders, leechers, completed, peers } = torrent;
  return (
    <>
      <dl class="figures three">
        <div class="card">
          <dt>Seeders</dt>
          <dd>{formatCount(seeders)}</dd>
        </div>
        <div class="card">
          <dt>Leechers</dt>
          <dd>{formatCount(leechers)}</dd>
        </div>
        <div class="card">
          <dt>Completed</dt>
          <dd>{formatCount(completed)}</dd>
        </div>
      </dl>
      <div class="buttons">
        <button type="button" onClick={again}>Refresh</button>
        {access.value === "full" && (
          <button type="button" class="danger" onClick={() => remove(torrent)}>Delete torrent</button>
        )}
      </div>
      <section class="card">
        <h2>Peers</h2>
        {peers.length > 0
          ? <Peers peers={peers} />
          : <p class="empty">{page === 0 ? "It has no peers now." : "There is no further peer."}</p>}
        {children}
      </section>
    </>
  );
}

async function remove({ info_hash, seeders, leechers, completed }: Torrent): Promise<void> {
  const isConfirmed = await confirmed(
    "Delete this torrent?",
    `${info_hash} with ${countOf(seeders + leechers, "peer")} and its count of ` +
      `${countOf(completed, "completed download")} is removed from memory and from the database. ` +
      "It comes back, from zero, when a client announces it.",
    "Delete torrent",
  );
  if (!isConfirmed) return;
  try {
    await ask(`/api/torrent/${info_hash}`, { method: "DELETE" });
    tell("The torrent is deleted.");
    go("torrents");
  } catch (error) {
    tell(explain(error), true);
  }
}

function Peers({ peers }: { readonly peers: readonly Peer[] }) {
  return (
    <table>
      <caption class="unseen">Peers</caption>
      <thead>
        <tr>
          <th scope="col">Address</th>
          <th scope="col">Client</th>
          <th scope="col">State</th>
          <th scope="col">Last event</th>
          <th scope="col" class="number">Uploaded</th>
          <th scope="col" class="number">Downloaded</th>
          <th scope="col" class="number">Heard</th>
        </tr>
      </thead>
      <tbody>
        {peers.map(([{ client, id }, { ip, left, event, uploaded, downloaded, updated }]) => (
          <tr key={ip}>
            <th scope="row" class="address">{ip}</th>
            <td data-name="Client" title={`Peer id ${readable(id)}`}>
              {client === "" ? readable(id) : client}
            </td>
            <td data-name="State">{left === 0 ? "seeder" : `${formatBytes(left)} left`}</td>
            <td data-name="Last event">{event === "None" ? "–" : event.toLowerCase()}</td>
            <td data-name="Uploaded" class="number">{formatBytes(uploaded)}</td>
            <td data-name="Downloaded" class="number">{formatBytes(downloaded)}</td>
            <td data-name="Heard" class="number">{formatDuration(updated)} ago</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A peer id with its printable characters as they are, others as a dot. */
function readable(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return bytes.map((digits) => {
    const code = parseInt(digits, 16);
    return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·";
  }).join("");
}
