/**
 * The peers of all swarms in a file, so that they outlive a restart.
 *
 * The file is int32 words, little-endian: a header, then blocks, each with its length in words, a CRC-32 and that many
 * words; a block of length zero with the number of peers ends it. A block holds pieces of swarms: info hash (5 words),
 * numbers of IPv4 and IPv6 peers, then the peers, each as the store keeps it, with its age in place of the time.
 */
import { crc32 } from "node:zlib";
import { COLD_WORDS, HOT_WORDS_IPV4, HOT_WORDS_IPV6, KEY_WORDS, SHARDS } from "../swarm/layout.ts";
import { readPeer } from "../swarm/peer_record.ts";
import type { PeerSet } from "../swarm/peer_set.ts";
import type { SwarmStore, TorrentView } from "../swarm/store.ts";

/** "denotrack peers\n" as four words. */
const MAGIC = new Int32Array(new TextEncoder().encode("denotrack peers\n").buffer);
const VERSION = 1;
/** Magic (4), version, nothing, then the UNIX time of writing as a float64. */
const HEADER_WORDS = 8;
const HEADER_VERSION = 4;
const HEADER_TIME = 6;

/** A block is written when it has come to this length, so it is never much longer. */
const BLOCK_WORDS = 1 << 18;
const MAX_BLOCK_WORDS = BLOCK_WORDS + 64;
const BLOCK_HEADER_WORDS = 2;

/** A piece of a swarm begins with its info hash and the numbers of its peers. */
const PIECE_WORDS = KEY_WORDS + 2;
const PIECE_COUNTS = KEY_WORDS;

/** Buckets of the store that are locked at once while it is written. */
const BUCKETS_A_STEP = 256;

/** Why a state file is not used: it is none of ours, or ours but not whole. One line for the operator. */
export class StateFileError extends Error {
  readonly isForeign: boolean;

  constructor(message: string, isForeign: boolean) {
    super(message);
    this.isForeign = isForeign;
  }
}

export interface Moment {
  /** Seconds since the start, as the store counts. */
  readonly seconds: number;
  readonly unixSeconds: number;
}

/**
 * Writes all peers to `path`, by way of a temporary file beside it, so that there is always a whole file. Gives their
 * number. Throws what the file system throws.
 */
export function writeStateFile(path: string, store: SwarmStore, now: Moment): number {
  const temporary = `${path}.new`;
  const file = Deno.openSync(temporary, { write: true, create: true, truncate: true, mode: 0o600 });
  try {
    const writer = new StateWriter(file, now);
    for (let shard = 0; shard < SHARDS; shard++) {
      for (let bucket = 0; bucket >= 0;) {
        bucket = store.visitTorrents(shard, bucket, BUCKETS_A_STEP, (torrent) => writer.add(torrent));
        writer.flushIfLong();
      }
    }
    const peers = writer.finish();
    file.syncSync();
    Deno.renameSync(temporary, path);
    return peers;
  } finally {
    file.close();
  }
}

/**
 * Puts the peers of a state file into the store, those not older than `timeoutSeconds`, and gives their number. The
 * whole file is checked first: with a StateFileError nothing was put in. Throws `Deno.errors.NotFound` without a file.
 */
export function readStateFile(path: string, store: SwarmStore, now: Moment, timeoutSeconds: number): number {
  const file = Deno.openSync(path, { read: true });
  try {
    const reader = new StateReader(file, path);
    reader.readHeader();
    while (reader.nextBlock() !== undefined);
    file.seekSync(0, Deno.SeekMode.Start);
    const away = Math.max(now.unixSeconds - reader.readHeader(), 0);
    const restorer = new Restorer(store, now.seconds, timeoutSeconds - away, away);
    for (let block = reader.nextBlock(); block !== undefined; block = reader.nextBlock()) {
      restorer.restore(block);
    }
    return restorer.restored;
  } finally {
    file.close();
  }
}

class StateWriter {
  readonly #file: Deno.FsFile;
  readonly #seconds: number;
  #block = new Int32Array(BLOCK_WORDS * 2);
  #length = BLOCK_HEADER_WORDS;
  #piece = 0;
  #peers = 0;

  constructor(file: Deno.FsFile, now: Moment) {
    this.#file = file;
    this.#seconds = now.seconds;
    const header = new Int32Array(HEADER_WORDS);
    header.set(MAGIC);
    header[HEADER_VERSION] = VERSION;
    new Float64Array(header.buffer)[HEADER_TIME / 2] = now.unixSeconds;
    writeWords(file, header);
  }

  add(torrent: TorrentView): void {
    if (torrent.seeders + torrent.leechers === 0) return;
    this.#beginPiece(torrent);
    torrent.visitPeers((set, index) => {
      if (this.#length >= BLOCK_WORDS) {
        this.#flush();
        this.#beginPiece(torrent);
      }
      this.#addPeer(set, index);
    });
  }

  flushIfLong(): void {
    if (this.#length >= BLOCK_WORDS) this.#flush();
  }

  finish(): number {
    this.#flush();
    writeWords(this.#file, Int32Array.of(0, this.#peers));
    return this.#peers;
  }

  #beginPiece(torrent: TorrentView): void {
    this.#reserve(PIECE_WORDS);
    this.#piece = this.#length;
    for (let i = 0; i < KEY_WORDS; i++) this.#block[this.#length++] = torrent.words[torrent.at + i];
    this.#block[this.#length++] = 0;
    this.#block[this.#length++] = 0;
  }

  #addPeer({ arena }: PeerSet, index: number): void {
    const { hot, cold, hotWords, isIpv4 } = arena;
    this.#reserve(hotWords + COLD_WORDS);
    const block = this.#block;
    for (let i = 0; i < hotWords; i++) block[this.#length + i] = hot[index * hotWords + i];
    const portAndTime = this.#length + hotWords - 1;
    const age = (this.#seconds - (block[portAndTime] >>> 16)) & 0xffff;
    block[portAndTime] = (block[portAndTime] & 0xffff) | (age << 16);
    this.#length += hotWords;
    for (let i = 0; i < COLD_WORDS; i++) block[this.#length + i] = cold[index * COLD_WORDS + i];
    this.#length += COLD_WORDS;
    block[this.#piece + PIECE_COUNTS + (isIpv4 ? 0 : 1)]++;
    this.#peers++;
  }

  #reserve(words: number): void {
    if (this.#length + words <= this.#block.length) return;
    const grown = new Int32Array(this.#block.length * 2);
    grown.set(this.#block);
    this.#block = grown;
  }

  #flush(): void {
    const words = this.#length - BLOCK_HEADER_WORDS;
    if (words === 0) return;
    this.#block[0] = words;
    this.#block[1] = crc32(bytesOf(this.#block.subarray(BLOCK_HEADER_WORDS, this.#length)));
    writeWords(this.#file, this.#block.subarray(0, this.#length));
    this.#length = BLOCK_HEADER_WORDS;
  }
}

class StateReader {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  #peers = 0;

  constructor(file: Deno.FsFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** Gives the UNIX time at which the file was written. */
  readHeader(): number {
    this.#peers = 0;
    const header = new Int32Array(HEADER_WORDS);
    if (!this.#fill(header) || MAGIC.some((word, i) => header[i] !== word)) {
      throw new StateFileError(`${this.#path}: not a state file of denotrack`, true);
    }
    if (header[HEADER_VERSION] !== VERSION) {
      const found = header[HEADER_VERSION];
      throw new StateFileError(`${this.#path}: expected version ${VERSION}, found version ${found}`, true);
    }
    return new Float64Array(header.buffer)[HEADER_TIME / 2];
  }

  /** The words of the next block, or undefined after the last. */
  nextBlock(): Int32Array | undefined {
    const [length, check] = this.#take(BLOCK_HEADER_WORDS);
    if (length === 0 && check === this.#peers) return undefined;
    if (length <= 0 || length > MAX_BLOCK_WORDS) throw this.#damaged();
    const block = this.#take(length);
    if ((crc32(bytesOf(block)) | 0) !== check) throw this.#damaged();
    this.#peers += countPeers(block) ?? NaN;
    return block;
  }

  #take(words: number): Int32Array<ArrayBuffer> {
    const taken = new Int32Array(words);
    if (!this.#fill(taken)) throw this.#damaged();
    return taken;
  }

  #fill(words: Int32Array<ArrayBuffer>): boolean {
    const bytes = bytesOf(words);
    for (let at = 0; at < bytes.length;) {
      const read = this.#file.readSync(bytes.subarray(at));
      if (read === null) return false;
      at += read;
    }
    return true;
  }

  #damaged(): StateFileError {
    return new StateFileError(`${this.#path}: damaged: a part of it is missing or changed`, false);
  }
}

/** The peers of a block, or undefined when its pieces do not fill it. */
function countPeers(block: Int32Array): number | undefined {
  let peers = 0;
  let at = 0;
  while (at < block.length) {
    const [ipv4, ipv6] = [block[at + PIECE_COUNTS], block[at + PIECE_COUNTS + 1]];
    if (!(ipv4 >= 0 && ipv6 >= 0)) return undefined;
    peers += ipv4 + ipv6;
    at += PIECE_WORDS + ipv4 * (HOT_WORDS_IPV4 + COLD_WORDS) + ipv6 * (HOT_WORDS_IPV6 + COLD_WORDS);
  }
  return at === block.length ? peers : undefined;
}

/** Puts the peers of blocks into the store. */
class Restorer {
  readonly #store: SwarmStore;
  readonly #seconds: number;
  readonly #oldest: number;
  readonly #away: number;
  readonly #peer = {
    infoHash: new Int32Array(KEY_WORDS),
    peerId: new Int32Array(KEY_WORDS),
    address: new Int32Array(4),
    amounts: new Int32Array(6),
    port: 0,
    event: 0,
    isIpv4: true,
    wanted: 0,
  };
  restored = 0;

  /** `oldest` is the age at writing up to which a peer still counts; `away` the seconds since. */
  constructor(store: SwarmStore, seconds: number, oldest: number, away: number) {
    this.#store = store;
    this.#seconds = seconds;
    this.#oldest = oldest;
    this.#away = away;
  }

  restore(block: Int32Array): void {
    for (let at = 0; at < block.length;) {
      const [ipv4, ipv6] = [block[at + PIECE_COUNTS], block[at + PIECE_COUNTS + 1]];
      for (let i = 0; i < KEY_WORDS; i++) this.#peer.infoHash[i] = block[at + i];
      at += PIECE_WORDS;
      this.#restoreFamily(block, at, ipv4, HOT_WORDS_IPV4);
      at += ipv4 * (HOT_WORDS_IPV4 + COLD_WORDS);
      this.#restoreFamily(block, at, ipv6, HOT_WORDS_IPV6);
      at += ipv6 * (HOT_WORDS_IPV6 + COLD_WORDS);
    }
  }

  #restoreFamily(block: Int32Array, from: number, count: number, hotWords: number): void {
    for (let i = 0; i < count; i++) {
      const at = from + i * (hotWords + COLD_WORDS);
      const age = block[at + hotWords - 1] >>> 16;
      if (age > this.#oldest) continue;
      this.#peer.isIpv4 = hotWords === HOT_WORDS_IPV4;
      readPeer(block, at, block, at + hotWords, hotWords, this.#peer);
      if (this.#store.restorePeer(this.#peer, this.#seconds - age - this.#away)) this.restored++;
    }
  }
}

function bytesOf(words: Int32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function writeWords(file: Deno.FsFile, words: Int32Array<ArrayBuffer>): void {
  const bytes = bytesOf(words);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
