/**
 * Files in which Linux tells of itself, below /proc and /sys. Deno reads these only with every permission, which this
 * program does not have; the C library, which it may call, can.
 */
import { ENOENT, errorText, type Libc, O_CLOEXEC, O_RDONLY } from "../transport/linux_ffi.ts";

/** Longer than any that is of interest. */
const MAX_BYTES = 65_536;

export type SystemFile =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "absent" }
  | { readonly is: "unreadable"; readonly reason: string };

export function readSystemFile(libc: Libc, path: string): SystemFile {
  const fd = libc.open(new TextEncoder().encode(`${path}\0`), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure(libc.errno());
  const bytes = new Uint8Array(MAX_BYTES);
  let length = 0;
  try {
    for (;;) {
      const count = libc.read(fd, bytes.subarray(length), BigInt(bytes.length - length));
      if (count < 0) return failure(libc.errno());
      if (count === 0) return { is: "text", text: new TextDecoder().decode(bytes.subarray(0, length)) };
      length += count;
    }
  } finally {
    libc.close(fd);
  }
}

function failure(errno: number): SystemFile {
  return errno === ENOENT ? { is: "absent" } : { is: "unreadable", reason: errorText(errno) };
}
