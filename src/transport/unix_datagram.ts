/** Datagrams to a Unix socket of another program, by a name in the file system or an abstract one (Linux, unix(7)). */
import {
  AF_UNIX,
  errorText,
  type Libc,
  MSG_NOSIGNAL,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./linux_ffi.ts";

/** struct sockaddr_un: the family, then the path. */
const FAMILY_BYTES = 2;
const MAX_PATH_BYTES = 108;

/** Who does not read is not waited for any longer. */
const SEND_MILLISECONDS = 1000;

/**
 * struct sockaddr_un of a socket: `/run/x` is a path, `@x` an abstract name. `undefined` for what names no Unix socket,
 * or one whose name is too long.
 */
export function unixSocketName(address: string): Uint8Array<ArrayBuffer> | undefined {
  const isAbstract = address.startsWith("@");
  if (!isAbstract && !address.startsWith("/")) return undefined;
  // An abstract name begins with a zero byte and is as long as it is; a path ends with one.
  const path = new TextEncoder().encode(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (path.length > MAX_PATH_BYTES || address.length < 2) return undefined;
  const name = new Uint8Array(FAMILY_BYTES + path.length);
  name[0] = AF_UNIX;
  name.set(path, FAMILY_BYTES);
  return name;
}

/** Sends one datagram. Gives what went wrong, in words; `undefined` when it was taken. */
export function sendUnixDatagram(
  libc: Libc,
  name: Uint8Array<ArrayBuffer>,
  text: string,
): string | undefined {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errorText(libc.errno());
  // struct timeval: seconds, microseconds, each of 64 bits.
  const limit = Int32Array.of(0, 0, (SEND_MILLISECONDS - 1) * 1000, 0);
  libc.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, limit, limit.byteLength);
  const bytes = new TextEncoder().encode(text);
  const sent = libc.sendto(fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL, name, name.length);
  const trouble = sent < 0 ? errorText(libc.errno()) : undefined;
  libc.close(fd);
  return trouble;
}
