/**
 * The C library of Linux, called through Deno's foreign function interface. This is the only file that loads a
 * native library; everything in it is Linux on a 64-bit little-endian machine, where the numbers below hold.
 *
 * Two rules for every caller:
 * - Memory handed to the kernel by pointer (`Deno.UnsafePointer.of` written into a struct) is freed once its
 *   typed array is no longer reachable: keep every such array in an object that lives as long as the calls.
 * - `errno` belongs to the thread: open the library on the thread that calls it, and read `errno()` straight
 *   after the call that failed.
 */

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_TYPE = 3;
export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
/** Value: struct linger, two 32-bit integers (on, seconds); on with 0 seconds makes `close` reset at once. */
export const SO_LINGER = 13;
export const SO_REUSEPORT = 15;
/** Value: struct timeval, two 64-bit integers (seconds, microseconds). */
export const SO_RCVTIMEO = 20;
/** Value: struct timeval, two 64-bit integers (seconds, microseconds). */
export const SO_SNDTIMEO = 21;
export const SO_ACCEPTCONN = 30;
/** As SO_SNDBUF but above net.core.wmem_max; wants CAP_NET_ADMIN. */
export const SO_SNDBUFFORCE = 32;
/** As SO_RCVBUF but above net.core.rmem_max; wants CAP_NET_ADMIN. */
export const SO_RCVBUFFORCE = 33;
export const SO_PROTOCOL = 38;
export const SO_DOMAIN = 39;
export const SO_RXQ_OVFL = 40;
export const SO_INCOMING_CPU = 49;
/** Value: unsigned 32-bit integers; the ninth counts what was dropped for want of room. Since Linux 4.12. */
export const SO_MEMINFO = 55;

export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
/** Set: each datagram comes with where it was sent to. Control message of that type: struct in_pktinfo. */
export const IP_PKTINFO = 8;
export const IP_MTU_DISCOVER = 10;
export const IP_PMTUDISC_DONT = 0;
export const IP_PMTUDISC_PROBE = 3;
export const IPV6_V6ONLY = 26;
/** Set: each datagram comes with where it was sent to, in a control message with struct in6_pktinfo. */
export const IPV6_RECVPKTINFO = 49;
export const TCP_INFO = 11;

export const MSG_DONTWAIT = 0x40;
export const MSG_TRUNC = 0x20;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_WAITFORONE = 0x10000;

export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

export const POLLIN = 0x1;
export const POLLOUT = 0x4;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;

export const O_RDONLY = 0;
export const O_CLOEXEC = 0x80000;

export const F_GETFD = 1;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_DUPFD_CLOEXEC = 1030;
export const O_NONBLOCK = 0x800;

export const RLIMIT_NOFILE = 7;

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOTSOCK = 88;
export const EMSGSIZE = 90;
export const ENOPROTOOPT = 92;
export const EOPNOTSUPP = 95;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ENOTCONN = 107;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;

const ERROR_TEXTS: Record<number, string> = {
  [EPERM]: "EPERM: operation not permitted",
  [ENOENT]: "ENOENT: no such file",
  [EINTR]: "EINTR: interrupted by a signal",
  [EBADF]: "EBADF: bad file descriptor",
  [EAGAIN]: "EAGAIN: nothing there yet, or the time is up",
  [ENOMEM]: "ENOMEM: out of memory",
  [EACCES]: "EACCES: permission denied",
  [EFAULT]: "EFAULT: bad address",
  [EINVAL]: "EINVAL: invalid argument",
  [ENFILE]: "ENFILE: too many open files in the system",
  [EMFILE]: "EMFILE: too many open files in this process",
  [ENOTSOCK]: "ENOTSOCK: not a socket",
  [EMSGSIZE]: "EMSGSIZE: message too long",
  [ENOPROTOOPT]: "ENOPROTOOPT: no such socket option",
  [EOPNOTSUPP]: "EOPNOTSUPP: not supported by this kind of socket",
  [EAFNOSUPPORT]: "EAFNOSUPPORT: address family not supported",
  [EADDRINUSE]: "EADDRINUSE: address already in use",
  [EADDRNOTAVAIL]: "EADDRNOTAVAIL: address not available on this host",
  [ENETDOWN]: "ENETDOWN: network is down",
  [ENETUNREACH]: "ENETUNREACH: network is unreachable",
  [ECONNRESET]: "ECONNRESET: connection reset by peer",
  [ENOBUFS]: "ENOBUFS: no buffer space",
  [ENOTCONN]: "ENOTCONN: not connected",
  [ECONNREFUSED]: "ECONNREFUSED: connection refused",
  [EHOSTUNREACH]: "EHOSTUNREACH: host is unreachable",
};

/** An `errno` value in words, such as `EADDRINUSE: address already in use`; `errno 77` for a rare one. */
export function errorText(errno: number): string {
  return ERROR_TEXTS[errno] ?? `errno ${errno}`;
}

/**
 * Lengths that the kernel writes back (`socklen_t *`) are an Int32Array(1). `fcntl` and `open` are variadic in C,
 * which on both machines passes an integer argument as a fixed one does; `open` has its third one left out.
 */
const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "buffer"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  adjtimex: { parameters: ["buffer"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type AllSymbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
type Symbols = Omit<AllSymbols, "__errno_location" | "poll">;
type Poll = (fds: BufferSource, count: number, timeoutMs: number) => number;

/** The functions of libc that this program calls, by their C names; each returns -1 on failure. */
export interface Libc extends Symbols {
  /** `fds` is an array of struct pollfd; -1 as the timeout waits for ever. */
  poll: Poll;
  /** `errno` of this thread, to be read straight after the call that returned -1. */
  errno(): number;
  /** Unloads the library; nothing of this object may be called afterwards. */
  unload(): void;
}

/** Why the C library cannot be used here; a sentence without a full stop, for the log. */
export interface LibcUnavailable {
  unavailable: string;
}

/**
 * Opens the C library, or says why that is not possible here. Never prompts for a permission and never throws.
 * Opened once a thread: `errno()` is bound to the thread that called this.
 */
export function openLibc(): Libc | LibcUnavailable {
  const unavailable = unsupportedPlatform() ?? missingPermission();
  if (unavailable !== undefined) return { unavailable };
  const failures: string[] = [];
  for (const name of libraryNames()) {
    try {
      return attachLibc(Deno.dlopen(name, SYMBOLS));
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { unavailable: failures.join("; ") };
}

/** The whole permission is needed, not one path: reading `errno` by pointer names no path. */
function missingPermission(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  return state === "granted" ? undefined : "calling native libraries is not permitted (--allow-ffi)";
}

function unsupportedPlatform(): string | undefined {
  const { os, arch } = Deno.build;
  if (os !== "linux") return `the system is ${os}, not Linux`;
  if (arch !== "x86_64" && arch !== "aarch64") return `the processor is ${arch}, not x86_64 or aarch64`;
  const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  return littleEndian ? undefined : "the processor is big-endian";
}

/** glibc, then musl under the name of its loader, then musl under its plain name. */
function libraryNames(): string[] {
  return ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`, "libc.so"];
}

function attachLibc(library: Deno.DynamicLibrary<typeof SYMBOLS>): Libc {
  const { __errno_location: errnoLocation, ...symbols }: AllSymbols = library.symbols;
  const location = errnoLocation();
  if (location === null) {
    library.close();
    throw new Error("errno has no address");
  }
  const errnoView = new Deno.UnsafePointerView(location);
  return {
    ...symbols,
    // The declared type of a word of the machine is bigint, but a number is taken too and costs nothing to make.
    poll: symbols.poll as unknown as Poll,
    errno: () => errnoView.getInt32(),
    unload: () => library.close(),
  };
}
