/**
 * What the kernel knows of one TCP connection, and what follows from it: whether a client of a server that
 * answers every request at once is still worth its file descriptor.
 */

/** Bytes of `struct tcp_info` that are read, up to `tcpi_bytes_sent`. An older kernel fills in fewer. */
export const TCP_INFO_BYTES = 208;

/** Why a connection is closed. */
export type CloseReason = "unanswered" | "idle" | "partial" | "slow";

/** How long a client may take, in milliseconds. */
export interface Patience {
  /** For its first request from the connect on, or for the rest of a request it has begun. */
  timeoutMs: number;
  /** Between the last bytes sent to it and the next ones. */
  keepAliveMs: number;
}

/** Values of `tcpi_state` (net/tcp_states.h) in which the connection is still the client's. */
const ESTABLISHED = 1;
const CLOSE_WAIT = 8;
const LISTEN = 10;

/** Indices of 32-bit words in `struct tcp_info` (linux/tcp.h); 64-bit counters lie low word first. */
const UNACKED = 24 / 4;
const LAST_DATA_SENT = 44 / 4;
const LAST_DATA_RECEIVED = 52 / 4;
const BYTES_ACKED = 120 / 4;
const NOT_SENT_BYTES = 144 / 4;
const BUSY_MICROSECONDS = 168 / 4;
const BYTES_SENT = 200 / 4;

/** Data that came this soon after our own belong to it: protocol chatter, or a request that crossed the answer. */
const CROSSED_MS = 1000;
/** A client that takes less than this of an answer that waits for it is not reading in earnest. */
const SLOWEST_BYTES_PER_SECOND = 1024;

export function isListening(info: Uint32Array): boolean {
  return (info[0] & 0xff) === LISTEN;
}

/** Whether the connection still is one: neither a listener nor shut down and waiting for its last words. */
export function isLive(info: Uint32Array): boolean {
  const state = info[0] & 0xff;
  return state === ESTABLISHED || state === CLOSE_WAIT;
}

/**
 * Milliseconds since bytes were last sent to the client, or since the connection was made if none were. The kernel
 * starts this clock at the end of the TCP handshake, so it needs no memory of ours.
 */
export function idleMs(info: Uint32Array): number {
  return info[LAST_DATA_SENT];
}

/** Whether bytes written to the connection have not arrived at the client. */
export function hasPendingData(info: Uint32Array, infoBytes: number): boolean {
  return info[UNACKED] > 0 || (infoBytes >= 148 && info[NOT_SENT_BYTES] > 0);
}

/**
 * Whether the connection should be closed now, and why; `info` holds `infoBytes` bytes of `struct tcp_info`.
 *
 * - `unanswered`: nothing was ever sent to it and its time for a first request is over, however busily it drips.
 * - `idle`: nothing was sent for the keep-alive time. A reader that has stopped reading ends here too, since what
 *   waits for it is not being sent.
 * - `partial`: it began another request and then fell silent.
 * - `slow`: it keeps an answer waiting by taking a few bytes at a time.
 *
 * In TLS the handshake counts as sent: a client that stalls in or after it is `idle` or `partial`.
 */
export function judge(info: Uint32Array, infoBytes: number, patience: Patience): CloseReason | undefined {
  if (!isLive(info)) return undefined;
  const sent = info[LAST_DATA_SENT];
  const received = info[LAST_DATA_RECEIVED];
  if (!wasAnswered(info, infoBytes)) return sent >= patience.timeoutMs ? "unanswered" : undefined;
  if (sent >= patience.keepAliveMs) return "idle";
  if (received >= patience.timeoutMs && sent - received >= CROSSED_MS) return "partial";
  return isSlow(info, infoBytes, patience) ? "slow" : undefined;
}

/** Kernels before 4.19 do not count bytes sent, only bytes acknowledged. */
function wasAnswered(info: Uint32Array, infoBytes: number): boolean {
  if (infoBytes >= BYTES_SENT * 4 + 8) return counter(info, BYTES_SENT) > 0;
  return infoBytes < BYTES_ACKED * 4 + 8 || info[UNACKED] > 0 || counter(info, BYTES_ACKED) > 0;
}

/** Judged by the whole life of the connection, so a bad minute on a good connection does not end it. */
function isSlow(info: Uint32Array, infoBytes: number, patience: Patience): boolean {
  if (infoBytes < BUSY_MICROSECONDS * 4 + 8 || info[NOT_SENT_BYTES] === 0) return false;
  const busySeconds = counter(info, BUSY_MICROSECONDS) / 1e6;
  if (busySeconds * 1000 < 2 * patience.keepAliveMs) return false;
  return counter(info, BYTES_ACKED) < busySeconds * SLOWEST_BYTES_PER_SECOND;
}

function counter(info: Uint32Array, index: number): number {
  return info[index] + info[index + 1] * 2 ** 32;
}
