/** The scrape of everything, for operators who allow it: made piece by piece while it is sent. */
import { BencodeWriter } from "../protocol/bencode.ts";
import { closeScrapeReply, openScrapeReply, writeScrapeEntry } from "../protocol/http_reply.ts";
import { SHARDS } from "../swarm/layout.ts";
import type { SwarmStore } from "../swarm/store.ts";

/** Buckets, so about as many torrents, for which a shard is locked at once. */
const BUCKETS_A_PIECE = 512;

/** A response with all torrents of the store. It is chunked, since nobody knows its length beforehand. */
export function fullScrape(store: SwarmStore): Response {
  const writer = new BencodeWriter(64 * 1024);
  const place = { shard: 0, bucket: 0 };
  openScrapeReply(writer);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      writePiece(store, writer, place);
      const done = place.shard === SHARDS;
      if (done) closeScrapeReply(writer);
      controller.enqueue(writer.take());
      writer.clear();
      if (done) controller.close();
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/plain", "cache-control": "no-store, no-transform" },
  });
}

/** Writes torrents until there is something to send or nothing left, and moves the place on. */
function writePiece(
  store: SwarmStore,
  writer: BencodeWriter,
  place: { shard: number; bucket: number },
): void {
  const entry = new Int32Array(5);
  const bytes = new Uint8Array(entry.buffer);
  while (place.shard < SHARDS && writer.length < 32 * 1024) {
    const next = store.visitTorrents(place.shard, place.bucket, BUCKETS_A_PIECE, (torrent) => {
      for (let i = 0; i < 5; i++) entry[i] = torrent.words[torrent.at + i];
      writeScrapeEntry(writer, bytes, 0, torrent.seeders, torrent.completed, torrent.leechers);
    });
    place.bucket = Math.max(next, 0);
    if (next < 0) place.shard++;
  }
}
