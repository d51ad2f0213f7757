/** Checks of what the host allows. Each is a function of the host and the configuration, and of nothing else. */
import { enabledBlocks } from "../building.ts";
import type { Config } from "../config/config.ts";
import { connectionsWithin, filesFor } from "../transport/file_limit.ts";
import { RECEIVE_BUFFER_BYTES } from "../transport/udp_linux.ts";
import { type Finding, ok, unknown, warning } from "./finding.ts";
import type { Host } from "./host.ts";

/** A table of the firewall that holds this many has room for the clients of half a minute. */
const CONNTRACK_ENTRIES = 1_048_576;

/** A clock before this program was written is wrong. */
const EARLIEST_UNIX_SECONDS = Date.UTC(2026, 0, 1) / 1000;

const MEBIBYTE = 1024 * 1024;

/** Linux alone has the backend that answers in batches. */
export function checkSystemCalls({ system, noSystemCalls }: Host): Finding {
  const subject = "system calls";
  if (noSystemCalls === undefined) {
    return ok(subject, "can be made: UDP in batches, idle HTTP connections are closed");
  }
  const effect = "UDP is slower, idle HTTP connections stay open";
  return system === "linux"
    ? warning(subject, `${noSystemCalls}: ${effect}`, "start with --allow-ffi, on x86_64 or aarch64")
    : ok(subject, `${noSystemCalls}: ${effect}; put a reverse proxy in front of HTTP`);
}

/** Root is granted what the user of a service is not. */
export function checkUser({ isRoot }: Host): Finding[] {
  return isRoot
    ? [
      unknown(
        "user",
        "root may more than the user of the tracker: ask again as that user, or in its container",
      ),
    ]
    : [];
}

export function checkReceiveBuffer({ system, receiveBuffer }: Host, config: Config): Finding[] {
  const subject = "receive buffer";
  if (udpPorts(config).length === 0) return [];
  if (config.udp_backend === "portable" || system !== "linux") {
    return [unknown(subject, "the portable backend has what the system gives (net.core.rmem_default)")];
  }
  if (receiveBuffer === undefined) return [unknown(subject, "the system does not tell what it grants")];
  const granted = `${mebibytes(receiveBuffer)} of ${mebibytes(RECEIVE_BUFFER_BYTES)} MiB granted`;
  if (receiveBuffer >= RECEIVE_BUFFER_BYTES) return [ok(subject, granted)];
  return [warning(
    subject,
    `${granted}: datagrams are dropped when many come at once`,
    `sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}`,
    `echo net.core.rmem_max=${RECEIVE_BUFFER_BYTES} > /etc/sysctl.d/60-denotrack.conf`,
  )];
}

/** What the hard limit allows: the program raises the soft one by itself. */
export function checkOpenFiles({ system, openFiles }: Host, config: Config): Finding[] {
  const subject = "open files";
  const blocks = [
    ...enabledBlocks("http_server", config.http_server),
    ...enabledBlocks("api_server", config.api_server),
  ];
  if (blocks.length === 0) return [];
  if (openFiles === undefined) {
    return [unknown(subject, `${system} does not tell how many this process may have`)];
  }
  const wanted = Math.max(...blocks.map(({ config }) => config.max_connections));
  if (connectionsWithin(openFiles, blocks.length) >= wanted) {
    return [ok(subject, `${openFiles} allowed, enough for max_connections`)];
  }
  const files = filesFor(wanted, blocks.length);
  return [warning(
    subject,
    `${openFiles} allowed, ${files} wanted for max_connections = ${wanted} in ${blocks.length} blocks`,
    `ulimit -Hn ${files}`,
    `LimitNOFILE=${files} in the unit; --ulimit nofile=${files} for a container`,
  )];
}

/**
 * Every client of a UDP tracker is a connection to a firewall with states. Whether its rules leave the tracker out is for
 * root to see, so a table that is neither large nor filling up is no news, good or bad.
 */
export function checkConntrack({ system, conntrack }: Host, config: Config): Finding[] {
  const subject = "conntrack";
  const ports = udpPorts(config);
  if (ports.length === 0 || system !== "linux") return [];
  if (conntrack === undefined) return [unknown(subject, "the system does not tell of its table")];
  if (conntrack === "absent") return [ok(subject, "not loaded")];
  const { count, max } = conntrack;
  if (count === 0) return [ok(subject, "follows no connections here")];
  const found = `${count} of ${max} entries taken, each client over UDP takes one`;
  if (count > max / 2) {
    return [
      warning(subject, `${found}; when it is full, datagrams are dropped`, ...conntrackRemedies(ports)),
    ];
  }
  if (max >= CONNTRACK_ENTRIES) return [ok(subject, found)];
  const question = `${found}, unless rules leave them out: nft list ruleset | grep notrack`;
  return [unknown(subject, question, ...conntrackRemedies(ports))];
}

function conntrackRemedies(ports: readonly number[]): string[] {
  const set = ports.length === 1 ? ports[0] : `{ ${ports.join(", ")} }`;
  return [
    "either no entries for the tracker:",
    "nft add table inet denotrack",
    "nft 'add chain inet denotrack in { type filter hook prerouting priority raw; }'",
    "nft 'add chain inet denotrack out { type filter hook output priority raw; }'",
    `nft 'add rule inet denotrack in udp dport ${set} notrack'`,
    `nft 'add rule inet denotrack out udp sport ${set} notrack'`,
    "or a larger table:",
    `sysctl -w net.netfilter.nf_conntrack_max=${CONNTRACK_ENTRIES}`,
  ];
}

/** Whether the clients of both families find somebody. */
export function checkIpv6({ ipv6Addresses }: Host, config: Config): Finding[] {
  const subject = "IPv6";
  const kinds = ["udp_server", "http_server"] as const;
  const missing = kinds.flatMap((kind) => {
    const binds = enabledBlocks<Config["udp_server"][number]>(kind, config[kind]).map(({ bind }) => bind);
    const all = binds.filter(({ hostname }) => hostname === "0.0.0.0").map(({ port }) => port);
    const isThere = binds.some(({ hostname }) => hostname.includes(":"));
    return all.length > 0 && !isThere ? [{ kind, port: all[0] }] : [];
  });
  if (ipv6Addresses === undefined) return [unknown(subject, "the system does not tell its addresses")];
  if (ipv6Addresses.length === 0) return [ok(subject, "this machine has no global address")];
  if (missing.length === 0) return [ok(subject, `this machine has ${ipv6Addresses[0]}`)];
  return [warning(
    subject,
    `this machine has ${ipv6Addresses[0]}, and nobody listens there`,
    ...missing.map(({ kind, port }) => `in the configuration: [[${kind}]] bind_address = "[::]:${port}"`),
  )];
}

/** `reserved` are the bytes that all limits together may come to; `undefined` when they cannot be reserved. */
export function checkMemory(host: Host, config: Config, reserved: number | undefined): Finding[] {
  const subject = "memory";
  const limits = `max_torrents = ${config.max_torrents}, max_peers = ${config.max_peers}, ` +
    `max_list_entries = ${config.max_list_entries}`;
  if (reserved === undefined) {
    return [warning(
      subject,
      `the system does not let this program reserve what ${limits} want`,
      "sysctl -w vm.overcommit_memory=1",
      "ulimit -v unlimited",
      "or lower these limits",
    )];
  }
  if (host.memory === undefined) return [unknown(subject, "the system does not tell how much it has")];
  const whose = host.isMemoryLimited ? "this container or service may have" : "this machine has";
  const found = `${mebibytes(reserved)} MiB when all is full, ${whose} ${mebibytes(host.memory)} MiB`;
  if (reserved < host.memory) return [ok(subject, found)];
  const share = host.memory * 0.8 / reserved;
  return [warning(
    subject,
    `${limits}: ${found}`,
    ...(["max_torrents", "max_peers", "max_list_entries"] as const).map((key) =>
      `in the configuration: ${key} = ${Math.max(1024, Math.floor(config[key] * share / 1024) * 1024)}`
    ),
  )];
}

/** Keys and certificates end by the clock of the system. */
export function checkClock({ unixSeconds, isClockSynchronized }: Host, config: Config): Finding[] {
  const subject = "clock";
  if (unixSeconds < EARLIEST_UNIX_SECONDS) {
    return [warning(subject, `${new Date(unixSeconds * 1000).toISOString()}`, "timedatectl set-ntp true")];
  }
  if (isClockSynchronized === undefined) return [unknown(subject, "the system does not tell who sets it")];
  if (isClockSynchronized) return [ok(subject, "set right by the system")];
  return config.keys
    ? [warning(subject, "nobody sets it right, and keys end by it", "timedatectl set-ntp true")]
    : [ok(subject, "nobody sets it right; only keys would need that")];
}

function udpPorts(config: Config): number[] {
  const ports = enabledBlocks("udp_server", config.udp_server).map(({ bind }) => bind.port);
  return [...new Set(ports)];
}

function mebibytes(bytes: number): string {
  return String(Math.round(bytes / MEBIBYTE * 10) / 10);
}
