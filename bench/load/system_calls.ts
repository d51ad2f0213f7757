/** What the load calls in libc and the tracker does not, so that its own list of functions stays short. Linux. */

const SYMBOLS = {
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // Lengths are of the machine's width, but these fit 32 bits, which spares making big integers.
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  usleep: { parameters: ["u32"], result: "i32" },
  sched_setscheduler: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
} as const;

const SCHED_FIFO = 1;
const PRIORITY = 50;

export type SystemCalls = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

export function openSystemCalls(): SystemCalls {
  return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/** struct sockaddr_in of 127.0.0.`host`. */
export function loopbackAddress(host: number, port: number): Int32Array<ArrayBuffer> {
  const AF_INET = 2;
  const networkPort = ((port & 0xff) << 8) | (port >> 8);
  return Int32Array.of(AF_INET | (networkPort << 16), (host << 24) | 127, 0, 0);
}

/**
 * Puts this thread before all others, so that nothing but the machine itself delays it. False where that is not
 * permitted (it wants CAP_SYS_NICE).
 */
export function goFirst(calls: SystemCalls): boolean {
  return calls.sched_setscheduler(0, SCHED_FIFO, Int32Array.of(PRIORITY)) === 0;
}

/** Keeps this thread on one core. */
export function stayOnCore(calls: SystemCalls, core: number): void {
  calls.sched_setaffinity(0, 8n, Int32Array.of(1 << core, 0));
}
