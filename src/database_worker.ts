/** The entry of the Worker that has the database: loads at the start, saves from time to time, and at the end. */
import type {
  DatabaseOrder,
  DatabaseStart,
  DatabaseStop,
  FromDatabase,
  ToDatabase,
} from "./database_messages.ts";
import { type Database, DatabaseError, HASH_BYTES, type TableKey } from "./persistence/database.ts";
import { LIST_KEYS, Loader, PAGE_ROWS, TooManyRowsError } from "./persistence/loader.ts";
import { openDatabase } from "./persistence/open.ts";
import { type Refusal, Saver } from "./persistence/saver.ts";
import { SavingState } from "./tracker/saving_state.ts";
import { attachTracker } from "./tracker/setup.ts";

/** A load that takes longer than this shows how far it is, and again each time as much has passed. */
const PROGRESS_MILLISECONDS = 2000;

/** The first pause after a save that failed; it doubles up to the interval. */
const FIRST_RETRY_SECONDS = 1;

/** Pages that may be on the way at one time. */
const MAX_PAGES = 4;

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToDatabase>) => void) | null;
  postMessage(message: FromDatabase): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data }) => {
  if ("order" in data) return;
  const pages = new PageQueue();
  scope.onmessage = ({ data }) => {
    if ("order" in data && data.order === "taken") pages.taken(data.isFull);
  };
  try {
    const keeper = await Keeper.open(data, pages);
    scope.onmessage = ({ data }) => {
      if ("order" in data && data.order !== "taken") keeper.obey(data);
    };
    keeper.schedule(data.intervalSeconds);
  } catch (error) {
    scope.postMessage({ is: "failed", reason: explain(error) });
  }
};

/**
 * Pages of torrents on their way to the main thread: a few, in shared memory that is used again and again, so that a
 * load of any size needs no more.
 */
class PageQueue {
  readonly #pages = Array.from({ length: MAX_PAGES }, () => ({
    infoHashes: new Int32Array(new SharedArrayBuffer(PAGE_ROWS * HASH_BYTES)),
    completed: new Int32Array(new SharedArrayBuffer(PAGE_ROWS * 4)),
  }));
  #sent = 0;
  #onTheWay = 0;
  #isFull = false;
  #wake = Promise.withResolvers<void>();

  /** Sends a page on; false when there was no room for an earlier one. */
  async send(infoHashes: Int32Array, completed: ArrayLike<number>): Promise<boolean> {
    await this.#until(MAX_PAGES - 1);
    const page = this.#pages[this.#sent++ % MAX_PAGES];
    page.infoHashes.set(infoHashes);
    page.completed.set(completed);
    this.#onTheWay++;
    scope.postMessage({
      is: "torrents",
      infoHashes: page.infoHashes.subarray(0, infoHashes.length),
      completed: page.completed.subarray(0, completed.length),
    });
    return !this.#isFull;
  }

  /** Waits until all pages are put in; false when there was no room. */
  async finish(): Promise<boolean> {
    await this.#until(0);
    return !this.#isFull;
  }

  taken(isFull: boolean): void {
    this.#onTheWay--;
    this.#isFull ||= isFull;
    this.#wake.resolve();
  }

  async #until(pages: number): Promise<void> {
    while (this.#onTheWay > pages) {
      this.#wake = Promise.withResolvers<void>();
      await this.#wake.promise;
    }
  }
}

/** Does one thing after another with the database. */
class Keeper {
  readonly #start: DatabaseStart;
  readonly #database: Database;
  readonly #loader: Loader;
  readonly #saver: Saver;
  readonly #state: SavingState;
  #turn: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retrySeconds = 0;
  /** What the database does not take, as it was told. */
  #refusals: ReadonlyMap<TableKey, Refusal> = new Map();

  /** Opens the database and loads everything. */
  static async open(start: DatabaseStart, pages: PageQueue): Promise<Keeper> {
    const database = await openDatabase(
      start.database,
      ({ message }) => say("warn", `${message}; waiting for it`),
    );
    const keeper = new Keeper(start, database);
    scope.postMessage({ is: "loaded", rows: await keeper.#loadAll(pages) });
    return keeper;
  }

  private constructor(start: DatabaseStart, database: Database) {
    const { store, access } = attachTracker(start.setup, start.thread, 0);
    this.#start = start;
    this.#database = database;
    this.#loader = new Loader(database, store, access, showProgress());
    this.#state = new SavingState(start.setup.memory.saving);
    this.#saver = new Saver(database, store, access, this.#state, start.chunkRows);
  }

  /** Saves in so many seconds, and then again and again. */
  schedule(seconds: number): void {
    this.#state.nextSave = unixSeconds() + seconds;
    this.#timer = setTimeout(() => this.#inTurn(() => this.#saveByItself()), seconds * 1000);
  }

  obey(order: DatabaseOrder | DatabaseStop): void {
    this.#inTurn(() => order.order === "stop" ? this.#stop(order.limitSeconds) : this.#carryOut(order));
  }

  /** One thing at a time; nothing that a turn throws is expected. */
  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error) => {
      scope.postMessage({ is: "failed", reason: explain(error) });
    });
  }

  async #loadAll(pages: PageQueue): Promise<Record<string, number>> {
    const torrents = await this.#loader.loadTorrents((hashes, completed) => pages.send(hashes, completed));
    if (!await pages.finish()) {
      throw new TooManyRowsError(`${torrents} torrents are more than max_torrents allows`);
    }
    const rows: Record<string, number> = { torrents };
    for (const key of LIST_KEYS) rows[key] = await this.#loader.loadList(key);
    return rows;
  }

  async #saveByItself(): Promise<void> {
    const { intervalSeconds } = this.#start;
    const problem = await this.#save();
    if (problem === undefined) {
      this.#retrySeconds = 0;
      this.schedule(intervalSeconds);
    } else {
      this.#retrySeconds = Math.min(Math.max(this.#retrySeconds * 2, FIRST_RETRY_SECONDS), intervalSeconds);
      this.schedule(this.#retrySeconds);
    }
  }

  /** Saves what has changed; gives what went wrong, having said so if it is the first time. */
  async #save(): Promise<string | undefined> {
    const began = performance.now();
    try {
      const rows = await this.#saver.save();
      this.#noteSaved(rows, performance.now() - began);
      return undefined;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      this.#noteFailed(error.message);
      return error.message;
    }
  }

  #noteSaved(rows: number, milliseconds: number): void {
    const state = this.#state;
    if (state.failingSince !== 0) {
      say(
        "info",
        `saving works again, after ${unixSeconds() - state.failingSince} seconds; ${rows} rows saved`,
      );
      state.failingSince = 0;
    } else if (rows > 0) {
      say("debug", `saved ${rows} rows in ${Math.round(milliseconds)} ms`);
    }
    state.lastSave = unixSeconds();
    state.lastSaveMilliseconds = milliseconds;
    this.#noteRefusals();
  }

  /** Says once of each table that the database does not take all of it, and once when it does again. */
  #noteRefusals(): void {
    const { refusals } = this.#saver;
    for (const [table, { changes, reason }] of refusals) {
      if (this.#refusals.has(table)) continue;
      const what = changes === 1 ? "1 change" : `${changes} changes`;
      say("error", `${what} of the ${table} cannot be saved and will be tried again: ${reason}`);
    }
    for (const table of this.#refusals.keys()) {
      if (!refusals.has(table)) say("info", `the changes of the ${table} that could not be saved are saved`);
    }
    this.#refusals = refusals;
  }

  #noteFailed(reason: string): void {
    if (this.#state.failingSince !== 0) return;
    this.#state.failingSince = unixSeconds();
    say(
      "error",
      `saving failed: ${reason}; nothing is lost, ${this.#saver.waiting()} changes wait; trying again`,
    );
  }

  async #carryOut(order: DatabaseOrder): Promise<void> {
    // What memory has changed goes first: a reload takes the database's word for the rest.
    const before = this.#saver.waiting();
    const problem = await this.#save();
    if (problem !== undefined) {
      scope.postMessage({ is: "refused", id: order.id, reason: problem });
      return;
    }
    const rows: Record<string, number> = { saved: Math.max(0, before - this.#state.refused) };
    try {
      if (order.order === "reload") {
        for (const key of order.lists) rows[key] = await this.#loader.loadList(key);
      }
      scope.postMessage({ is: "done", id: order.id, rows });
    } catch (error) {
      if (!(error instanceof DatabaseError || error instanceof TooManyRowsError)) throw error;
      scope.postMessage({ is: "refused", id: order.id, reason: error.message });
    }
  }

  /** The last save, tried for so long; then the end. */
  async #stop(limitSeconds: number): Promise<void> {
    clearTimeout(this.#timer);
    const end = performance.now() + limitSeconds * 1000;
    const inTime = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), limitSeconds * 1000));
    for (let pause = 250; performance.now() < end; pause *= 2) {
      const outcome = await Promise.race([this.#save(), inTime]);
      if (outcome === undefined || outcome === "late") break;
      await new Promise((resolve) =>
        setTimeout(resolve, Math.min(pause, Math.max(end - performance.now(), 0)))
      );
    }
    const left = this.#saver.waiting();
    await Promise.race([this.#database.close().catch(() => {}), inTime]);
    scope.postMessage({ is: "stopped", left });
    scope.close();
  }
}

/** Says how a load goes when it takes long. */
function showProgress(): (table: TableKey, rows: number, total: number) => void {
  let current: TableKey | undefined;
  let began = 0;
  let said = 0;
  return (table, rows, total) => {
    const now = performance.now();
    if (table !== current) {
      current = table;
      began = now;
      said = now;
    }
    if (now - said < PROGRESS_MILLISECONDS) return;
    said = now;
    const rate = rows / ((now - began) / 1000);
    const percent = Math.floor((100 * rows) / Math.max(total, rows));
    const left = Math.ceil((Math.max(total, rows) - rows) / rate);
    say(
      "info",
      `loading ${table}: ${rows} of ${total} (${percent} %), ${Math.round(rate)} a second, ${left} s left`,
    );
  };
}

function say(level: "debug" | "info" | "warn" | "error", text: string): void {
  scope.postMessage({ is: "log", level, text });
}

function unixSeconds(): number {
  return Math.trunc(Date.now() / 1000);
}

/** One line for what an operator can mend, the whole stack for a mistake of ours. */
function explain(error: unknown): string {
  if (error instanceof DatabaseError || error instanceof TooManyRowsError) return error.message;
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
