// A network of the tests' own: nothing in it reaches the machine's network, and it vanishes with its last process.
//
// Why it is needed: Transmission drops peers with a loopback address (libtransmission/net.c, `isMartianAddr`), so two
// Transmissions never meet on 127.0.0.1 or ::1. Inside, the loopback device carries ordinary addresses as well.

import { type Program, repositoryRoot, watchProgram, withTimeLimit } from "./program.ts";

/** Addresses of the namespace: the tracker's, and one for each client so that a mixed-up address shows. */
export const trackerIPv4 = "10.77.0.1";
export const seederIPv4 = "10.77.0.2";
export const leecherIPv4 = "10.77.0.3";
/**
 * From the documentation prefix rather than fd00::/8, and with a default route: Transmission opens its IPv6 UDP socket
 * only when it finds a global address (2000::/3) and a route to the world. The route ends in the loopback device.
 */
export const trackerIPv6 = "2001:db8:77::1";
export const seederIPv6 = "2001:db8:77::2";
export const leecherIPv6 = "2001:db8:77::3";
/**
 * A name for `trackerIPv6`, known only inside: Transmission 3.00 hands `[2001:db8:77::1]` of a udp:// URL to its name
 * resolver with the brackets on, and fails; a name works.
 */
export const trackerIPv6Name = "tracker6.test";

export interface NetworkNamespace {
  /** The same command, started inside. The process id stays that of the program itself. */
  inside(command: readonly string[]): string[];
  stop(): Promise<void>;
}

const setUp = `
set -e
ip link set lo up
for address in ${trackerIPv4} ${seederIPv4} ${leecherIPv4}; do ip addr add $address/32 dev lo; done
for address in ${trackerIPv6} ${seederIPv6} ${leecherIPv6}; do ip addr add $address/128 dev lo nodad; done
ip -6 route add default dev lo
printf '127.0.0.1 localhost\\n${trackerIPv6} ${trackerIPv6Name}\\n' > "$1"
mount --bind "$1" /etc/hosts
echo ready
exec cat
`;

/** `directory` receives a file and must outlive the namespace. */
export async function startNamespace(directory: string): Promise<NetworkNamespace> {
  // The keeper ends when its standard input closes: also when the tests die without a goodbye.
  const child = new Deno.Command("unshare", {
    args: ["--net", "--mount", "sh", "-c", setUp, "keeper", `${directory}/hosts`],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const keeper: Program = watchProgram("the namespace's keeper", child);
  await keeper.waitForOutput((output) => output.includes("ready\n"), 10_000);
  return {
    inside: (command) => [
      // The keeper's root too: without it, entering its mounts would leave a chroot in which the tests run.
      ...["nsenter", `--target=${child.pid}`, "--net", "--mount", "--root", `--wdns=${repositoryRoot}`],
      ...command,
    ],
    stop: async () => {
      await withTimeLimit(child.stdin.close(), 1_000);
      await keeper.stop();
    },
  };
}
