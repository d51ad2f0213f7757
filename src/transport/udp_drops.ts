/** What the kernel dropped because a UDP socket's receive buffer was full. */
import { type Libc, type LibcUnavailable, SO_MEMINFO, SOL_SOCKET } from "./linux_ffi.ts";

const MEMINFO_WORDS = 9;
const MEMINFO_DROPS = 8;

/**
 * Datagrams dropped at these sockets since they were opened, 32 bits a socket; −1 where the system does not tell or
 * there is no socket.
 */
export function readUdpDrops(libc: Libc | LibcUnavailable, sockets: Iterable<number>): number {
  if ("unavailable" in libc) return -1;
  const words = new Uint32Array(MEMINFO_WORDS);
  const length = new Int32Array(1);
  let drops = -1;
  for (const socket of sockets) {
    length[0] = words.byteLength;
    if (libc.getsockopt(socket, SOL_SOCKET, SO_MEMINFO, words, length) < 0) continue;
    if (length[0] < words.byteLength) continue;
    drops = Math.max(drops, 0) + words[MEMINFO_DROPS];
  }
  return drops;
}
