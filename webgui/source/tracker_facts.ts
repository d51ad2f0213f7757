/** What the API's answers hold, as far as these pages show it. */

export interface Stats {
  readonly started: number;
  readonly timestamp_run_save: number;
  readonly timestamp_run_timeout: number;
  readonly timestamp_run_keys_timeout: number;
  readonly torrents: number;
  readonly torrents_updates: number;
  readonly torrents_shadow: number;
  readonly seeds: number;
  readonly peers: number;
  readonly completed: number;
  readonly whitelist_enabled: boolean;
  readonly whitelist: number;
  readonly blacklist_enabled: boolean;
  readonly blacklist: number;
  readonly keys_enabled: boolean;
  readonly keys: number;
  readonly tcp4_announces_handled: number;
  readonly tcp4_scrapes_handled: number;
  readonly tcp6_announces_handled: number;
  readonly tcp6_scrapes_handled: number;
  readonly udp4_announces_handled: number;
  readonly udp4_scrapes_handled: number;
  readonly udp6_announces_handled: number;
  readonly udp6_scrapes_handled: number;
}

/** `GET /api/overview`. */
export interface Overview {
  readonly access: "full" | "read";
  readonly version: string;
  /** Bytes. */
  readonly memory: number;
  readonly udp_workers: number;
  readonly http_workers: number;
  readonly persistence: boolean;
  /** UNIX times, 0 for never. */
  readonly last_save: number;
  readonly last_save_milliseconds: number;
  readonly failing_since: number;
  /** Changes that wait to be saved. */
  readonly waiting_changes: number;
  /** Changes that the database did not take in the last save. */
  readonly refused_changes: number;
  /** Requests that were refused or not stored, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
}

export interface TorrentCounts {
  readonly info_hash: string;
  readonly seeders: number;
  readonly leechers: number;
  readonly completed: number;
}

export type Peer = readonly [
  { readonly client: string; readonly id: string },
  {
    readonly downloaded: number;
    readonly event: string;
    readonly ip: string;
    readonly left: number;
    readonly updated: number;
    readonly uploaded: number;
  },
];

export interface Torrent extends TorrentCounts {
  /** A page of them. */
  readonly peers: readonly Peer[];
  /** The cursor of the next page, `null` after the last. */
  readonly next: string | null;
}

export type Config = Readonly<Record<string, unknown>>;

export interface Change {
  readonly changed: number;
  readonly unchanged: number;
}

export type HashListName = "whitelist" | "blacklist";
export type ListName = HashListName | "keys";
