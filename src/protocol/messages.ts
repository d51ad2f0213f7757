/**
 * What a client asks, in the one form that UDP and HTTP both turn it into. Hashes, ids and addresses are int32 words
 * as they lie in memory, in the order of the wire; a thread makes one request and uses it for every datagram.
 */

/** `event` of an announce, in the numbers of BEP 15. */
export const NONE = 0;
export const COMPLETED = 1;
export const STARTED = 2;
export const STOPPED = 3;
/** BEP 21: a partial seed, which wants no peers. */
export const PAUSED = 4;

/** Whether a tracker key came with the request. */
export const KEY_ABSENT = 0;
export const KEY_PRESENT = 1;
export const KEY_MALFORMED = 2;

/** A key is 20 bytes, written as 40 hexadecimal digits. */
export const KEY_BYTES = 20;

export class AnnounceRequest {
  readonly infoHash = new Int32Array(5);
  readonly peerId = new Int32Array(5);
  /** IPv4 in the first word, or IPv6 in four. */
  readonly address = new Int32Array(4);
  /** Bytes left, uploaded, downloaded: low word, high word each. */
  readonly amounts = new Int32Array(6);
  readonly key = new Int32Array(5);
  keyState = KEY_ABSENT;
  isIpv4 = true;
  /** As sent: the first byte is the low one. 0 when nobody can connect to the peer. */
  port = 0;
  event = NONE;
  /** Peers wanted: −1 for as many as the tracker gives by default. */
  wanted = -1;
  /** HTTP only: peers as bytes (BEP 23), or as dictionaries. */
  compact = true;
  /** HTTP only: dictionaries without peer ids. */
  noPeerId = false;

  /** The same memory as bytes. */
  readonly infoHashBytes = new Uint8Array(this.infoHash.buffer);
  readonly peerIdBytes = new Uint8Array(this.peerId.buffer);
  readonly keyBytes = new Uint8Array(this.key.buffer);
}
