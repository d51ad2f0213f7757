import assert from "node:assert/strict";
import { seededTest } from "../support/seeded.ts";
import { CheckedStore, ROOM } from "./checked_store.ts";
import { LEECHER, STOPPED } from "./model.ts";
import { writeInfoHash } from "./numbered_peers.ts";

const BATCH = 64;
/** Info hashes that differ in their first word. */
const TORRENTS = Array.from({ length: 4096 }, (_, i) => (i + 1) * 5);
/** Some torrents are the third or a later one of their bucket, to which reading ahead does not come. */
const SEEN_SHARE = 0.85;

for (const isIpv4 of [true, false]) {
  seededTest(`an announce over IPv${isIpv4 ? 4 : 6} finds what was read ahead for it`, (random) => {
    const checked = new CheckedStore(ROOM, true, random.next());
    const readAhead = checked.store.readAhead(BATCH);
    const hashes = new Int32Array(BATCH * 5);
    const places = Int32Array.from({ length: BATCH }, (_, i) => i * 5);
    const firstWords = TORRENTS.map((torrent) => {
      checked.announce(torrent, torrent, isIpv4, LEECHER, 0, 0);
      return (checked.peer.address[0] + checked.peer.peerId[0]) | 0;
    });

    let seen = 0;
    TORRENTS.forEach((torrent, i) => {
      writeInfoHash(torrent, hashes.subarray(0, 5));
      const sum = readAhead.read(hashes, places, 1, isIpv4);
      if (sum === firstWords[i]) seen++;
      assert.equal(readAhead.read(hashes, places, 1, !isIpv4), 0);
    });
    assert(seen > TORRENTS.length * SEEN_SHARE, `${seen} of ${TORRENTS.length}`);

    let alone = 0;
    for (let i = 0; i < BATCH; i++) {
      writeInfoHash(TORRENTS[i], hashes.subarray(i * 5, i * 5 + 5));
      alone = (alone + readAhead.read(hashes, places.subarray(i), 1, isIpv4)) | 0;
    }
    assert.equal(readAhead.read(hashes, places, BATCH, isIpv4), alone);

    for (const torrent of TORRENTS) checked.announce(torrent, torrent, isIpv4, STOPPED, 0, 1);
    assert.equal(readAhead.read(hashes, places, BATCH, isIpv4), 0);
    checked.compare();
  });
}
