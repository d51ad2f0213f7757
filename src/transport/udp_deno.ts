/** UDP by `Deno.listenDatagram`: works on every system, one datagram at a time. */
import type { Clock } from "../base/clock.ts";
import { parseIp } from "../base/ip.ts";
import { DatagramBuffer, MAX_REQUEST_BYTES } from "../protocol/udp.ts";
import { LatencySampler } from "../tracker/latency.ts";
import { COUNTER } from "../tracker/stats.ts";
import type { Tracker } from "../tracker/tracker.ts";
import type { BindAddress } from "./binding.ts";
import type { ConnectionIds } from "./connection_id.ts";
import { SILENCE, UdpHandler } from "./udp_handler.ts";

/** A little more than the longest request, so that a longer datagram can be told from one that fits. */
const SLOT_BYTES = MAX_REQUEST_BYTES + 4;

/** How long to wait after the socket failed to receive, so that a lasting fault does not take the whole core. */
const RECEIVE_RETRY_MILLISECONDS = 100;

/** Where to listen; it can be sent to a Worker. */
export interface PortableUdpListener {
  readonly bind: BindAddress;
  /** Whether other servers stand on the same port. */
  readonly sharesPort: boolean;
}

/** A UDP server that runs in this thread. */
export interface UdpServer {
  /** Where it listens, with the real port. */
  readonly address: BindAddress;
  stop(): Promise<void>;
}

/** Binds and begins to answer. Throws what `Deno.listenDatagram` throws when the address cannot be bound. */
export function startPortableUdp(
  { bind, sharesPort }: PortableUdpListener,
  tracker: Tracker,
  connectionIds: ConnectionIds,
  clock: Clock,
): UdpServer {
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname: bind.hostname,
    port: bind.port,
    reuseAddress: sharesPort,
  });
  const running = answerDatagrams(socket, tracker, connectionIds, clock);
  const { port } = socket.addr as Deno.NetAddr;
  return {
    address: { hostname: bind.hostname, port },
    async stop() {
      socket.close();
      await running;
    },
  };
}

async function answerDatagrams(
  socket: Deno.DatagramConn,
  tracker: Tracker,
  connectionIds: ConnectionIds,
  clock: Clock,
): Promise<void> {
  const input = new DatagramBuffer(SLOT_BYTES);
  const output = new DatagramBuffer(SLOT_BYTES);
  const handler = new UdpHandler(tracker, connectionIds, input, output);
  const latency = new LatencySampler(tracker.counters, "udp");
  for (;;) {
    let received: [Uint8Array, Deno.Addr];
    try {
      received = await socket.receive(input.bytes);
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
      tracker.counters[COUNTER.udp_receive_errors]++;
      await new Promise((resolve) => setTimeout(resolve, RECEIVE_RETRY_MILLISECONDS));
      continue;
    }
    const [datagram, from] = received;
    const isSampled = latency.isDue();
    const began = isSampled ? clock.milliseconds() : 0;
    const length = answerOne(handler, datagram.length, (from as Deno.NetAddr).hostname, clock);
    if (length === SILENCE) continue;
    try {
      await socket.send(output.bytes.subarray(0, length), from);
      if (isSampled) latency.note(clock.milliseconds() - began);
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      tracker.counters[COUNTER.udp_send_errors]++;
    }
  }
}

function answerOne(handler: UdpHandler, length: number, hostname: string, clock: Clock): number {
  const family = parseIp(hostname, handler.request.address);
  if (family === 0 || length > MAX_REQUEST_BYTES) return SILENCE;
  handler.request.isIpv4 = family === 4;
  handler.seconds = clock.seconds();
  handler.unixSeconds = clock.unixSeconds();
  return handler.handle(0, length, 0);
}
