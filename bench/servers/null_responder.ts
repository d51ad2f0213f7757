/**
 * Answers each UDP request with fixed bytes of the right action, transaction and length, and does nothing else: what
 * this machine, this kernel and these system calls allow at most.
 *
 *     deno run --allow-all bench/servers/null_responder.ts [--portable] [--peers 7] [--port 0]
 *
 * By the batched system calls of the tracker, or with `--portable` by a bare `Deno.listenDatagram` loop. `--peers` is
 * how many peers are in an answer.
 */
import { parseArgs } from "node:util";
import { type Libc, MSG_WAITFORONE, openLibc } from "../../src/transport/linux_ffi.ts";
import { openUdpSockets } from "../../src/transport/udp_linux.ts";

const BATCH = 64;
const SLOT_BYTES = 2048 + 64;
const SLOT_WORDS = SLOT_BYTES / 4;
const HEADER_WORDS = 16;
const NAME_BYTES = 16;

const { values: flags } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    peers: { type: "string", default: "7" },
    portable: { type: "boolean", default: false },
  },
});
const bind = { hostname: "127.0.0.1", port: Number(flags.port) };
/** Memory that only the kernel knows of: freed when no longer reachable, so it is held here. */
const held: Int32Array[] = [];
const announceBytes = 20 + 6 * Number(flags.peers);

if (flags.portable) {
  await answerDatagrams();
} else {
  const libc = openLibc();
  if ("unavailable" in libc) throw new Error(libc.unavailable);
  answerBatches(libc);
}

/** Writes what differs between answers; gives the length. The rest of each answer was written once. */
function writeAnswer(request: Int32Array, from: number, answer: Int32Array, to: number): number {
  const action = request[from + 2];
  answer[to] = action;
  answer[to + 1] = request[from + 3];
  return action === 0 ? 16 : action === 0x01000000 ? announceBytes : 20;
}

/** Peers at 127.0.0.1, port 1. */
function writePeers(bytes: Uint8Array, at: number): void {
  for (let peer = at + 20; peer < at + announceBytes; peer += 6) bytes.set([127, 0, 0, 1, 0, 1], peer);
  bytes[at + 15] = 1;
}

function answerBatches(libc: Libc): void {
  const { address, sockets: [{ fd }] } = openUdpSockets(libc, bind, 1);
  const input = new Int32Array(BATCH * SLOT_WORDS);
  const output = new Int32Array(BATCH * SLOT_WORDS);
  const names = new Int32Array(BATCH * NAME_BYTES / 4);
  const received = new Int32Array(BATCH * HEADER_WORDS);
  const answers = new Int32Array(BATCH * HEADER_WORDS);
  const receivedVectors = new Int32Array(BATCH * 4);
  const answerVectors = new Int32Array(BATCH * 4);
  for (let i = 0; i < BATCH; i++) {
    writePeers(new Uint8Array(output.buffer), i * SLOT_BYTES);
    for (
      const [headers, vectors, buffer] of [[received, receivedVectors, input], [
        answers,
        answerVectors,
        output,
      ]]
    ) {
      writePointer(headers, i * HEADER_WORDS, names, i * NAME_BYTES);
      headers[i * HEADER_WORDS + 2] = NAME_BYTES;
      writePointer(headers, i * HEADER_WORDS + 4, vectors, i * 16);
      headers[i * HEADER_WORDS + 6] = 1;
      writePointer(vectors, i * 4, buffer, i * SLOT_BYTES);
      vectors[i * 4 + 2] = SLOT_BYTES;
    }
  }
  held.push(names, receivedVectors);
  console.log(`listening on ${address.port}`);
  for (;;) {
    const count = libc.recvmmsg(fd, received, BATCH, MSG_WAITFORONE, null);
    if (count <= 0) continue;
    for (let i = 0; i < count; i++) {
      received[i * HEADER_WORDS + 2] = NAME_BYTES;
      answerVectors[i * 4 + 2] = writeAnswer(input, i * SLOT_WORDS, output, i * SLOT_WORDS);
    }
    libc.sendmmsg(fd, answers, count, 0);
  }
}

async function answerDatagrams(): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", ...bind });
  const input = new Int32Array(SLOT_WORDS);
  const output = new Int32Array(SLOT_WORDS);
  const inputBytes = new Uint8Array(input.buffer);
  const outputBytes = new Uint8Array(output.buffer);
  writePeers(outputBytes, 0);
  console.log(`listening on ${(socket.addr as Deno.NetAddr).port}`);
  for (;;) {
    const [, from] = await socket.receive(inputBytes);
    const length = writeAnswer(input, 0, output, 0);
    await socket.send(outputBytes.subarray(0, length), from);
  }
}

function writePointer(words: Int32Array, at: number, array: BufferSource, offset: number): void {
  const pointer = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(array))) + BigInt(offset);
  words[at] = Number(BigInt.asIntN(32, pointer));
  words[at + 1] = Number(BigInt.asIntN(32, pointer >> 32n));
}
