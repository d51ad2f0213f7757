/** The main thread's side of the database: starts its Worker, gives it orders, stops it. */
import { logger } from "./base/log.ts";
import { type Building, StartError } from "./building.ts";
import type { DatabaseOrder, DatabaseStart, FromDatabase, ToDatabase } from "./database_messages.ts";
import { HASH_BYTES } from "./persistence/database.ts";
import { LIST_KEYS, type ListKey } from "./persistence/loader.ts";
import { SavingState } from "./tracker/saving_state.ts";
import type { Tracker } from "./tracker/tracker.ts";

/** How long the last save may take. */
export const LAST_SAVE_SECONDS = 30;

const HASH_WORDS = HASH_BYTES / 4;

const log = logger("database");

/** An order without its number. */
type Order = DatabaseOrder extends infer T ? T extends DatabaseOrder ? Omit<T, "id"> : never : never;

export class DatabaseThread {
  readonly #tracker: Tracker;
  readonly #saving: SavingState;
  readonly #worker: Worker;
  readonly #onFailure: (reason: string) => void;
  readonly #loaded = Promise.withResolvers<Record<string, number>>();
  readonly #stopped = Promise.withResolvers<number>();
  readonly #orders = new Map<number, PromiseWithResolvers<Record<string, number>>>();
  #isLoaded = false;
  #lastId = 0;

  /** Opens the database and waits until everything is in memory. Throws a StartError that says why it cannot be. */
  static async start(
    building: Building,
    thread: number,
    onFailure: (reason: string) => void,
  ): Promise<DatabaseThread> {
    const { config, setup } = building;
    const database = new DatabaseThread(building, onFailure);
    const start: DatabaseStart = {
      setup,
      thread,
      database: {
        driver: config.db_driver,
        path: config.db_path,
        structure: config.db_structure,
        connectTimeoutSeconds: config.db_connect_timeout,
      },
      chunkRows: config.db_chunk_size,
      intervalSeconds: config.persistence_interval,
    };
    database.#post(start);
    const rows = await database.#loaded.promise;
    log.info(`loaded ${Object.entries(rows).map(([table, count]) => `${count} ${table}`).join(", ")}`);
    return database;
  }

  private constructor({ tracker, setup }: Building, onFailure: (reason: string) => void) {
    this.#tracker = tracker;
    this.#saving = new SavingState(setup.memory.saving);
    this.#onFailure = onFailure;
    this.#worker = new Worker(new URL("./database_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromDatabase>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message);
    };
  }

  /** Saves now; gives the number of changes. Rejects with an Error that says why not. */
  async save(): Promise<number> {
    return (await this.#order({ order: "save" })).saved;
  }

  /** Makes lists what the database holds, and gives their sizes. Rejects with an Error that says why not. */
  reload(lists: readonly ListKey[] = LIST_KEYS): Promise<Record<string, number>> {
    return this.#order({ order: "reload", lists });
  }

  /** The last save, and the end; says what could not be saved. */
  async stop(): Promise<void> {
    this.#post({ order: "stop", limitSeconds: LAST_SAVE_SECONDS });
    const left = await Promise.race([this.#stopped.promise, afterSeconds(LAST_SAVE_SECONDS + 1)]);
    const lost = left ?? this.#waiting();
    if (lost > 0) log.error(`${lost} changes could not be saved and are lost`);
    this.#worker.terminate();
  }

  /** Changes that are not in the database, when its thread is too busy to say. */
  #waiting(): number {
    const { store, access } = this.#tracker;
    const lists = LIST_KEYS.reduce((sum, key) => sum + access[key].changes(), 0);
    return store.totals().dirty + store.removed.changes() + lists + this.#saving.shadow;
  }

  #order(order: Order): Promise<Record<string, number>> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Record<string, number>>();
    this.#orders.set(id, answer);
    this.#post({ ...order, id });
    return answer.promise;
  }

  #receive(message: FromDatabase): void {
    switch (message.is) {
      case "log":
        return log[message.level](message.text);
      case "torrents":
        return this.#putIn(message.infoHashes, message.completed);
      case "loaded":
        this.#isLoaded = true;
        return this.#loaded.resolve(message.rows);
      case "failed":
        return this.#fail(message.reason);
      case "done":
        this.#orders.get(message.id)?.resolve(message.rows);
        this.#orders.delete(message.id);
        return;
      case "refused":
        this.#orders.get(message.id)?.reject(new Error(message.reason));
        this.#orders.delete(message.id);
        return;
      case "stopped":
        return this.#stopped.resolve(message.left);
    }
  }

  /** Half of the work of loading is done here, beside the reading. */
  #putIn(infoHashes: Int32Array, completed: Int32Array): void {
    let isFull = false;
    for (let i = 0; i < completed.length && !isFull; i++) {
      isFull = !this.#tracker.store.restoreTorrent(infoHashes, i * HASH_WORDS, completed[i]);
    }
    this.#post({ order: "taken", isFull });
  }

  #fail(reason: string): void {
    if (this.#isLoaded) this.#onFailure(`the database's thread has died: ${reason}`);
    this.#loaded.reject(new StartError(reason));
    for (const order of this.#orders.values()) order.reject(new Error(reason));
    this.#orders.clear();
    this.#stopped.resolve(0);
  }

  #post(message: ToDatabase): void {
    this.#worker.postMessage(message);
  }
}

function afterSeconds(seconds: number): Promise<undefined> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(() => resolve(undefined), seconds * 1000)));
}
