/** How many files and sockets this process may have open. */

import { type Libc, RLIMIT_NOFILE } from "./linux_ffi.ts";

/** File descriptors for everything but connections: databases, UDP, libraries. */
const RESERVED_FILES = 100;

/** The share of the rest that connections may take. */
const CONNECTIONS_SHARE = 0.9;

/** `struct rlimit`: the soft and the hard limit, each 64 bits, low word first. */
const limits = new Uint32Array(4);

/** The soft limit on open files: the number of the highest file descriptor, plus one. */
export function readFileLimit(libc: Libc): number {
  return libc.getrlimit(RLIMIT_NOFILE, limits) === 0 ? limits[0] + limits[1] * 2 ** 32 : 1024;
}

/** As far as the soft limit may be raised. */
export function readHardFileLimit(libc: Libc): number {
  return libc.getrlimit(RLIMIT_NOFILE, limits) === 0 ? limits[2] + limits[3] * 2 ** 32 : 1024;
}

/**
 * The most connections that each of some listeners may keep open: a process without file descriptors can accept nobody,
 * so some are held back.
 */
export function connectionsWithin(files: number, listeners: number): number {
  return Math.max(Math.floor((files * CONNECTIONS_SHARE - RESERVED_FILES) / listeners), 1);
}

/** The open files that as many connections on each of some listeners take. */
export function filesFor(connections: number, listeners: number): number {
  return Math.ceil((connections * listeners + RESERVED_FILES) / CONNECTIONS_SHARE);
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
