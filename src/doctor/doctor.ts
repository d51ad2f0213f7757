/** `denotrack doctor`: checks the configuration and this host, and says what to change. Changes nothing itself. */
import type { Config, ConfigResult } from "../config/config.ts";
import { createSharedMemory, type SharedMemory } from "../tracker/shared.ts";
import { openLibc } from "../transport/linux_ffi.ts";
import { checkApiKeys, checkConfig, checkConfigFile } from "./config_checks.ts";
import { checkDatabase } from "./database_check.ts";
import { type Finding, linesOf, warning } from "./finding.ts";
import { readHost } from "./host.ts";
import {
  checkClock,
  checkConntrack,
  checkIpv6,
  checkMemory,
  checkOpenFiles,
  checkReceiveBuffer,
  checkSystemCalls,
  checkUser,
} from "./host_checks.ts";
import { checkAddresses, checkCertificates } from "./server_checks.ts";

export interface DoctorSource {
  readonly result: ConfigResult;
  /** The file of the configuration, and what to say of where it came from. */
  readonly file: string;
  readonly where: string;
}

/** The exit code: 0 when nothing wants to be changed, 1 otherwise. Prints each finding, and how many there are. */
export async function runDoctor(source: DoctorSource): Promise<0 | 1> {
  const findings = await examine(source);
  for (const line of findings.flatMap(linesOf)) console.log(line);
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  console.log(`${count("ok")} ok, ${count("warning")} to change, ${count("unknown")} unknown`);
  return count("warning") === 0 ? 0 : 1;
}

async function examine({ result, file, where }: DoctorSource): Promise<Finding[]> {
  if ("problems" in result) {
    return result.problems.map((problem) => warning("configuration", problem, "mend it, then ask again"));
  }
  const { config, warnings } = result;
  const libc = openLibc();
  const host = readHost(libc);
  try {
    return [
      ...checkConfig(where, warnings),
      ...checkConfigFile(file, modeOf(file)),
      ...checkApiKeys(config),
      ...await checkAddresses(config),
      ...checkCertificates(config, host.unixSeconds),
      await checkDatabase(config),
      ...checkUser(host),
      checkSystemCalls(host),
      ...checkReceiveBuffer(host, config),
      ...checkOpenFiles(host, config),
      ...checkConntrack(host, config),
      ...checkIpv6(host, config),
      ...checkMemory(host, config, reservedBytes(config)),
      ...checkClock(host, config),
    ];
  } finally {
    if (!("unavailable" in libc)) libc.unload();
  }
}

/** Windows has no such bits. */
function modeOf(file: string): number | undefined {
  try {
    return Deno.build.os === "windows" ? undefined : Deno.statSync(file).mode ?? undefined;
  } catch {
    return undefined;
  }
}

/** What the limits come to, found out by reserving it: that takes no memory. `undefined` when the system refuses. */
function reservedBytes(config: Config): number | undefined {
  const limits = {
    torrents: config.max_torrents,
    peers: config.max_peers,
    listEntries: config.max_list_entries,
    threads: 1,
  };
  try {
    return bytesOf(createSharedMemory(limits, config.persistence, () => 0));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function bytesOf(memory: SharedMemory | object): number {
  if (memory instanceof SharedArrayBuffer) return memory.byteLength;
  const parts = Object.values(memory).filter((part) => typeof part === "object" && part !== null);
  return parts.reduce((sum: number, part: object) => sum + bytesOf(part), 0);
}
