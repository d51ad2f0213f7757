/**
 * UDP on Linux in batches: `recvmmsg` takes what has arrived, every datagram is handled, `sendmmsg` sends all
 * answers. Two system calls for up to {@link BATCH} clients.
 *
 * The sockets are opened by the main thread, so that a port in use is known before anything starts. Each Worker has
 * one socket a server (`SO_REUSEPORT`: the kernel spreads clients over them) and blocks in `recvmmsg`, with a
 * timeout so that it sees the stop flag.
 */
import type { Clock } from "../base/clock.ts";
import { parseIp } from "../base/ip.ts";
import { DatagramBuffer, MAX_REQUEST_BYTES } from "../protocol/udp.ts";
import type { Heartbeat } from "../tracker/heartbeats.ts";
import { LatencySampler } from "../tracker/latency.ts";
import { COUNTER } from "../tracker/stats.ts";
import type { Tracker } from "../tracker/tracker.ts";
import type { BindAddress } from "./binding.ts";
import type { ConnectionIds } from "./connection_id.ts";
import {
  AF_INET,
  AF_INET6,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAGAIN,
  EINTR,
  errorText,
  IP_MTU_DISCOVER,
  IP_PKTINFO,
  IP_PMTUDISC_PROBE,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  type Libc,
  MSG_DONTWAIT,
  MSG_WAITFORONE,
  POLLIN,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVTIMEO,
  SO_REUSEPORT,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./linux_ffi.ts";
import { SILENCE, UdpHandler } from "./udp_handler.ts";

/** Datagrams a system call. */
const BATCH = 64;

/**
 * A little more than the longest request, so that a longer datagram can be told from one that fits; and no power of two,
 * since the beginnings of all slots would then compete for the same lines of the processor's cache.
 */
const SLOT_BYTES = MAX_REQUEST_BYTES + 4 + 64;

/** How often a waiting thread looks at the stop flag. */
const WAKE_MILLISECONDS = 100;

/** Room for requests that wait while this thread is busy; the system may grant less. */
export const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

/** The answer of a turn whose socket could not receive. */
const FAILED = -1;

/** struct mmsghdr on 64-bit Linux: msghdr (56 bytes), then the length of the datagram. In int32 words: */
const HEADER_WORDS = 16;
const HEADER_NAME = 0;
const HEADER_NAME_LENGTH = 2;
const HEADER_VECTOR = 4;
const HEADER_VECTOR_COUNT = 6;
const HEADER_CONTROL = 8;
const HEADER_CONTROL_LENGTH = 10;
const HEADER_LENGTH = 14;

/** struct iovec: address, length. */
const VECTOR_WORDS = 4;
const VECTOR_LENGTH = 2;

/** struct sockaddr_in6, rounded up. An IPv4 address is at word 1, an IPv6 address at word 2. */
const NAME_WORDS = 8;
const NAME_IPV4 = 1;
const NAME_IPV6 = 2;
const NAME_BYTES_IPV4 = 16;
const NAME_BYTES_IPV6 = 28;

/**
 * Room for one control message, which says to which of this machine's addresses a datagram came: its length (two
 * words), level, type, then struct in_pktinfo (interface, own address, destination) or in6_pktinfo (own address,
 * interface).
 */
const CONTROL_WORDS = 16;
const CONTROL_INTERFACE_IPV4 = 4;
const CONTROL_INTERFACE_IPV6 = 8;

/** The third word of an IPv4-mapped IPv6 address. */
const MAPPED = 0xffff0000 | 0;

/** A bound socket, open in the process: any thread may use it by its number. */
export interface LinuxUdpSocket {
  readonly fd: number;
  readonly isIpv4: boolean;
  /** Whether it is bound to all addresses of the machine, so that it must be told which one to answer from. */
  readonly isWildcard: boolean;
}

export interface LinuxUdpSockets {
  /** Where they listen, with the real port. */
  readonly address: BindAddress;
  /** One a Worker. */
  readonly sockets: LinuxUdpSocket[];
}

/**
 * Opens `count` sockets on one address. Throws the error that Deno would throw. While they are opened, one
 * socket without `SO_REUSEPORT` shows whether another program has the port, which `SO_REUSEPORT` would hide.
 */
export function openUdpSockets(libc: Libc, bind: BindAddress, count: number): LinuxUdpSockets {
  const probe = bindSocket(libc, bind, false);
  const port = boundPort(libc, probe.fd);
  libc.close(probe.fd);
  const sockets: LinuxUdpSocket[] = [];
  try {
    for (let i = 0; i < count; i++) sockets.push(bindSocket(libc, { hostname: bind.hostname, port }, true));
  } catch (error) {
    for (const { fd } of sockets) libc.close(fd);
    throw error;
  }
  return { address: { hostname: bind.hostname, port }, sockets };
}

/** What a thread that blocks shares with the others. */
export interface Turns {
  /** Not zero at index 0 once the thread is to end. */
  readonly stop: Int32Array;
  /** Beats at least every {@link WAKE_MILLISECONDS} while the thread is well. */
  readonly heartbeat: Heartbeat;
}

/** Answers on the sockets, one a server, until it is told to stop. Blocks the thread. */
export function runLinuxUdp(
  libc: Libc,
  sockets: readonly LinuxUdpSocket[],
  tracker: Tracker,
  connectionIds: ConnectionIds,
  clock: Clock,
  { stop, heartbeat }: Turns,
): void {
  const batches = sockets.map((socket) => new UdpBatch(libc, socket, tracker, connectionIds));
  const isAlone = batches.length === 1;
  const waiting = pollList(sockets);
  while (Atomics.load(stop, 0) === 0) {
    heartbeat.beat();
    let received = 0;
    for (let i = 0; i < batches.length; i++) {
      const count = batches[i].turn(isAlone ? MSG_WAITFORONE : MSG_DONTWAIT, clock);
      // A lasting fault must not take the whole core.
      if (count === FAILED) Atomics.wait(stop, 0, 0, WAKE_MILLISECONDS);
      else received += count;
    }
    if (!isAlone && received === 0) libc.poll(waiting, sockets.length, WAKE_MILLISECONDS);
  }
}

/** The buffers of one socket and the kernel's descriptions of them, made once. */
class UdpBatch {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #isIpv4: boolean;
  readonly #isWildcard: boolean;
  readonly #tracker: Tracker;
  readonly #handler: UdpHandler;
  readonly #latency: LatencySampler;
  readonly #input = new DatagramBuffer(BATCH * SLOT_BYTES);
  readonly #output = new DatagramBuffer(BATCH * SLOT_BYTES);
  readonly #names = new Int32Array(BATCH * NAME_WORDS);
  readonly #controls = new Int32Array(BATCH * CONTROL_WORDS);
  /** Bytes of the control message of the datagram in hand. */
  #controlBytes = 0;
  readonly #received = new Int32Array(BATCH * HEADER_WORDS);
  readonly #answers = new Int32Array(BATCH * HEADER_WORDS);
  /** Held so that they stay where the headers say they are. */
  readonly #receivedVectors = new Int32Array(BATCH * VECTOR_WORDS);
  readonly #answerVectors = new Int32Array(BATCH * VECTOR_WORDS);

  constructor(libc: Libc, socket: LinuxUdpSocket, tracker: Tracker, connectionIds: ConnectionIds) {
    this.#libc = libc;
    this.#fd = socket.fd;
    this.#isIpv4 = socket.isIpv4;
    this.#isWildcard = socket.isWildcard;
    this.#tracker = tracker;
    this.#handler = new UdpHandler(tracker, connectionIds, this.#input, this.#output, BATCH);
    this.#latency = new LatencySampler(tracker.counters, "udp");
    const nameBytes = socket.isIpv4 ? NAME_BYTES_IPV4 : NAME_BYTES_IPV6;
    for (let i = 0; i < BATCH; i++) {
      this.#describe(this.#received, this.#receivedVectors, this.#input, i, NAME_WORDS * 4, SLOT_BYTES);
      this.#describe(this.#answers, this.#answerVectors, this.#output, i, nameBytes, 0);
    }
  }

  /** Receives a batch and answers it. Gives the number of datagrams received, or `FAILED`. */
  turn(flags: number, clock: Clock): number {
    const count = this.#libc.recvmmsg(this.#fd, this.#received, BATCH, flags, null);
    if (count <= 0) return this.#explainNothing();
    const isSampled = this.#latency.isDue();
    const began = isSampled ? clock.milliseconds() : 0;
    this.#handler.seconds = clock.seconds();
    this.#handler.unixSeconds = clock.unixSeconds();
    this.#readAhead(count);
    let answers = 0;
    for (let i = 0; i < count; i++) {
      const length = this.#answer(i, answers);
      if (length === SILENCE) continue;
      this.#answerVectors[answers * VECTOR_WORDS + VECTOR_LENGTH] = length;
      this.#addressAnswer(i, answers);
      answers++;
    }
    if (answers > 0) this.#send(answers);
    if (isSampled) this.#latency.note(clock.milliseconds() - began);
    return count;
  }

  #readAhead(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#handler.foresee(i * SLOT_BYTES, this.#received[i * HEADER_WORDS + HEADER_LENGTH]);
    }
    this.#handler.readAhead(this.#isIpv4);
  }

  /** Handles datagram `i`; its answer becomes number `answer`. */
  #answer(i: number, answer: number): number {
    const received = this.#received;
    const header = i * HEADER_WORDS;
    const length = received[header + HEADER_LENGTH];
    // The kernel has written the length of the name there: make room for the next one.
    received[header + HEADER_NAME_LENGTH] = NAME_WORDS * 4;
    if (this.#isWildcard) this.#readControl(header, i * CONTROL_WORDS);
    if (length > MAX_REQUEST_BYTES) return SILENCE;
    this.#readName(i * NAME_WORDS);
    return this.#handler.handle(i * SLOT_BYTES, length, answer * SLOT_BYTES);
  }

  #readName(at: number): void {
    const names = this.#names;
    const { request } = this.#handler;
    if (this.#isIpv4) {
      request.isIpv4 = true;
      request.address[0] = names[at + NAME_IPV4];
      return;
    }
    const first = at + NAME_IPV6;
    request.isIpv4 = names[first] === 0 && names[first + 1] === 0 && names[first + 2] === MAPPED;
    if (request.isIpv4) request.address[0] = names[first + 3];
    else for (let i = 0; i < 4; i++) request.address[i] = names[first + i];
  }

  /**
   * Keeps the address that datagram `i` was sent to, for the answer to come from it, but not the interface: which way
   * the answer goes is for the routes to say.
   */
  #readControl(header: number, control: number): void {
    this.#controlBytes = this.#received[header + HEADER_CONTROL_LENGTH];
    this.#received[header + HEADER_CONTROL_LENGTH] = CONTROL_WORDS * 4;
    this.#controls[control + (this.#isIpv4 ? CONTROL_INTERFACE_IPV4 : CONTROL_INTERFACE_IPV6)] = 0;
  }

  /** Sends answer number `answer` to where datagram `i` came from, and from where it was sent to. */
  #addressAnswer(i: number, answer: number): void {
    const received = this.#received;
    const answers = this.#answers;
    const from = i * HEADER_WORDS;
    const to = answer * HEADER_WORDS;
    answers[to + HEADER_NAME] = received[from + HEADER_NAME];
    answers[to + HEADER_NAME + 1] = received[from + HEADER_NAME + 1];
    if (!this.#isWildcard) return;
    answers[to + HEADER_CONTROL] = received[from + HEADER_CONTROL];
    answers[to + HEADER_CONTROL + 1] = received[from + HEADER_CONTROL + 1];
    answers[to + HEADER_CONTROL_LENGTH] = this.#controlBytes;
  }

  #send(answers: number): void {
    let sent = this.#libc.sendmmsg(this.#fd, this.#answers, answers, 0);
    // An answer that cannot be sent (no route, a firewall) is given up; those after it are not.
    while (sent < answers) {
      if (sent < 0) sent = 0;
      this.#tracker.counters[COUNTER.udp_send_errors]++;
      sent++;
      if (sent === answers) return;
      const rest = this.#answers.subarray(sent * HEADER_WORDS);
      const more = this.#libc.sendmmsg(this.#fd, rest, answers - sent, 0);
      if (more > 0) sent += more;
    }
  }

  /** Nothing was received: in time, or because something is wrong. */
  #explainNothing(): number {
    const errno = this.#libc.errno();
    if (errno === EAGAIN || errno === EINTR) return 0;
    this.#tracker.counters[COUNTER.udp_receive_errors]++;
    return FAILED;
  }

  /** Fills in header `i` and its vector for slot `i` of a buffer. */
  #describe(
    headers: Int32Array<ArrayBuffer>,
    vectors: Int32Array<ArrayBuffer>,
    buffer: DatagramBuffer,
    i: number,
    nameBytes: number,
    slotBytes: number,
  ): void {
    const header = i * HEADER_WORDS;
    writePointer(headers, header + HEADER_NAME, addressOf(this.#names), i * NAME_WORDS * 4);
    headers[header + HEADER_NAME_LENGTH] = nameBytes;
    writePointer(headers, header + HEADER_VECTOR, addressOf(vectors), i * VECTOR_WORDS * 4);
    headers[header + HEADER_VECTOR_COUNT] = 1;
    if (this.#isWildcard) {
      writePointer(headers, header + HEADER_CONTROL, addressOf(this.#controls), i * CONTROL_WORDS * 4);
      headers[header + HEADER_CONTROL_LENGTH] = CONTROL_WORDS * 4;
    }
    writePointer(vectors, i * VECTOR_WORDS, addressOf(buffer.words), i * SLOT_BYTES);
    vectors[i * VECTOR_WORDS + VECTOR_LENGTH] = slotBytes;
  }
}

function bindSocket(libc: Libc, bind: BindAddress, shared: boolean): LinuxUdpSocket {
  const address = new Int32Array(4);
  const isIpv4 = parseIp(bind.hostname, address) === 4;
  const fd = libc.socket(isIpv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw socketError(libc.errno());
  if (!isIpv4) setOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (shared) setOption(libc, fd, SOL_SOCKET, SO_REUSEPORT, 1);
  askForReceiveBuffer(libc, fd);
  // struct timeval: seconds, microseconds, each of 64 bits.
  const wake = Int32Array.of(0, 0, WAKE_MILLISECONDS * 1000, 0);
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, wake, wake.byteLength);
  libc.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, wake, wake.byteLength);
  // No packet is ever cut, and no router's word about a path, which anybody can forge, is taken for it. It also spares
  // the kernel the numbering of packets that might be cut: 3 % of the processor's time of a response.
  if (isIpv4) setOption(libc, fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  const isWildcard = address.every((word) => word === 0);
  if (isWildcard) {
    if (isIpv4) setOption(libc, fd, IPPROTO_IP, IP_PKTINFO, 1);
    else setOption(libc, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
  const name = socketName(address, isIpv4, bind.port);
  if (libc.bind(fd, name, isIpv4 ? NAME_BYTES_IPV4 : NAME_BYTES_IPV6) < 0) {
    const error = socketError(libc.errno());
    libc.close(fd);
    throw error;
  }
  return { fd, isIpv4, isWildcard };
}

function askForReceiveBuffer(libc: Libc, fd: number): void {
  if (setOption(libc, fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES) < 0) {
    setOption(libc, fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
  }
}

/** The bytes that the system grants a socket of ours for requests that wait; `undefined` when it does not tell. */
export function grantedReceiveBuffer(libc: Libc): number | undefined {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  askForReceiveBuffer(libc, fd);
  const value = new Int32Array(1);
  const code = libc.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, Int32Array.of(4));
  libc.close(fd);
  // The kernel doubles what it grants, for its own bookkeeping (socket(7)).
  return code < 0 ? undefined : value[0] / 2;
}

function socketError(errno: number): Error {
  const text = errorText(errno);
  if (errno === EADDRINUSE) return new Deno.errors.AddrInUse(text);
  if (errno === EADDRNOTAVAIL) return new Deno.errors.AddrNotAvailable(text);
  return errno === EACCES ? new Deno.errors.PermissionDenied(text) : new Error(text);
}

function setOption(libc: Libc, fd: number, level: number, option: number, value: number): number {
  return libc.setsockopt(fd, level, option, Int32Array.of(value), 4);
}

/** struct sockaddr_in or sockaddr_in6. */
function socketName(address: Int32Array, isIpv4: boolean, port: number): Int32Array<ArrayBuffer> {
  const name = new Int32Array(NAME_WORDS);
  const networkPort = ((port & 0xff) << 8) | (port >> 8);
  name[0] = (isIpv4 ? AF_INET : AF_INET6) | (networkPort << 16);
  if (isIpv4) name[NAME_IPV4] = address[0];
  else name.set(address, NAME_IPV6);
  return name;
}

function boundPort(libc: Libc, fd: number): number {
  const name = new Int32Array(NAME_WORDS);
  if (libc.getsockname(fd, name, Int32Array.of(name.byteLength)) < 0) {
    throw socketError(libc.errno());
  }
  const networkPort = name[0] >>> 16;
  return ((networkPort & 0xff) << 8) | (networkPort >> 8);
}

/** An array of struct pollfd: descriptor, then wanted and given events in half a word each. */
function pollList(sockets: readonly LinuxUdpSocket[]): Int32Array<ArrayBuffer> {
  return new Int32Array(sockets.flatMap(({ fd }) => [fd, POLLIN]));
}

/** The address of an array's memory. Good for as long as the array is reachable. */
function addressOf(array: Int32Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(array)));
}

function writePointer(words: Int32Array, at: number, base: bigint, offset: number): void {
  const pointer = base + BigInt(offset);
  words[at] = Number(BigInt.asIntN(32, pointer));
  words[at + 1] = Number(BigInt.asIntN(32, pointer >> 32n));
}
