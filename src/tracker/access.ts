/** Who may use the tracker, and for which torrents: keys, whitelist, blacklist. */
import { KEY_ABSENT, KEY_MALFORMED } from "../protocol/messages.ts";
import { ABSENT, HashSet, type HashSetMemory } from "../swarm/hash_set.ts";

/** Why a request is refused. Each protocol has its own words for these. */
export const ALLOWED = 0;
export const KEY_MISSING = 1;
export const KEY_INVALID = 2;
export const KEY_UNKNOWN = 3;
export const NOT_WHITELISTED = 4;
export const BLACKLISTED = 5;

export interface AccessRules {
  /** Only torrents on the whitelist. */
  readonly whitelist: boolean;
  /** No torrents on the blacklist. */
  readonly blacklist: boolean;
  /** Only clients with a key. */
  readonly keys: boolean;
}

export interface AccessMemory {
  readonly whitelist: HashSetMemory;
  readonly blacklist: HashSetMemory;
  readonly keys: HashSetMemory;
}

export class Access {
  readonly rules: AccessRules;
  readonly whitelist: HashSet;
  readonly blacklist: HashSet;
  /** Keys with the UNIX time at which they end, 0 for never. */
  readonly keys: HashSet;

  constructor(memory: AccessMemory, rules: AccessRules) {
    this.rules = rules;
    this.whitelist = new HashSet(memory.whitelist);
    this.blacklist = new HashSet(memory.blacklist);
    this.keys = new HashSet(memory.keys);
  }

  /**
   * Checks an announce. The key comes first, so that a stranger learns nothing about the lists; the whitelist before
   * the blacklist.
   */
  checkAnnounce(keyState: number, key: Int32Array, infoHash: Int32Array, unixSeconds: number): number {
    const refusal = this.checkKey(keyState, key, unixSeconds);
    if (refusal !== ALLOWED) return refusal;
    if (this.rules.whitelist && !this.whitelist.has(infoHash, 0)) return NOT_WHITELISTED;
    if (this.rules.blacklist && this.blacklist.has(infoHash, 0)) return BLACKLISTED;
    return ALLOWED;
  }

  /** Checks the key of a request. One whose time has come is unknown from that second on, swept or not. */
  checkKey(keyState: number, key: Int32Array, unixSeconds: number): number {
    if (!this.rules.keys) return ALLOWED;
    if (keyState === KEY_ABSENT) return KEY_MISSING;
    if (keyState === KEY_MALFORMED) return KEY_INVALID;
    const ends = this.keys.get(key, 0);
    return ends === ABSENT || (ends !== 0 && ends <= unixSeconds) ? KEY_UNKNOWN : ALLOWED;
  }
}
