/** What the parts of the program are built with, and how they say that they cannot be. */
import type { Clock } from "./base/clock.ts";
import { type Config, parseBindAddress } from "./config/config.ts";
import type { TrackerSetup } from "./tracker/setup.ts";
import type { Tracker } from "./tracker/tracker.ts";
import { type BindAddress, explainBindError, formatBindAddress } from "./transport/binding.ts";
import type { Libc, LibcUnavailable } from "./transport/linux_ffi.ts";
import type { Workers } from "./workers.ts";

/** The program cannot start as it is configured. The message is one line for the operator. */
export class StartError extends Error {}

export interface Building {
  readonly config: Config;
  readonly setup: TrackerSetup;
  /** The tracker of the main thread. */
  readonly tracker: Tracker;
  readonly clock: Clock;
  readonly libc: Libc | LibcUnavailable;
  readonly workers: Workers;
  /** The UDP sockets of the Linux backend, by file descriptor, while they are open. */
  readonly udpSockets: Set<number>;
  /** Aborted when the program begins to stop. */
  readonly stopping: AbortController;
  /** What undoes the building so far; done from the last to the first. */
  readonly stops: (() => Promise<void> | void)[];
}

/** A server that is on: its key in the configuration, such as `udp_server[0]`, and where it is to listen. */
export interface Block<T> {
  readonly name: string;
  readonly bind: BindAddress;
  readonly config: T;
}

/** The blocks of one kind that are on. */
export function enabledBlocks<T extends { readonly enabled: boolean; readonly bind_address: string }>(
  kind: string,
  blocks: readonly T[],
): Block<T>[] {
  return blocks.flatMap((config, i) => {
    const bind = parseBindAddress(config.bind_address);
    return config.enabled && bind !== undefined ? [{ name: `${kind}[${i}]`, bind, config }] : [];
  });
}

/** Runs what binds the address of a block; a failure becomes a StartError that names block and address. */
export function binding<T>(block: Block<unknown>, bind: () => T): T {
  try {
    return bind();
  } catch (error) {
    throw cannotListen(block, error);
  }
}

export function cannotListen(block: Block<unknown>, error: unknown): StartError {
  const address = formatBindAddress(block.bind);
  return new StartError(
    `${block.name}.bind_address: cannot listen on ${address}: ${explainBindError(error)}`,
  );
}

/** 32 secret random bits. */
export function random(): number {
  return crypto.getRandomValues(new Int32Array(1))[0];
}
