// What the real BitTorrent clients of the end-to-end tests have in common.

import type { NetworkNamespace } from "./network_namespace.ts";

export interface ClientOptions {
  /** Holds the payload of a seeder, receives that of a leecher. */
  directory: string;
  /** Where the client may keep its own settings and logs; not `directory`. */
  settingsDirectory: string;
  torrentPath: string;
  /** The client's own address; its announces and its transfers leave from it. */
  address: string;
  /** For peers: TCP, and UDP for talking to UDP trackers. */
  port: number;
  namespace?: NetworkNamespace | undefined;
  /** The certificate (PEM) to trust for HTTPS trackers. */
  certificatePath?: string | undefined;
}

/** A running client. Its log is what a failed test shows. */
export interface TorrentClient {
  readonly name: string;
  log(): string;
  /** Resolves when the client has checked what it has and turns to the tracker. */
  ready(): Promise<void>;
  /** Ends the client: politely, so that it says `stopped` to its tracker, then by force. */
  stop(): Promise<void>;
}

export type StartClient = (options: ClientOptions) => TorrentClient;

export function inside(
  namespace: NetworkNamespace | undefined,
  command: readonly string[],
): readonly string[] {
  return namespace === undefined ? command : namespace.inside(command);
}
