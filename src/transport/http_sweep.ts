/**
 * Closes HTTP connections that nobody uses. `Deno.serve` closes none by itself: silent, half-sent and forgotten
 * ones stay until the process has no file descriptor left. So the process looks through its own sockets, asks the
 * kernel about those of its listeners, and shuts down the ones that `judge` finds wanting; Deno then sees the end
 * of the stream and lets go. No state is kept for a connection.
 */

import { type IpFamily, parseIp } from "../base/ip.ts";
import { readFileLimit } from "./file_limit.ts";
import {
  AF_INET,
  AF_INET6,
  F_DUPFD_CLOEXEC,
  IPPROTO_TCP,
  type Libc,
  POLLNVAL,
  SHUT_RDWR,
  SO_LINGER,
  SOL_SOCKET,
  TCP_INFO,
} from "./linux_ffi.ts";
import {
  type CloseReason,
  hasPendingData,
  idleMs,
  isListening,
  isLive,
  judge,
  type Patience,
  TCP_INFO_BYTES,
} from "./tcp_info.ts";

/** A listener whose connections are watched. Each address and port is given once, whatever listens on it. */
export interface SweptListener {
  /** The address that is bound, as text. A wildcard (`0.0.0.0`, `::`) takes in every address of its sockets. */
  hostname: string;
  port: number;
  /**
   * Above this number the most idle connections are closed, in the pass after the one that counted them. The ones
   * used within the last second are spared as long as the number is at most a quarter above.
   */
  maxConnections: number;
}

export interface SweepTimeouts {
  /** For a first request from the connect on, and for the rest of a request that was begun. */
  timeoutSeconds: number;
  /** Between the last bytes sent to a client and the next ones. Longer than any pause of an event stream. */
  keepAliveSeconds: number;
}

/** What one pass over all connections did. */
export interface SweepReport {
  /** Connections closed, by reason; `limit` is those above `maxConnections`. */
  closed: Record<CloseReason | "limit", number>;
  /** Connections left open, by listener. */
  open: number[];
  /** Time from the first slice of the pass to the last, in milliseconds. */
  passMs: number;
  /** Time spent working in it, in milliseconds. */
  workMs: number;
}

export interface HttpSweep {
  stop(): void;
  /** Connections of a listener that the last finished pass left open; 0 before the first one. */
  open(listenerIndex: number): number;
}

/** A slice of work is about this long, so that requests wait no longer for it. */
const SLICE_MS = 1;
const PAUSE_MS = 10;
/** The pause while a listener is above its limit: what a flood opens meanwhile is above it as well. */
const SHORT_PAUSE_MS = 4;
/** File descriptors looked at before the clock is read again. */
const DESCRIPTORS_A_LOOK = 16;
/** Passes begin so far apart: as the timeouts ask for, within these bounds, and longer if a pass is much work. */
const SHORTEST_INTERVAL_MS = 100;
const LONGEST_INTERVAL_MS = 1000;
const INTERVAL_MS_PER_WORK_MS = 25;
/** Descriptors asked for in one `poll`, and the gap of unused ones that ends a pass. */
const CHUNK = 256;
/** Every so many passes no gap ends it, in case there are sockets behind a wide one. */
const PASSES_A_FULL_ONE = 16;
/** A connection used less than this long ago goes only when its listener is a quarter above its limit. */
const FRESH_MS = 1000;
/** Eight buckets each time the idle time doubles: bucket 255 is reached after 2^32 ms. */
const IDLE_BUCKETS = 256;

/**
 * Starts to look after the connections of `listeners`: about one pass a second, or as often as takes a
 * twenty-fifth of one core when there are very many. `onReport` is called at the end of a pass that closed
 * something. Does not keep the process alive. Sees every thread's connections, so one sweep a process is enough.
 * Throws a TypeError if a hostname is not an IP address.
 */
export function startHttpSweep(
  libc: Libc,
  listeners: readonly SweptListener[],
  timeouts: SweepTimeouts = { timeoutSeconds: 15, keepAliveSeconds: 30 },
  onReport?: (report: SweepReport) => void,
): HttpSweep {
  const sweep = new Sweep(libc, listeners, timeouts, onReport);
  sweep.schedule(PAUSE_MS);
  return { stop: () => sweep.stop(), open: (index) => sweep.openCount(index) };
}

/** One watched listener: how its sockets are recognised, what was counted, what is above its limit. */
class Watched {
  readonly #firstWord: number;
  readonly #family: IpFamily;
  readonly #words = new Int32Array(4);
  readonly #wildcard: boolean;
  readonly maxConnections: number;
  /** Connections in the last finished pass; those that are shut down but not yet closed count as well. */
  open = 0;
  /** Connections seen in this pass: those shut down, those alive, and the latter by their idle time. */
  #ending = 0;
  #live = 0;
  readonly #idle = new Uint32Array(IDLE_BUCKETS);
  /** In this pass: connections in a bucket above this one go, and so many of those in it, and so many at all. */
  #evictAbove = IDLE_BUCKETS;
  #evictWithin = 0;
  #evictAtAll = 0;

  constructor(listener: SweptListener) {
    const family = parseIp(listener.hostname, this.#words);
    if (family === 0) throw new TypeError(`not an IP address: ${listener.hostname}`);
    this.#family = family;
    this.#wildcard = this.#words.every((word) => word === 0);
    this.maxConnections = listener.maxConnections;
    // struct sockaddr begins with the family in machine order and the port in network order.
    const port = (listener.port & 0xff) << 8 | listener.port >> 8;
    this.#firstWord = (family === 4 ? AF_INET : AF_INET6) | port << 16;
  }

  /** Whether a socket's own address is this listener's; `name` is a struct sockaddr_in or sockaddr_in6. */
  matches(name: Int32Array): boolean {
    if (name[0] !== this.#firstWord) return false;
    if (this.#wildcard) return true;
    if (this.#family === 4) return name[1] === this.#words[0];
    return name[2] === this.#words[0] && name[3] === this.#words[1] && name[4] === this.#words[2] &&
      name[5] === this.#words[3];
  }

  count(idle: number): void {
    this.#live++;
    this.#idle[idleBucket(idle)]++;
  }

  /** A connection that is shut down: it holds a descriptor, but closing others will not make it go faster. */
  countEnding(): void {
    this.#ending++;
  }

  /**
   * Whether a connection is among the most idle ones above the limit; `idle` is as of the last pass, but only to
   * a tick of the kernel (some milliseconds), so it may have changed buckets.
   */
  takeEviction(idle: number): boolean {
    if (this.#evictAtAll === 0) return false;
    const bucket = idleBucket(idle);
    if (bucket < this.#evictAbove) return false;
    if (bucket === this.#evictAbove) {
      if (this.#evictWithin === 0) return false;
      this.#evictWithin--;
    }
    this.#evictAtAll--;
    return true;
  }

  /** Ends the pass: finds out which connections the next one has to close to come down to the limit. */
  finishPass(): void {
    let excess = this.#live - this.maxConnections;
    let bucket = IDLE_BUCKETS;
    this.#evictAtAll = 0;
    while (excess > 0 && bucket > 0) {
      if (bucket === FRESH_BUCKETS) excess -= Math.floor(this.maxConnections / 4);
      bucket--;
      const taken = Math.max(Math.min(this.#idle[bucket], excess), 0);
      this.#evictAtAll += taken;
      this.#evictWithin = taken;
      excess -= taken;
    }
    this.#evictAbove = bucket;
    this.open = this.#live + this.#ending;
    this.#live = 0;
    this.#ending = 0;
    this.#idle.fill(0);
  }
}

/** Connections in the buckets below this number are fresh. */
const FRESH_BUCKETS = idleBucket(FRESH_MS);

function idleBucket(idle: number): number {
  return idle <= 0 ? 0 : Math.min(Math.floor(Math.log2(idle + 1) * 8), IDLE_BUCKETS - 1);
}

class Sweep {
  readonly #libc: Libc;
  readonly #watched: readonly Watched[];
  readonly #patience: Patience;
  readonly #passIntervalMs: number;
  readonly #onReport: ((report: SweepReport) => void) | undefined;

  // Memory for the kernel to write into; it lives as long as this object.
  readonly #pollFds = new Int32Array(2 * CHUNK);
  readonly #name = new Int32Array(7);
  readonly #length = new Int32Array(1);
  readonly #info = new Uint32Array(TCP_INFO_BYTES / 4);
  readonly #lingerZero = new Int32Array([1, 0]);

  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  #pauseMs = PAUSE_MS;
  #passes = 0;
  #nextFd = 0;
  #fdLimit = 0;
  #highestFd = 0;
  #lastHighestFd = 0;
  #passStart = 0;
  #sinceLastPassMs = 0;
  #workMs = 0;
  #infoBytes = 0;
  #closed = noneClosed();

  constructor(
    libc: Libc,
    listeners: readonly SweptListener[],
    timeouts: SweepTimeouts,
    onReport: ((report: SweepReport) => void) | undefined,
  ) {
    this.#libc = libc;
    this.#watched = listeners.map((listener) => new Watched(listener));
    this.#patience = {
      timeoutMs: timeouts.timeoutSeconds * 1000,
      keepAliveMs: timeouts.keepAliveSeconds * 1000,
    };
    const shortest = Math.min(this.#patience.timeoutMs, this.#patience.keepAliveMs);
    this.#passIntervalMs = Math.min(Math.max(shortest / 4, SHORTEST_INTERVAL_MS), LONGEST_INTERVAL_MS);
    this.#onReport = onReport;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  openCount(listenerIndex: number): number {
    return this.#watched[listenerIndex]?.open ?? 0;
  }

  schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#runSlice(), delayMs);
    Deno.unrefTimer(this.#timer);
  }

  #runSlice(): void {
    const start = performance.now();
    if (this.#nextFd === 0) this.#beginPass(start);
    const deadline = start + SLICE_MS;
    do {
      this.#scanChunk(deadline);
    } while (!this.#isPassDone() && performance.now() < deadline);
    const now = performance.now();
    this.#workMs += now - start;
    this.schedule(this.#isPassDone() ? this.#finishPass(now) : this.#pauseMs);
  }

  #beginPass(now: number): void {
    this.#sinceLastPassMs = this.#passStart === 0 ? 0 : now - this.#passStart;
    this.#passStart = now;
    this.#fdLimit = readFileLimit(this.#libc);
    this.#lastHighestFd = this.#highestFd;
    this.#highestFd = 0;
    this.#workMs = 0;
  }

  /** The kernel gives out the lowest free number, so used ones lie close together but for what was closed since. */
  #isPassDone(): boolean {
    if (this.#nextFd >= this.#fdLimit) return true;
    const full = this.#passes % PASSES_A_FULL_ONE === 0;
    return !full && this.#nextFd > Math.max(this.#highestFd, this.#lastHighestFd) + CHUNK;
  }

  /** Ends the pass and returns how long to wait for the next one, in milliseconds. */
  #finishPass(now: number): number {
    for (const watched of this.#watched) watched.finishPass();
    const overLimit = this.#watched.some((watched) => watched.open > watched.maxConnections);
    this.#pauseMs = overLimit ? SHORT_PAUSE_MS : PAUSE_MS;
    this.#report(now - this.#passStart);
    this.#passes++;
    this.#nextFd = 0;
    if (overLimit) return SHORT_PAUSE_MS;
    const interval = Math.max(this.#passIntervalMs, this.#workMs * INTERVAL_MS_PER_WORK_MS);
    return Math.max(this.#passStart + interval - now, PAUSE_MS);
  }

  #report(passMs: number): void {
    const closed = this.#closed;
    if (closed.unanswered + closed.idle + closed.partial + closed.slow + closed.limit === 0) return;
    this.#closed = noneClosed();
    this.#onReport?.({
      closed,
      open: this.#watched.map((watched) => watched.open),
      passMs,
      workMs: this.#workMs,
    });
  }

  /** Looks at the next descriptors until the chunk or the time is over. */
  #scanChunk(deadline: number): void {
    const first = this.#nextFd;
    const count = Math.min(CHUNK, this.#fdLimit - first);
    this.#pollDescriptors(first, count);
    for (let i = 0; i < count; i++) {
      if (this.#pollFds[2 * i + 1] >> 16 & POLLNVAL) continue;
      this.#highestFd = first + i;
      this.#visit(first + i);
      if (i % DESCRIPTORS_A_LOOK === DESCRIPTORS_A_LOOK - 1 && performance.now() >= deadline) {
        this.#nextFd = first + i + 1;
        return;
      }
    }
    this.#nextFd = first + count;
  }

  /** One call tells which of many numbers are in use, for a twentieth of the price of asking for each. */
  #pollDescriptors(first: number, count: number): void {
    // struct pollfd: the descriptor, then 16 bits of wanted events (none) and 16 bits of what the kernel found.
    for (let i = 0; i < count; i++) {
      this.#pollFds[2 * i] = first + i;
      this.#pollFds[2 * i + 1] = 0;
    }
    this.#libc.poll(this.#pollFds, count, 0);
  }

  #visit(fd: number): void {
    const watched = this.#identify(fd);
    if (watched === undefined) return;
    if (!isLive(this.#info)) return watched.countEnding();
    const idle = idleMs(this.#info);
    const reason = judge(this.#info, this.#infoBytes, this.#patience) ??
      (watched.takeEviction(idle - this.#sinceLastPassMs) ? "limit" : undefined);
    if (reason !== undefined && this.#close(fd, watched)) this.#closed[reason]++;
    else watched.count(idle);
  }

  /** The listener that a descriptor is a connection of, with what the kernel knows of it in `#info`. */
  #identify(fd: number): Watched | undefined {
    this.#length[0] = 28;
    if (this.#libc.getsockname(fd, this.#name, this.#length) !== 0) return undefined;
    for (const watched of this.#watched) {
      if (!watched.matches(this.#name)) continue;
      this.#length[0] = TCP_INFO_BYTES;
      // A UDP socket of the same address and port fails here.
      if (this.#libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, this.#info, this.#length) !== 0) return undefined;
      this.#infoBytes = this.#length[0];
      return isListening(this.#info) ? undefined : watched;
    }
    return undefined;
  }

  /**
   * Shuts the connection down. Another thread might have closed the descriptor and opened something else under its
   * number since it was looked at, so a duplicate is made, which holds on to the socket, and looked at again.
   */
  #close(fd: number, watched: Watched): boolean {
    const libc = this.#libc;
    const held = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0);
    // Without a free number there is no duplicate. Then too closing is better than not closing.
    const target = held < 0 ? fd : held;
    const same = this.#identify(target) === watched;
    if (same) {
      // An answer that the client does not take would stay in the kernel's memory after the close: reset instead.
      if (hasPendingData(this.#info, this.#infoBytes)) {
        libc.setsockopt(target, SOL_SOCKET, SO_LINGER, this.#lingerZero, 8);
      }
      libc.shutdown(target, SHUT_RDWR);
    }
    if (held >= 0) libc.close(held);
    return same;
  }
}

function noneClosed(): SweepReport["closed"] {
  return { unanswered: 0, idle: 0, partial: 0, slow: 0, limit: 0 };
}
