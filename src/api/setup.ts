/** What the API is made of, and what it knows of a request. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Clock } from "../base/clock.ts";
import type { IpFamily } from "../base/ip.ts";
import type { Config } from "../config/config.ts";
import type { Statistics } from "../tracker/statistics.ts";
import type { Tracker } from "../tracker/tracker.ts";

/** The lists that a database keeps. */
export type ListName = "whitelist" | "blacklist" | "keys";

/** What can be ordered of the database; each rejects with an Error that says why not. */
export interface DatabaseOrders {
  /** Saves now; gives the number of changes. */
  save(): Promise<number>;
  /** Makes lists what the database holds; gives their sizes by name. */
  reload(lists: readonly ListName[]): Promise<Record<string, number>>;
}

export interface ApiSetup {
  readonly config: Config;
  readonly version: string;
  readonly tracker: Tracker;
  readonly statistics: Statistics;
  readonly clock: Clock;
  /** Absent without persistence. */
  readonly database: DatabaseOrders | undefined;
  /** Aborted when the program begins to stop. */
  readonly stopping: AbortSignal;
  /** Datagrams that the system dropped for want of room, −1 where that is not known. */
  readonly udpDrops: () => number;
  /** The names of the threads that hang. */
  readonly silentThreads: () => readonly string[];
}

/** Who sent a request, as the server that took it knows. */
export interface Caller {
  /** The other end of the connection. */
  readonly remote: string;
  /**
   * Finds the client's address behind trusted proxies and writes it to `out`; gives the family, or 0 for no address.
   */
  readonly clientAddress: (
    remote: string,
    readHeader: (name: string) => string | null | undefined,
    out: Int32Array,
  ) => 0 | IpFamily;
}

export type Env = { Bindings: Caller };

export type ApiRoutes = OpenAPIHono<Env>;
