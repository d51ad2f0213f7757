/** What the doctor knows of the host, as plain values: gathered here, judged by the checks. */
import { readHardFileLimit } from "../transport/file_limit.ts";
import type { Libc, LibcUnavailable } from "../transport/linux_ffi.ts";
import { grantedReceiveBuffer } from "../transport/udp_linux.ts";
import { readSystemFile } from "./system_file.ts";

/** `undefined` is what this system does not tell. */
export interface Host {
  /** As `Deno.build.os`. */
  readonly system: string;
  readonly isRoot: boolean;
  /** Why system calls cannot be made; `undefined` when they can. */
  readonly noSystemCalls: string | undefined;
  /** Bytes that a UDP socket gets for requests that wait, of those it asks for. */
  readonly receiveBuffer: number | undefined;
  /** Open files that a process may have, at most. */
  readonly openFiles: number | undefined;
  /** Connections in the table of the firewall: how many there are and may be. `absent` when there is no such table. */
  readonly conntrack: { readonly count: number; readonly max: number } | "absent" | undefined;
  /** Global IPv6 addresses of this machine. */
  readonly ipv6Addresses: readonly string[] | undefined;
  /** Memory of the machine, or what a container or service may have of it, in bytes. */
  readonly memory: number | undefined;
  /** Whether `memory` is the limit of a container or service. */
  readonly isMemoryLimited: boolean;
  readonly unixSeconds: number;
  /** Whether the system keeps its clock right. */
  readonly isClockSynchronized: boolean | undefined;
}

/** `adjtimex` says so of a clock that nobody sets right (adjtimex(2)). */
const TIME_ERROR = 5;
const TIMEX_BYTES = 208;

const CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack_";
const CGROUPS = "/sys/fs/cgroup";

export function readHost(libc: Libc | LibcUnavailable): Host {
  const machine = {
    system: Deno.build.os,
    isRoot: Deno.uid() === 0,
    ipv6Addresses: globalIpv6(),
    unixSeconds: Math.trunc(Date.now() / 1000),
  };
  const total = attempt(() => Deno.systemMemoryInfo().total);
  if ("unavailable" in libc) {
    return {
      ...machine,
      noSystemCalls: libc.unavailable,
      receiveBuffer: undefined,
      openFiles: undefined,
      conntrack: undefined,
      memory: total,
      isMemoryLimited: false,
      isClockSynchronized: undefined,
    };
  }
  const limit = cgroupMemory(libc);
  const isMemoryLimited = limit !== undefined && (total === undefined || limit < total);
  return {
    ...machine,
    noSystemCalls: undefined,
    receiveBuffer: grantedReceiveBuffer(libc),
    openFiles: readHardFileLimit(libc),
    conntrack: readConntrack(libc),
    memory: isMemoryLimited ? limit : total,
    isMemoryLimited,
    isClockSynchronized: readClock(libc),
  };
}

function readConntrack(libc: Libc): Host["conntrack"] {
  const max = readSystemFile(libc, `${CONNTRACK}max`);
  if (max.is === "absent") return "absent";
  const count = readSystemFile(libc, `${CONNTRACK}count`);
  return max.is === "text" && count.is === "text"
    ? { count: Number(count.text), max: Number(max.text) }
    : undefined;
}

/** The lowest limit of the control groups that this process is in; `undefined` where none is set. */
function cgroupMemory(libc: Libc): number | undefined {
  const own = readSystemFile(libc, "/proc/self/cgroup");
  if (own.is !== "text") return undefined;
  const limits = memoryLimitFiles(own.text).map((path) => {
    const file = readSystemFile(libc, path);
    return file.is === "text" ? Number(file.text) : NaN;
  }).filter((bytes) => bytes > 0);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/**
 * Where the limits are that hold for a process with this /proc/self/cgroup: in its group and in all that it lies in.
 * Version 2 has one tree, version 1 one for memory alone.
 */
export function memoryLimitFiles(cgroup: string): string[] {
  return cgroup.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    const isSecond = controllers === "";
    if (!isSecond && !controllers.split(",").includes("memory")) return [];
    const [root, name] = isSecond ? [CGROUPS, "memory.max"] : [`${CGROUPS}/memory`, "memory.limit_in_bytes"];
    const parts = path.split("/").filter((part) => part !== "" && part !== "..");
    return parts.concat("").map((_, i) => [root, ...parts.slice(0, i), name].join("/"));
  });
}

function readClock(libc: Libc): boolean | undefined {
  const state = libc.adjtimex(new Uint8Array(TIMEX_BYTES));
  return state < 0 ? undefined : state !== TIME_ERROR;
}

function globalIpv6(): string[] | undefined {
  return attempt(() =>
    Deno.networkInterfaces().map(({ address }) => address).filter((address) =>
      /^[23][0-9a-f]{3}:/.test(address)
    )
  );
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
