/** How many files and sockets this process may have open. */

import { type Libc, RLIMIT_NOFILE } from "./linux_ffi.ts";

/** `struct rlimit`: the soft and the hard limit, each 64 bits, low word first. */
const limits = new Uint32Array(4);

/** The soft limit on open files: the number of the highest file descriptor, plus one. */
export function readFileLimit(libc: Libc): number {
  return libc.getrlimit(RLIMIT_NOFILE, limits) === 0 ? limits[0] + limits[1] * 2 ** 32 : 1024;
}

/**
 * Raises the soft limit on open files to the hard one and returns the soft limit that holds afterwards. A process
 * needs no privilege for this. It matters because `Deno.serve` gives up its listener when a connection cannot be
 * accepted for want of a file descriptor: keep the connections allowed well below this number.
 */
export function raiseFileLimit(libc: Libc): number {
  if (libc.getrlimit(RLIMIT_NOFILE, limits) === 0) {
    limits.copyWithin(0, 2, 4);
    libc.setrlimit(RLIMIT_NOFILE, limits);
  }
  return readFileLimit(libc);
}
