/** A simulated BitTorrent client that means well, though it may crash, pause, move and be in a hurry. */
import type { Prng } from "../../src/base/prng.ts";
import { chance, pick } from "../support/seeded.ts";
import type { Agenda } from "./agenda.ts";
import type { ClientSocket } from "./client_socket.ts";
import { between, randomBytes } from "./dice.ts";
import {
  announceRequest,
  EVENT_COMPLETED,
  EVENT_NONE,
  EVENT_PAUSED,
  EVENT_STARTED,
  EVENT_STOPPED,
  OPTION_TAILS,
  pathOptions,
  scrapeRequest,
} from "./packets.ts";

interface Download {
  readonly infoHash: Uint8Array;
  size: number;
  left: number;
  uploaded: number;
  /** Has only part of the torrent, and wants no more (BEP 21). */
  partial: boolean;
}

/** What clients need of the world around them. */
export interface Surroundings {
  /** Seconds between announces. */
  readonly interval: number;
  /** The info hash of a torrent, popular ones more often. */
  torrent(): Uint8Array;
  /** A tracker key in hexadecimal, good or not. */
  key(): string;
  /** One that ends in two seconds. */
  endingKey(): string;
  /** Some part of the clients' time is over: another takes its place. */
  replace(client: Client): void;
}

const WANTED = [-1, -1, 50, 50, 200, 30, 80, 1, 0];
const HOUR = 3_600_000;

export class Client {
  readonly #random: Prng;
  readonly #agenda: Agenda;
  readonly #sockets: readonly ClientSocket[];
  readonly #surroundings: Surroundings;
  readonly #wanted: number;
  readonly #options: Uint8Array;
  #peerId: Uint8Array;
  #port: number;
  #downloads: Download[] = [];
  #online = false;
  #retired = false;

  constructor(
    random: Prng,
    agenda: Agenda,
    sockets: readonly ClientSocket[],
    surroundings: Surroundings,
  ) {
    this.#random = random;
    this.#agenda = agenda;
    this.#sockets = sockets;
    this.#surroundings = surroundings;
    this.#wanted = pick(random, WANTED);
    this.#peerId = randomBytes(random, 20);
    this.#port = this.#newPort();
    const key = surroundings.key();
    const path = chance(random, 10) ? pick(random, ["", "/announce", "/elsewhere"]) : pick(random, [
      `/announce/${key}`,
      `/${key}/announce`,
      `/announce/${key.toUpperCase()}/?a=b`,
    ]);
    this.#options = pathOptions(path, between(random, 1, 60), pick(random, OPTION_TAILS));
  }

  /** Begins with a torrent of its own choice, or that one. */
  start(torrent?: Uint8Array): void {
    this.#online = true;
    this.#downloads = [];
    const count = chance(this.#random, 80) ? 1 : between(this.#random, 2, 4);
    for (let i = 0; i < count; i++) this.#begin(torrent ?? this.#surroundings.torrent());
    this.#wakeUp();
  }

  /** Gone without a word. */
  crash(): void {
    if (!this.#online) return;
    this.#online = false;
    for (const socket of this.#sockets) socket.crash();
    this.#comeBackIn(between(this.#random, HOUR / 30, 10 * HOUR));
  }

  /** Tells the tracker that it stops. */
  leave(): void {
    if (!this.#online) return;
    this.#online = false;
    for (const download of this.#downloads) this.#announce(download, EVENT_STOPPED);
    if (this.#retired) return;
    if (chance(this.#random, 40)) this.#surroundings.replace(this);
    else this.#comeBackIn(between(this.#random, 10_000, 8 * HOUR));
  }

  /** Gone without a word, for ever. */
  retire(): void {
    this.#retired = true;
    this.crash();
  }

  #begin(infoHash: Uint8Array): void {
    const random = this.#random;
    const size = random.below(0x7fffffff) * (chance(random, 1) ? 2 ** 20 : 2 ** between(random, 0, 14)) + 1;
    const left = chance(random, 25) ? 0 : chance(random, 80) ? size : random.below(0x7fffffff) % size;
    const download = { infoHash, size, left, uploaded: 0, partial: chance(random, 8) };
    this.#downloads.push(download);
    this.#announce(download, EVENT_STARTED);
  }

  #wakeUp(): void {
    const { interval } = this.#surroundings;
    const hurry = chance(this.#random, 4);
    const seconds = hurry ? between(this.#random, 1, 200) : interval + between(this.#random, -60, 200);
    this.#agenda.after(seconds * 1000 + this.#random.below(1000), () => this.#wake());
  }

  #wake(): void {
    const random = this.#random;
    if (!this.#online) return;
    if (chance(random, 5)) return this.crash();
    if (chance(random, 7)) return this.leave();
    for (const download of this.#downloads) this.#goOn(download);
    if (chance(random, 8)) this.#scrape();
    this.#wakeUp();
  }

  #goOn(download: Download): void {
    const random = this.#random;
    download.uploaded += random.below(0x7fffffff);
    if (download.left === 0) {
      // Data found to be bad, or another file wanted.
      if (chance(random, 2)) download.left = between(random, 1, download.size + 1);
      // Some say it once more.
      return this.#announce(download, chance(random, 3) ? EVENT_COMPLETED : EVENT_NONE);
    }
    if (download.partial) return this.#announce(download, EVENT_PAUSED);
    if (chance(random, 60)) download.left = Math.floor(download.left * random.below(1000) / 1000);
    if (chance(random, 30)) download.left = 0;
    const completed = download.left === 0 && !chance(random, 10);
    this.#announce(download, completed ? EVENT_COMPLETED : EVENT_NONE);
  }

  #comeBackIn(milliseconds: number): void {
    this.#agenda.after(milliseconds, () => {
      if (this.#retired) return;
      if (chance(this.#random, 80)) this.#port = this.#newPort();
      if (chance(this.#random, 50)) this.#peerId = randomBytes(this.#random, 20);
      this.start();
    });
  }

  #announce(download: Download, event: number): void {
    const { infoHash, size, left, uploaded } = download;
    const fields = {
      infoHash,
      peerId: this.#peerId,
      downloaded: BigInt(size - left),
      left: BigInt(left),
      uploaded: BigInt(uploaded),
      event,
      wanted: event === EVENT_STOPPED ? 0 : this.#wanted,
      port: this.#port,
      options: this.#options,
    };
    for (const socket of this.#sockets) {
      socket.ask((id, transaction) => announceRequest(id, transaction, fields));
    }
  }

  #scrape(): void {
    const count = chance(this.#random, 90) ? 1 : between(this.#random, 1, 75);
    const infoHashes = Array.from({ length: count }, () => this.#surroundings.torrent());
    pick(this.#random, this.#sockets).ask((id, transaction) => scrapeRequest(id, transaction, infoHashes));
  }

  /** Few ports, so that clients behind one address meet. */
  #newPort(): number {
    return chance(this.#random, 50) ? 6881 + this.#random.below(9) : between(this.#random, 1, 65_536);
  }
}
