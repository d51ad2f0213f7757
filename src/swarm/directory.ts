/**
 * The directories of swarms too large for one block: for each block where it is, its seeders and its peers.
 *
 * A reference to one is a negative number: the root page with the sign bit set. The root holds the number of blocks
 * and the leaf pages; a leaf holds 128 entries of two words. The caller holds the shard's lock.
 */
import { DIRECTORY_BITS, LEAF_BITS, LEAF_ENTRIES } from "./layout.ts";
import type { PeerArena } from "./peer_arena.ts";

export class Directories {
  readonly #arena: PeerArena;
  readonly #words: Int32Array;

  constructor(arena: PeerArena) {
    this.#arena = arena;
    this.#words = arena.directories;
  }

  /** A directory of one entry, or 0 when there is no memory left. */
  create(block: number, seeders: number, peers: number): number {
    const root = this.#arena.allocateDirectory();
    if (root === 0) return 0;
    const ref = root | 0x80000000;
    if (!this.addLeaf(ref, 0)) {
      this.#arena.freeDirectory(root);
      return 0;
    }
    this.setBlocks(ref, 1);
    this.write(this.entryOf(ref, 0), block, seeders, peers);
    return ref;
  }

  /** Gives back a directory of one entry; its block stays. */
  drop(ref: number): void {
    this.dropLeaf(ref, 0);
    this.#arena.freeDirectory(ref & 0x7fffffff);
  }

  blocks(ref: number): number {
    return this.#words[rootOf(ref)];
  }

  setBlocks(ref: number, blocks: number): void {
    this.#words[rootOf(ref)] = blocks;
  }

  /** The entry of a bucket, which the methods below take. */
  entryOf(ref: number, bucket: number): number {
    const leaf = this.#words[rootOf(ref) + 1 + (bucket >>> LEAF_BITS)];
    return (leaf << DIRECTORY_BITS) + ((bucket & (LEAF_ENTRIES - 1)) << 1);
  }

  block(entry: number): number {
    return this.#words[entry];
  }

  seeders(entry: number): number {
    return this.#words[entry + 1] & 0xffff;
  }

  peers(entry: number): number {
    return this.#words[entry + 1] >>> 16;
  }

  write(entry: number, block: number, seeders: number, peers: number): void {
    this.#words[entry] = block;
    this.#words[entry + 1] = seeders | (peers << 16);
  }

  /** Makes sure that the leaf of a bucket is there; false when there is no memory left. */
  addLeaf(ref: number, bucket: number): boolean {
    const slot = rootOf(ref) + 1 + (bucket >>> LEAF_BITS);
    if (this.#words[slot] !== 0) return true;
    const leaf = this.#arena.allocateDirectory();
    this.#words[slot] = leaf;
    return leaf !== 0;
  }

  dropLeaf(ref: number, bucket: number): void {
    const slot = rootOf(ref) + 1 + (bucket >>> LEAF_BITS);
    this.#arena.freeDirectory(this.#words[slot]);
    this.#words[slot] = 0;
  }
}

/** The first word of a root page. */
function rootOf(ref: number): number {
  return (ref & 0x7fffffff) << DIRECTORY_BITS;
}
