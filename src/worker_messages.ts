/** What the main thread and a Worker say to each other: only to start and to stop. */
import type { TrackerSetup } from "./tracker/setup.ts";
import type { HttpListener } from "./transport/http.ts";
import type { PortableUdpListener } from "./transport/udp_deno.ts";
import type { LinuxUdpSocket } from "./transport/udp_linux.ts";

/** The first message to a Worker. */
export interface WorkerStart {
  readonly setup: TrackerSetup;
  /** Its number among all threads, from 1; the main thread is 0. */
  readonly thread: number;
  /** 32 random bits. */
  readonly randomSeed: number;
  readonly work:
    /** Sockets of the Linux backend to answer on, one a server. They end by the stop flag in shared memory. */
    | { readonly kind: "udp"; readonly sockets: readonly LinuxUdpSocket[] }
    /** Listeners of the portable backend, in one Worker alone. They end by {@link STOP}. */
    | { readonly kind: "portable udp"; readonly listeners: readonly PortableUdpListener[] }
    /** Listeners that share their ports with other Workers. They end by {@link STOP}. */
    | { readonly kind: "http"; readonly listeners: readonly HttpListener[] };
}

export const STOP = "stop";

/** It serves; it cannot, or no longer, and why; it has ended. */
export type WorkerMessage = { readonly is: "ready" } | { readonly is: "failed"; readonly reason: string } | {
  readonly is: "stopped";
};
