/**
 * The memory that peers of one address family live in: pages of 256 peers, each page cut into blocks of one size
 * class for one shard, and given back when its last block is free. Directories of large swarms come from the same
 * pool.
 *
 * A block is named by the index of its first peer. The caller holds the shard's lock; the pool's own lock is taken
 * inside, for moments, when a page changes hands.
 */
import {
  CLASS_PEERS,
  COLD_WORDS,
  DIRECTORY_WORDS,
  HOT_WORDS_IPV4,
  PAGE_BITS,
  PAGE_CLASS,
  PAGE_CUT,
  PAGE_FREE,
  PAGE_NEXT,
  PAGE_PEERS,
  PAGE_PREVIOUS,
  PAGE_USED,
  PAGE_WORDS,
  POOL_DIRECTORY_FREE,
  POOL_DIRECTORY_TOP,
  POOL_LOCK,
  POOL_PAGE_FREE,
  POOL_PAGE_TOP,
  POOL_PAGES_USED,
  POOL_WORDS,
  SHARDS,
} from "./layout.ts";
import { lock, unlock } from "./lock.ts";

/** The shared memory of an arena; what a thread needs to attach to it. */
export interface ArenaMemory {
  readonly hotWords: number;
  readonly pool: SharedArrayBuffer;
  readonly pages: SharedArrayBuffer;
  readonly hot: SharedArrayBuffer;
  readonly cold: SharedArrayBuffer;
  readonly directories: SharedArrayBuffer;
}

/** Reserves memory for at least `peers` peers in blocks of any size; it costs nothing until used. */
export function createArenaMemory(peers: number, hotWords: number): ArenaMemory {
  // Twice as many, because of blocks a little more than half is used in the worst case (129 peers of 256); and for
  // each shard its partly used pages.
  const pages = Math.ceil((peers * 2) / PAGE_PEERS) + 4 * SHARDS + 1;
  const directories = Math.ceil(peers / 64) + 4;
  return {
    hotWords,
    pool: new SharedArrayBuffer(POOL_WORDS * 4),
    pages: new SharedArrayBuffer(pages * PAGE_WORDS * 4),
    hot: new SharedArrayBuffer(pages * PAGE_PEERS * hotWords * 4),
    cold: new SharedArrayBuffer(pages * PAGE_PEERS * COLD_WORDS * 4),
    directories: new SharedArrayBuffer(directories * DIRECTORY_WORDS * 4),
  };
}

export class PeerArena {
  readonly hotWords: number;
  /** Peer `i`'s hot record starts at word `i * hotWords`. */
  readonly hot: Int32Array;
  /** The same memory in halves of words, the unit in which addresses are copied into answers. */
  readonly hotHalves: Uint16Array;
  /** Peer `i`'s cold record starts at word `i * COLD_WORDS`. */
  readonly cold: Int32Array;
  /** Directory page `d` starts at word `d * DIRECTORY_WORDS`. */
  readonly directories: Int32Array;
  readonly #pages: Int32Array;
  readonly #pool: Int32Array;
  readonly #lists: Int32Array;

  /** A shard's lists of pages with room start at `lists[base]`, where `base` is what the methods take. */
  constructor(memory: ArenaMemory, lists: Int32Array) {
    this.hotWords = memory.hotWords;
    this.hot = new Int32Array(memory.hot);
    this.hotHalves = new Uint16Array(memory.hot);
    this.cold = new Int32Array(memory.cold);
    this.directories = new Int32Array(memory.directories);
    this.#pages = new Int32Array(memory.pages);
    this.#pool = new Int32Array(memory.pool);
    this.#lists = lists;
  }

  get isIpv4(): boolean {
    return this.hotWords === HOT_WORDS_IPV4;
  }

  /** The size class of a block. */
  classOf(block: number): number {
    return this.#pages[(block >>> PAGE_BITS) * PAGE_WORDS + PAGE_CLASS];
  }

  /** A block of that size class with undefined contents, or 0 when the arena is full. */
  allocate(base: number, sizeClass: number): number {
    const pages = this.#pages;
    let page = this.#lists[base + sizeClass];
    if (page === 0) {
      page = this.#takePage();
      if (page === 0) return 0;
      pages.fill(0, page * PAGE_WORDS, (page + 1) * PAGE_WORDS);
      pages[page * PAGE_WORDS + PAGE_CLASS] = sizeClass;
      this.#pushPage(base, page);
    }
    const at = page * PAGE_WORDS;
    let block = pages[at + PAGE_FREE];
    if (block !== 0) {
      pages[at + PAGE_FREE] = this.hot[block * this.hotWords];
    } else {
      block = (page << PAGE_BITS) + pages[at + PAGE_CUT]++ * CLASS_PEERS[sizeClass];
    }
    if (++pages[at + PAGE_USED] === blocksPerPage(sizeClass)) this.#unlinkPage(base, page);
    return block;
  }

  /** Gives a block back. */
  free(base: number, block: number): void {
    const pages = this.#pages;
    const page = block >>> PAGE_BITS;
    const at = page * PAGE_WORDS;
    this.hot[block * this.hotWords] = pages[at + PAGE_FREE];
    pages[at + PAGE_FREE] = block;
    const wasFull = pages[at + PAGE_USED]-- === blocksPerPage(pages[at + PAGE_CLASS]);
    if (pages[at + PAGE_USED] === 0) {
      if (!wasFull) this.#unlinkPage(base, page);
      this.#givePage(page);
    } else if (wasFull) {
      this.#pushPage(base, page);
    }
  }

  /** A directory page of zeros, or 0 when there is none left. */
  allocateDirectory(): number {
    const pool = this.#pool;
    lock(pool, POOL_LOCK);
    let page = pool[POOL_DIRECTORY_FREE];
    if (page !== 0) {
      pool[POOL_DIRECTORY_FREE] = this.directories[page * DIRECTORY_WORDS];
    } else if ((pool[POOL_DIRECTORY_TOP] + 2) * DIRECTORY_WORDS <= this.directories.length) {
      page = ++pool[POOL_DIRECTORY_TOP];
    }
    unlock(pool, POOL_LOCK);
    if (page !== 0) this.directories.fill(0, page * DIRECTORY_WORDS, (page + 1) * DIRECTORY_WORDS);
    return page;
  }

  freeDirectory(page: number): void {
    const pool = this.#pool;
    lock(pool, POOL_LOCK);
    this.directories[page * DIRECTORY_WORDS] = pool[POOL_DIRECTORY_FREE];
    pool[POOL_DIRECTORY_FREE] = page;
    unlock(pool, POOL_LOCK);
  }

  /** Copies peer `from`, hot and cold, over peer `to`. */
  copyPeer(from: number, to: number): void {
    const { hot, cold, hotWords } = this;
    for (let i = 0; i < hotWords; i++) hot[to * hotWords + i] = hot[from * hotWords + i];
    for (let i = 0; i < COLD_WORDS; i++) cold[to * COLD_WORDS + i] = cold[from * COLD_WORDS + i];
  }

  /** Exchanges two peers, hot and cold. */
  swapPeers(a: number, b: number): void {
    swapWords(this.hot, a * this.hotWords, b * this.hotWords, this.hotWords);
    swapWords(this.cold, a * COLD_WORDS, b * COLD_WORDS, COLD_WORDS);
  }

  /** Pages in use: readable without a lock, as a figure that may be a moment old. */
  pagesInUse(): number {
    return this.#pool[POOL_PAGES_USED];
  }

  #takePage(): number {
    const pool = this.#pool;
    lock(pool, POOL_LOCK);
    let page = pool[POOL_PAGE_FREE];
    if (page !== 0) {
      pool[POOL_PAGE_FREE] = this.#pages[page * PAGE_WORDS + PAGE_NEXT];
    } else if ((pool[POOL_PAGE_TOP] + 2) * PAGE_WORDS <= this.#pages.length) {
      page = ++pool[POOL_PAGE_TOP];
    }
    if (page !== 0) pool[POOL_PAGES_USED]++;
    unlock(pool, POOL_LOCK);
    return page;
  }

  #givePage(page: number): void {
    const pool = this.#pool;
    lock(pool, POOL_LOCK);
    this.#pages[page * PAGE_WORDS + PAGE_NEXT] = pool[POOL_PAGE_FREE];
    pool[POOL_PAGE_FREE] = page;
    pool[POOL_PAGES_USED]--;
    unlock(pool, POOL_LOCK);
  }

  #pushPage(base: number, page: number): void {
    const pages = this.#pages;
    const list = base + pages[page * PAGE_WORDS + PAGE_CLASS];
    const next = this.#lists[list];
    pages[page * PAGE_WORDS + PAGE_NEXT] = next;
    pages[page * PAGE_WORDS + PAGE_PREVIOUS] = 0;
    if (next !== 0) pages[next * PAGE_WORDS + PAGE_PREVIOUS] = page;
    this.#lists[list] = page;
  }

  #unlinkPage(base: number, page: number): void {
    const pages = this.#pages;
    const next = pages[page * PAGE_WORDS + PAGE_NEXT];
    const previous = pages[page * PAGE_WORDS + PAGE_PREVIOUS];
    if (next !== 0) pages[next * PAGE_WORDS + PAGE_PREVIOUS] = previous;
    if (previous !== 0) pages[previous * PAGE_WORDS + PAGE_NEXT] = next;
    else this.#lists[base + pages[page * PAGE_WORDS + PAGE_CLASS]] = next;
  }
}

function blocksPerPage(sizeClass: number): number {
  return (PAGE_PEERS / CLASS_PEERS[sizeClass]) | 0;
}

function swapWords(words: Int32Array, a: number, b: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const word = words[a + i];
    words[a + i] = words[b + i];
    words[b + i] = word;
  }
}
