/** Who runs the tracker: changes whitelist, blacklist and keys while it is in use, and hands keys to clients. */
import assert from "node:assert/strict";
import type { Prng } from "../../src/base/prng.ts";
import type { HashSet } from "../../src/swarm/hash_set.ts";
import { chance, pick } from "../support/seeded.ts";
import { bytesOf, keyOf, wordsOf } from "./address.ts";
import { between, randomBytes } from "./dice.ts";
import type { Model, Moment } from "./model.ts";
import type { TrackerThread } from "./threads.ts";

const MOST_KEYS = 40;

export class Operator {
  readonly #random: Prng;
  readonly #threads: readonly TrackerThread[];
  readonly #model: Model;
  readonly #infoHashes: readonly string[];
  /** Every key there ever was. */
  readonly #keys: string[] = [];

  constructor(
    random: Prng,
    threads: readonly TrackerThread[],
    model: Model,
    infoHashes: readonly string[],
    moment: Moment,
  ) {
    this.#random = random;
    this.#threads = threads;
    this.#model = model;
    this.#infoHashes = infoHashes;
    for (const infoHash of infoHashes) this.#allow(infoHash, true);
    for (let i = 0; i < MOST_KEYS / 2; i++) this.changeKeys(moment);
  }

  /** A key in hexadecimal: mostly one that was good once. */
  key(): string {
    return hexOf(chance(this.#random, 5) ? randomKey(this.#random) : pick(this.#random, this.#keys));
  }

  /** Lets a key end in two seconds, and gives it. */
  endKey({ unixSeconds }: Moment): string {
    const key = pick(this.#random, this.#keys);
    this.#setKey(key, unixSeconds + 2);
    return hexOf(key);
  }

  changeLists(): void {
    this.#allow(pick(this.#random, this.#infoHashes), chance(this.#random, 80));
    const infoHash = pick(this.#random, this.#infoHashes);
    const { blacklist } = this.#access();
    if (chance(this.#random, 70)) {
      assert.equal(blacklist.remove(wordsOf(infoHash), 0), this.#model.blacklist.delete(infoHash));
    } else {
      blacklist.set(wordsOf(infoHash), 0, 0);
      this.#model.blacklist.add(infoHash);
    }
  }

  /** A new key, or an old one for longer or not at all. Some end in the past. */
  changeKeys({ unixSeconds }: Moment): void {
    const random = this.#random;
    const fresh = this.#keys.length < MOST_KEYS;
    const key = fresh ? randomKey(random) : pick(random, this.#keys);
    if (fresh) this.#keys.push(key);
    if (chance(random, 15)) {
      assert.equal(this.#access().keys.remove(wordsOf(key), 0), this.#model.keys.delete(key));
      return;
    }
    const ends = chance(random, 40) ? 0 : Math.min(unixSeconds + between(random, -600, 200_000), 0xffffffff);
    this.#setKey(key, ends);
  }

  #setKey(key: string, ends: number): void {
    assert(this.#access().keys.set(wordsOf(key), 0, ends));
    this.#model.keys.set(key, ends);
  }

  #allow(infoHash: string, allowed: boolean): void {
    const { whitelist } = this.#access();
    if (allowed) this.#model.whitelist.add(infoHash);
    else this.#model.whitelist.delete(infoHash);
    change(whitelist, infoHash, allowed);
  }

  #access() {
    return pick(this.#random, this.#threads).tracker.access;
  }
}

function randomKey(random: Prng): string {
  return keyOf(randomBytes(random, 20), 0, 20);
}

function hexOf(key: string): string {
  return Array.from(bytesOf(key), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function change(list: HashSet, infoHash: string, listed: boolean): void {
  if (listed) assert(list.set(wordsOf(infoHash), 0, 0));
  else list.remove(wordsOf(infoHash), 0);
}
