/** Where servers listen, and whether they can. */
/** An IP address and a port, 0 for one that the system picks. */
export interface BindAddress {
  readonly hostname: string;
  readonly port: number;
}

/** `1.2.3.4:6969` or `[::1]:6969`, as in the configuration and in URLs. */
export function formatBindAddress({ hostname, port }: BindAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/**
 * Whether a server must share its port by `SO_REUSEPORT` or `SO_REUSEADDR`: Deno's sockets for `[::]` take in IPv4 as
 * well, so `[::]:6969` and `0.0.0.0:6969` stand side by side only if both say that they share. Linux then gives IPv4
 * to the IPv4 one.
 */
export function sharesPort(bind: BindAddress, all: readonly BindAddress[]): boolean {
  const others = all.filter((other) => other.port === bind.port && other.hostname !== bind.hostname);
  const wildcard = bind.hostname === "::" || others.some((other) => other.hostname === "::");
  return bind.port !== 0 && others.length > 0 && wildcard;
}

/** Throws what Deno throws when the TCP port is taken: sharing would hide that another program has it. */
export function probeTcp(bind: BindAddress): void {
  Deno.listen({ transport: "tcp", hostname: bind.hostname, port: bind.port }).close();
}

/** Throws what Deno throws when a certificate chain and a private key (PEM) are no good, or not a pair. */
export function probeTls(
  { hostname }: BindAddress,
  tls: { readonly cert: string; readonly key: string },
): void {
  Deno.listenTls({ hostname, port: 0, ...tls }).close();
}

/** Throws what Deno throws when the UDP port is taken. */
export function probeUdp(bind: BindAddress): void {
  Deno.listenDatagram({ transport: "udp", hostname: bind.hostname, port: bind.port }).close();
}

/** A port for a Worker to listen on. */
export interface HeldPort {
  /** With the real port. */
  readonly bind: BindAddress;
  /** Whether it is held until it is released, by a socket that others may stand beside. */
  readonly isHeld: boolean;
  release(): void;
}

/** Picks a TCP port where the system is to pick one. */
export function holdTcpPort(bind: BindAddress): HeldPort {
  const { hostname, port } = bind;
  return hold(bind, () => Deno.listen({ transport: "tcp", hostname, port, reusePort: true }));
}

/** Picks a UDP port where the system is to pick one. */
export function holdUdpPort(bind: BindAddress): HeldPort {
  const { hostname, port } = bind;
  return hold(bind, () => Deno.listenDatagram({ transport: "udp", hostname, port, reuseAddress: true }));
}

/** On Linux nobody else can get the port before the Worker listens; elsewhere sockets cannot stand side by side. */
function hold(bind: BindAddress, open: () => { readonly addr: Deno.Addr; close(): void }): HeldPort {
  if (bind.port !== 0) return { bind, isHeld: false, release: () => {} };
  const socket = open();
  const picked = { hostname: bind.hostname, port: (socket.addr as Deno.NetAddr).port };
  if (Deno.build.os === "linux") return { bind: picked, isHeld: true, release: () => socket.close() };
  socket.close();
  return { bind: picked, isHeld: false, release: () => {} };
}

/** Why an address could not be bound, in words for the operator. */
export function explainBindError(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "another program uses this address and port";
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "not permitted; a port below 1024 needs root or the capability CAP_NET_BIND_SERVICE";
  }
  return error instanceof Error ? error.message : String(error);
}
