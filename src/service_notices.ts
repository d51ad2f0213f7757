/**
 * What the program tells the service manager that started it, as systemd defines it (sd_notify(3)): that it is ready,
 * that it stops, what it is doing, and that it is well. Nothing happens where no manager has asked (NOTIFY_SOCKET).
 */
import { logger } from "./base/log.ts";
import type { Libc, LibcUnavailable } from "./transport/linux_ffi.ts";
import { sendUnixDatagram, unixSocketName } from "./transport/unix_datagram.ts";

/** How often the status is told where nobody waits for a sign of life. */
const STATUS_MILLISECONDS = 30_000;

const log = logger("denotrack");

type Send = (text: string) => void;

export class ServiceNotices {
  #send: Send | undefined;
  readonly #watchdogMilliseconds: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #readStatus: () => string = () => "";
  #isReady = false;

  /** `env` may have NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
  static open(
    libc: Libc | LibcUnavailable,
    env: Readonly<Record<string, string>>,
    pid: number,
  ): ServiceNotices {
    return new ServiceNotices(openSend(libc, env.NOTIFY_SOCKET), watchdogMilliseconds(env, pid));
  }

  private constructor(send: Send | undefined, watchdog: number | undefined) {
    this.#send = send;
    this.#watchdogMilliseconds = watchdog;
  }

  loading(): void {
    this.#send?.("STATUS=loading");
  }

  /**
   * All sockets serve. From now on the status is told from time to time and, as often as the manager wishes, a sign of
   * life, which is left out while `isWell` says no: the manager then starts the program anew.
   */
  ready(status: () => string, isWell: () => boolean): void {
    if (this.#send === undefined) return;
    this.#readStatus = status;
    this.#isReady = true;
    this.#send(`READY=1\nSTATUS=${status()}`);
    const watchdog = this.#watchdogMilliseconds;
    const tell = () => {
      const sign = watchdog !== undefined && isWell() ? "WATCHDOG=1\n" : "";
      this.#send?.(`${sign}STATUS=${this.#readStatus()}`);
    };
    // Twice in the time that the manager waits, as sd_watchdog_enabled(3) advises.
    this.#timer = setInterval(tell, watchdog === undefined ? STATUS_MILLISECONDS : watchdog / 2);
  }

  /** Tells that the program reloads, and when it has. */
  async reloading(reload: () => Promise<void>): Promise<void> {
    this.#send?.("RELOADING=1\nSTATUS=reloading the lists");
    await reload();
    if (this.#isReady) this.#send?.(`READY=1\nSTATUS=${this.#readStatus()}`);
  }

  /** The end begins. Signs of life go on until the process ends: a last save may take its time. */
  stopping(): void {
    this.#isReady = false;
    this.#readStatus = () => "stopping";
    this.#send?.("STOPPING=1\nSTATUS=stopping");
  }

  /** Tells nothing any more. */
  end(): void {
    clearInterval(this.#timer);
    this.#send = undefined;
  }
}

/** How to send, or `undefined` where nobody has asked or nobody can be reached; the log says so of the latter. */
function openSend(libc: Libc | LibcUnavailable, address: string | undefined): Send | undefined {
  if (address === undefined || address === "") return undefined;
  const name = unixSocketName(address);
  if (name === undefined) return warn(`expected a path or @name, found "${address}"`);
  if ("unavailable" in libc) return warn(libc.unavailable);
  let hasFailed = false;
  return (text) => {
    const trouble = sendUnixDatagram(libc, name, text);
    if (trouble !== undefined && !hasFailed) warn(trouble);
    hasFailed = trouble !== undefined;
  };
}

function warn(reason: string): undefined {
  log.warn(`the service manager cannot be told anything (NOTIFY_SOCKET): ${reason}`);
}

/** How long the manager waits for a sign of life; `undefined` when it wants none, or from another process. */
function watchdogMilliseconds(env: Readonly<Record<string, string>>, pid: number): number | undefined {
  if (env.WATCHDOG_PID !== undefined && env.WATCHDOG_PID !== String(pid)) return undefined;
  const microseconds = Number(env.WATCHDOG_USEC);
  return Number.isSafeInteger(microseconds) && microseconds > 0 ? microseconds / 1000 : undefined;
}
