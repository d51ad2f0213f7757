/**
 * Counts peers by software and version. Peer ids are counted by their first eight bytes, where clients say what they
 * are, and read as names only at the end: a walk over millions of peers makes no text.
 */
import { clientName } from "../protocol/client_name.ts";

export interface ClientCount {
  /** "" for all that is not known. */
  readonly software: string;
  readonly peers: number;
  /** The most used ones first. */
  readonly versions: readonly { readonly version: string; readonly peers: number }[];
}

/** Different beginnings that are counted apart. Beyond that peers are unknown: ids can be made up without end. */
const MAX_KINDS = 1 << 14;
const SLOTS = MAX_KINDS * 2;

/** Versions of one software that are told. */
const MAX_VERSIONS = 20;

/** Two words of the id, and the count. */
const SLOT_WORDS = 3;

export class ClientCounts {
  readonly #slots = new Int32Array(SLOTS * SLOT_WORDS);
  #kinds = 0;
  #others = 0;

  /** Counts the peer whose id begins at `words[at]`. */
  add(words: Int32Array, at: number): void {
    const first = words[at];
    const second = words[at + 1];
    let slot = (Math.imul(first ^ Math.imul(second, 0x85ebca6b), 0x9e3779b1) >>> 0) % SLOTS;
    for (;;) {
      const place = slot * SLOT_WORDS;
      if (this.#slots[place + 2] === 0) break;
      if (this.#slots[place] === first && this.#slots[place + 1] === second) {
        this.#slots[place + 2]++;
        return;
      }
      slot = (slot + 1) % SLOTS;
    }
    if (this.#kinds === MAX_KINDS) {
      this.#others++;
      return;
    }
    this.#kinds++;
    this.#slots[slot * SLOT_WORDS] = first;
    this.#slots[slot * SLOT_WORDS + 1] = second;
    this.#slots[slot * SLOT_WORDS + 2] = 1;
  }

  /** What was counted, the most used software first, and begins anew. */
  take(): ClientCount[] {
    const softwares = new Map<string, Map<string, number>>();
    const id = new Int32Array(5);
    const bytes = new Uint8Array(id.buffer);
    const count = (software: string, version: string, peers: number) => {
      const versions = softwares.get(software) ?? new Map<string, number>();
      softwares.set(software, versions.set(version, (versions.get(version) ?? 0) + peers));
    };
    for (let place = 0; place < this.#slots.length; place += SLOT_WORDS) {
      const peers = this.#slots[place + 2];
      if (peers === 0) continue;
      id[0] = this.#slots[place];
      id[1] = this.#slots[place + 1];
      const { software, version } = clientName(bytes);
      count(software, version, peers);
    }
    if (this.#others > 0) count("", "", this.#others);
    this.#slots.fill(0);
    this.#kinds = 0;
    this.#others = 0;
    return [...softwares].map(([software, versions]) => summary(software, versions)).sort(byPeers);
  }
}

function summary(software: string, versions: ReadonlyMap<string, number>): ClientCount {
  const list = [...versions].map(([version, peers]) => ({ version, peers })).sort(byPeers);
  const peers = list.reduce((sum, version) => sum + version.peers, 0);
  return { software, peers, versions: list.slice(0, MAX_VERSIONS) };
}

function byPeers(a: { readonly peers: number }, b: { readonly peers: number }): number {
  return b.peers - a.peers;
}
