/**
 * The counters. Each thread has a stripe of shared memory that only it writes, so counting is a plain addition; who
 * reads adds the stripes up.
 */

/** Every counter by name; the number is its place in a stripe. */
export const COUNTER = {
  tcp4_connections_handled: 0,
  tcp4_api_handled: 1,
  tcp4_announces_handled: 2,
  tcp4_scrapes_handled: 3,
  tcp6_connections_handled: 4,
  tcp6_api_handled: 5,
  tcp6_announces_handled: 6,
  tcp6_scrapes_handled: 7,
  udp4_connections_handled: 8,
  udp4_announces_handled: 9,
  udp4_scrapes_handled: 10,
  udp6_connections_handled: 11,
  udp6_announces_handled: 12,
  udp6_scrapes_handled: 13,
  /** Announces refused, by reason. */
  refused_not_whitelisted: 14,
  refused_blacklisted: 15,
  refused_key: 16,
  /** Announces answered but not stored, for want of room. */
  full_torrents: 17,
  full_peers: 18,
  /** Datagrams that nobody sent who speaks the protocol; wrong connection ids; requests that make no sense. */
  udp_junk: 19,
  udp_bad_connection_id: 20,
  udp_bad_request: 21,
  http_bad_request: 22,
  /** Answers that the system would not send. */
  udp_send_errors: 23,
  /** Times that a socket failed to receive. */
  udp_receive_errors: 24,
} as const;

export type CounterName = keyof typeof COUNTER;

/** From the IPv4 counter of a pair to the IPv6 one. */
export const TCP6 = COUNTER.tcp6_connections_handled - COUNTER.tcp4_connections_handled;
export const UDP6 = COUNTER.udp6_connections_handled - COUNTER.udp4_connections_handled;

/**
 * A stripe is a multiple of two cache lines, so that threads do not disturb each other. Its end is for histograms: see
 * `latency.ts`.
 */
export const STRIPE_COUNTERS = 64;

/** Reserves the stripes of that many threads. */
export function createStatsMemory(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * STRIPE_COUNTERS * 8);
}

/** One thread's stripe: add to `counters[COUNTER.…]`. */
export function attachCounters(memory: SharedArrayBuffer, thread: number): Float64Array {
  return new Float64Array(memory, thread * STRIPE_COUNTERS * 8, STRIPE_COUNTERS);
}

/** A stripe that nobody reads, for a tracker that is to keep no statistics. */
export function detachedCounters(): Float64Array {
  return new Float64Array(STRIPE_COUNTERS);
}

/** The sum of a counter over all threads. */
export function readCounter(memory: SharedArrayBuffer, name: CounterName): number {
  const all = new Float64Array(memory);
  let sum = 0;
  for (let at = COUNTER[name]; at < all.length; at += STRIPE_COUNTERS) sum += all[at];
  return sum;
}

/** All counters, summed over all threads. */
export function readCounters(memory: SharedArrayBuffer): Record<CounterName, number> {
  const names = Object.keys(COUNTER) as CounterName[];
  return Object.fromEntries(names.map((name) => [name, readCounter(memory, name)])) as Record<
    CounterName,
    number
  >;
}
