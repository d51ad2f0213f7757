/** The torrents with the highest figures among all that are offered: a heap in one array, whose least one goes first. */
import { KEY_WORDS } from "../swarm/layout.ts";

/** A torrent in a ranking, with its counts when it was looked at. */
export interface RankedTorrent {
  /** Five words. */
  readonly infoHash: Int32Array;
  readonly seeders: number;
  readonly leechers: number;
  readonly completed: number;
}

/** Value, seeders, leechers, completed, info hash. */
const ENTRY_WORDS = 4 + KEY_WORDS;

export class TopList {
  readonly #capacity: number;
  readonly #entries: Int32Array;
  readonly #entry = new Int32Array(ENTRY_WORDS);
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#entries = new Int32Array(capacity * ENTRY_WORDS);
  }

  /** Offers the torrent whose hash begins at `words[at]`. */
  offer(
    value: number,
    words: Int32Array,
    at: number,
    seeders: number,
    leechers: number,
    completed: number,
  ): void {
    if (this.#count === this.#capacity && value <= this.#entries[0]) return;
    this.#entry[0] = value;
    this.#entry[1] = seeders;
    this.#entry[2] = leechers;
    this.#entry[3] = completed;
    for (let i = 0; i < KEY_WORDS; i++) this.#entry[4 + i] = words[at + i];
    if (this.#count < this.#capacity) this.#rise(this.#count++);
    else this.#sink(0, this.#count);
  }

  /** Takes out the lowest of those that are kept, at most so many; the lowest first. */
  takeLowest(most: number): RankedTorrent[] {
    const taken: RankedTorrent[] = [];
    while (this.#count > 0 && taken.length < most) {
      taken.push(this.#read(0));
      const last = --this.#count * ENTRY_WORDS;
      for (let i = 0; i < ENTRY_WORDS; i++) this.#entry[i] = this.#entries[last + i];
      this.#sink(0, this.#count);
    }
    return taken;
  }

  #read(place: number): RankedTorrent {
    const at = place * ENTRY_WORDS;
    return {
      infoHash: this.#entries.slice(at + 4, at + ENTRY_WORDS),
      seeders: this.#entries[at + 1],
      leechers: this.#entries[at + 2],
      completed: this.#entries[at + 3],
    };
  }

  /** Puts the entry in hand at `place` or above. */
  #rise(place: number): void {
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#entries[parent * ENTRY_WORDS] <= this.#entry[0]) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#entries.set(this.#entry, place * ENTRY_WORDS);
  }

  /** Puts the entry in hand at `place` or below, in a heap of `count`. */
  #sink(place: number, count: number): void {
    for (;;) {
      let child = place * 2 + 1;
      if (child >= count) break;
      if (child + 1 < count && this.#value(child + 1) < this.#value(child)) child++;
      if (this.#value(child) >= this.#entry[0]) break;
      this.#move(child, place);
      place = child;
    }
    if (count > 0) this.#entries.set(this.#entry, place * ENTRY_WORDS);
  }

  #value(place: number): number {
    return this.#entries[place * ENTRY_WORDS];
  }

  #move(from: number, to: number): void {
    for (let i = 0; i < ENTRY_WORDS; i++) {
      this.#entries[to * ENTRY_WORDS + i] = this.#entries[from * ENTRY_WORDS + i];
    }
  }
}
