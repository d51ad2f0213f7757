/**
 * The time, read in one place so that everything else takes it as an argument.
 *
 * Ages of peers and connection ids come from a monotonic clock, so that an operator who sets the system's clock does
 * not expire every peer; only key timeouts are UNIX time. All threads count from the same `origin`.
 */
export interface Clock {
  /** Whole seconds since the program started, never going back. */
  seconds(): number;
  /** Milliseconds since the program started, with a fraction. */
  milliseconds(): number;
  /** UNIX time in whole seconds. */
  unixSeconds(): number;
}

/** The origin for {@link createClock}, taken once by the first thread. */
export function clockOrigin(): number {
  return performance.timeOrigin + performance.now();
}

export function createClock(origin: number): Clock {
  const base = performance.timeOrigin - origin;
  const milliseconds = () => Math.max(0, base + performance.now());
  return {
    milliseconds,
    seconds: () => Math.trunc(milliseconds() / 1000),
    unixSeconds: () => Math.trunc(Date.now() / 1000),
  };
}
