/** What the main thread and the database's Worker say to each other. */
import type { DbStructure } from "./config/config.ts";
import type { ListKey } from "./persistence/loader.ts";
import type { TrackerSetup } from "./tracker/setup.ts";

/** The first message: open, load everything, then save by itself from time to time. */
export interface DatabaseStart {
  readonly setup: TrackerSetup;
  /** Its number among all threads. */
  readonly thread: number;
  readonly database: {
    readonly driver: "SQLite3" | "MySQL" | "PgSQL";
    readonly path: string;
    readonly structure: DbStructure;
    readonly connectTimeoutSeconds: number;
  };
  readonly chunkRows: number;
  readonly intervalSeconds: number;
}

/** Orders that are answered with their `id`. */
export type DatabaseOrder =
  | { readonly order: "save"; readonly id: number }
  | { readonly order: "reload"; readonly id: number; readonly lists: readonly ListKey[] };

/** Save what there is, for at most so long, and end. */
export interface DatabaseStop {
  readonly order: "stop";
  readonly limitSeconds: number;
}

/** A page of torrents was put in, or there was no room for all of it. */
export interface PageTaken {
  readonly order: "taken";
  readonly isFull: boolean;
}

export type ToDatabase = DatabaseStart | DatabaseOrder | DatabaseStop | PageTaken;

export type FromDatabase =
  | { readonly is: "log"; readonly level: "debug" | "info" | "warn" | "error"; readonly text: string }
  /** A page of torrents, for the main thread to put in while the next one is read. */
  | { readonly is: "torrents"; readonly infoHashes: Int32Array; readonly completed: Int32Array }
  /** Everything is in memory: rows of each table. */
  | { readonly is: "loaded"; readonly rows: Record<string, number> }
  /** It could not start, or has died. */
  | { readonly is: "failed"; readonly reason: string }
  /** An order is done: rows saved, or rows of each list; or why it is not. */
  | { readonly is: "done"; readonly id: number; readonly rows: Record<string, number> }
  | { readonly is: "refused"; readonly id: number; readonly reason: string }
  /** It has ended, with so many changes not saved. */
  | { readonly is: "stopped"; readonly left: number };
