/** Torrents with their counts, in rows. */
import { askJson } from "./api_client.ts";
import { formatCount } from "./format.ts";
import type { TorrentCounts } from "./tracker_facts.ts";

export type Sort = "" | "peers" | "seeders" | "leechers" | "completed";

export interface TorrentQuery {
  /** "" for all of them, in no order. */
  readonly sort: Sort;
  readonly prefix: string;
  readonly active: boolean;
  readonly limit: number;
  /** "" for the first page. */
  readonly cursor: string;
}

export interface TorrentPage {
  readonly torrents: readonly TorrentCounts[];
  /** The cursor of the next page, `null` after the last. */
  readonly next: string | null;
}

export function loadTorrents(query: TorrentQuery, signal: AbortSignal): Promise<TorrentPage> {
  const given = new URLSearchParams({ limit: String(query.limit) });
  if (query.sort !== "") given.set("sort", query.sort);
  if (query.prefix !== "") given.set("prefix", query.prefix);
  if (query.active) given.set("active", "true");
  if (query.cursor !== "") given.set("cursor", query.cursor);
  return askJson<TorrentPage>(`/api/torrents?${given}`, { signal });
}

interface TorrentTableProps {
  readonly torrents: readonly TorrentCounts[];
  readonly name: string;
}

export function TorrentTable({ torrents, name }: TorrentTableProps) {
  return (
    <table>
      <caption class="unseen">{name}</caption>
      <thead>
        <tr>
          <th scope="col">Info hash</th>
          <th scope="col" class="number">Seeders</th>
          <th scope="col" class="number">Leechers</th>
          <th scope="col" class="number">Completed</th>
        </tr>
      </thead>
      <tbody>
        {torrents.map(({ info_hash, seeders, leechers, completed }) => (
          <tr key={info_hash}>
            <th scope="row">
              <a class="hash" href={`#/torrent/${info_hash}`}>{info_hash}</a>
            </th>
            <td class="number" data-name="Seeders">{formatCount(seeders)}</td>
            <td class="number" data-name="Leechers">{formatCount(leechers)}</td>
            <td class="number" data-name="Completed">{formatCount(completed)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
