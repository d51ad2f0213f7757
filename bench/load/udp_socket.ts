/**
 * A UDP socket of the load, in batches: many requests with one `sendmmsg`, many answers with one `recvmmsg`. It is
 * connected to the server, which spares the kernel the search for the way with each datagram: the load must be
 * cheaper than what it measures. Linux.
 */
import {
  AF_INET,
  errorText,
  type Libc,
  MSG_DONTWAIT,
  POLLIN,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../src/transport/linux_ffi.ts";
import { loopbackAddress, type SystemCalls } from "./system_calls.ts";

/** Datagrams a system call. */
export const BATCH = 64;

/**
 * Bytes from one datagram's place to the next. Odd multiples of a cache line, so that the beginnings of all datagrams
 * do not compete for the same few lines of the first cache.
 */
export const REQUEST_SLOT_BYTES = 192;
export const ANSWER_SLOT_BYTES = 1600;

const BUFFER_BYTES = 4 << 20;
/** struct mmsghdr, in words. */
const HEADER_WORDS = 16;
const HEADER_VECTOR = 4;
const HEADER_VECTOR_COUNT = 6;
const HEADER_LENGTH = 14;
/** struct iovec, in words. */
const VECTOR_WORDS = 4;
const VECTOR_LENGTH = 2;

export class UdpSocket {
  readonly requests = new Int32Array(BATCH * REQUEST_SLOT_BYTES / 4);
  readonly requestHalves = new Uint16Array(this.requests.buffer);
  readonly answers = new Int32Array(BATCH * ANSWER_SLOT_BYTES / 4);
  readonly answerBytes = new Uint8Array(this.answers.buffer);

  readonly #libc: Libc;
  readonly #fd: number;
  readonly #poll: Int32Array<ArrayBuffer>;
  readonly #outHeaders = new Int32Array(BATCH * HEADER_WORDS);
  readonly #outVectors = new Int32Array(BATCH * VECTOR_WORDS);
  readonly #inHeaders = new Int32Array(BATCH * HEADER_WORDS);
  readonly #inVectors = new Int32Array(BATCH * VECTOR_WORDS);

  /** From 127.0.0.`host` to 127.0.0.1:`port`. */
  constructor(libc: Libc, calls: SystemCalls, host: number, port: number) {
    this.#libc = libc;
    this.#fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const size = Int32Array.of(BUFFER_BYTES);
    libc.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUF, size, 4);
    libc.setsockopt(this.#fd, SOL_SOCKET, SO_SNDBUF, size, 4);
    const bound = libc.bind(this.#fd, loopbackAddress(host, 0), 16);
    const connected = bound < 0 ? bound : calls.connect(this.#fd, loopbackAddress(1, port), 16);
    if (connected < 0) throw new Error(errorText(libc.errno()));
    this.#poll = Int32Array.of(this.#fd, POLLIN);
    for (let i = 0; i < BATCH; i++) {
      describe(this.#outHeaders, this.#outVectors, this.requests, i, REQUEST_SLOT_BYTES);
      describe(this.#inHeaders, this.#inVectors, this.answers, i, ANSWER_SLOT_BYTES);
      this.#inVectors[i * VECTOR_WORDS + VECTOR_LENGTH] = ANSWER_SLOT_BYTES;
    }
  }

  /** Sets the length of request `i` in bytes. */
  setLength(i: number, bytes: number): void {
    this.#outVectors[i * VECTOR_WORDS + VECTOR_LENGTH] = bytes;
  }

  /** Sends the first `count` requests; gives how many were sent, 0 for none. */
  send(count: number): number {
    return Math.max(this.#libc.sendmmsg(this.#fd, this.#outHeaders, count, 0), 0);
  }

  /** Receives what is there, without waiting; gives the number of answers. */
  receive(): number {
    return Math.max(this.#libc.recvmmsg(this.#fd, this.#inHeaders, BATCH, MSG_DONTWAIT, null), 0);
  }

  /** The length of answer `i` in bytes. */
  lengthOf(i: number): number {
    return this.#inHeaders[i * HEADER_WORDS + HEADER_LENGTH];
  }

  /** Waits for an answer, so many milliseconds at most. */
  wait(milliseconds: number): void {
    this.#libc.poll(this.#poll, 1, milliseconds);
  }

  close(): void {
    this.#libc.close(this.#fd);
  }
}

function describe(
  headers: Int32Array<ArrayBuffer>,
  vectors: Int32Array<ArrayBuffer>,
  buffer: Int32Array<ArrayBuffer>,
  i: number,
  slotBytes: number,
): void {
  writePointer(headers, i * HEADER_WORDS + HEADER_VECTOR, vectors, i * VECTOR_WORDS * 4);
  headers[i * HEADER_WORDS + HEADER_VECTOR_COUNT] = 1;
  writePointer(vectors, i * VECTOR_WORDS, buffer, i * slotBytes);
}

function writePointer(words: Int32Array, at: number, array: BufferSource, offset: number): void {
  const pointer = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(array))) + BigInt(offset);
  words[at] = Number(BigInt.asIntN(32, pointer));
  words[at + 1] = Number(BigInt.asIntN(32, pointer >> 32n));
}
