import assert from "node:assert/strict";
import { KEY_ABSENT, KEY_MALFORMED, KEY_PRESENT } from "../../src/protocol/messages.ts";
import {
  Access,
  type AccessRules,
  ALLOWED,
  BLACKLISTED,
  KEY_INVALID,
  KEY_MISSING,
  KEY_UNKNOWN,
  NOT_WHITELISTED,
} from "../../src/tracker/access.ts";
import { createTestTracker } from "../support/test_tracker.ts";

const KEY = Int32Array.of(1, 2, 3, 4, 5);
const HASH = Int32Array.of(6, 7, 8, 9, 10);
const NOW = 1_700_000_000;

function accessWith(rules: Partial<AccessRules>): Access {
  return createTestTracker(rules).tracker.access;
}

Deno.test("with no rules everything is allowed", () => {
  const access = accessWith({});
  access.blacklist.set(HASH, 0, 0);
  for (const state of [KEY_ABSENT, KEY_MALFORMED, KEY_PRESENT]) {
    assert.equal(access.checkAnnounce(state, KEY, HASH, NOW), ALLOWED);
    assert.equal(access.checkKey(state, KEY, NOW), ALLOWED);
  }
});

Deno.test("the order of checks: key, whitelist, blacklist", () => {
  const access = accessWith({ keys: true, whitelist: true, blacklist: true });
  const check = (state: number) => access.checkAnnounce(state, KEY, HASH, NOW);
  access.blacklist.set(HASH, 0, 0);
  assert.equal(check(KEY_ABSENT), KEY_MISSING);
  assert.equal(check(KEY_MALFORMED), KEY_INVALID);
  assert.equal(check(KEY_PRESENT), KEY_UNKNOWN);
  access.keys.set(KEY, 0, 0);
  assert.equal(check(KEY_ABSENT), KEY_MISSING, "the key of a request before counts for nothing");
  assert.equal(check(KEY_PRESENT), NOT_WHITELISTED);
  access.whitelist.set(HASH, 0, 0);
  assert.equal(check(KEY_PRESENT), BLACKLISTED);
  access.blacklist.remove(HASH, 0);
  assert.equal(check(KEY_PRESENT), ALLOWED);
});

Deno.test("a key is good up to its last second, and for ever with 0", () => {
  const access = accessWith({ keys: true });
  access.keys.set(KEY, 0, NOW);
  assert.equal(access.checkKey(KEY_PRESENT, KEY, NOW - 1), ALLOWED);
  assert.equal(access.checkKey(KEY_PRESENT, KEY, NOW), KEY_UNKNOWN);
  assert.equal(access.checkKey(KEY_PRESENT, KEY, NOW + 1), KEY_UNKNOWN);
  access.keys.set(KEY, 0, 0);
  assert.equal(access.checkKey(KEY_PRESENT, KEY, 2 ** 32), ALLOWED);
});

Deno.test("a key may end after 2038", () => {
  const access = accessWith({ keys: true });
  const ends = 2 ** 32 - 1;
  access.keys.set(KEY, 0, ends);
  assert.equal(access.checkKey(KEY_PRESENT, KEY, ends - 1), ALLOWED);
  assert.equal(access.checkKey(KEY_PRESENT, KEY, ends), KEY_UNKNOWN);
});

Deno.test("what one thread puts on a list, another sees", () => {
  const { memory, tracker } = createTestTracker({ whitelist: true });
  const other = new Access(memory.access, tracker.settings);
  assert.equal(other.checkAnnounce(KEY_ABSENT, KEY, HASH, NOW), NOT_WHITELISTED);
  tracker.access.whitelist.set(HASH, 0, 0);
  assert.equal(other.checkAnnounce(KEY_ABSENT, KEY, HASH, NOW), ALLOWED);
});
