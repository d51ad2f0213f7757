/** The tracker as it is in the program: two threads' trackers and handlers, attached to the same memory. */
import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { DatagramBuffer, MAX_REQUEST_BYTES } from "../../src/protocol/udp.ts";
import { attachTracker } from "../../src/tracker/setup.ts";
import { createSharedMemory, type SharedLimits, type SharedMemory } from "../../src/tracker/shared.ts";
import type { Tracker, TrackerSettings } from "../../src/tracker/tracker.ts";
import { ConnectionIds } from "../../src/transport/connection_id.ts";
import { UdpHandler } from "../../src/transport/udp_handler.ts";
import type { Address } from "./address.ts";
import type { Moment } from "./model.ts";

export const THREADS = 2;

/** Places in the buffers are multiples of four below this. */
const PLACES = 256;
const BUFFER_BYTES = PLACES + MAX_REQUEST_BYTES + 260;
/** Before and after an answer, nothing may be written. */
const UNTOUCHED = 0xa5;
const MARGIN = 64;

export class TrackerThread {
  readonly tracker: Tracker;
  readonly #input = new DatagramBuffer(BUFFER_BYTES);
  readonly #output = new DatagramBuffer(BUFFER_BYTES);
  readonly #handler: UdpHandler;

  constructor(tracker: Tracker, secret: readonly [number, number]) {
    this.tracker = tracker;
    this.#handler = new UdpHandler(tracker, new ConnectionIds(secret), this.#input, this.#output);
  }

  /** Handles a datagram at some place of the input, in which older ones still lie. Empty for silence. */
  handle(bytes: Uint8Array, from: Address, moment: Moment, random: Prng): Uint8Array {
    // The servers drop what is longer.
    if (bytes.length > MAX_REQUEST_BYTES) return new Uint8Array(0);
    const at = random.below(PLACES / 4) * 4;
    const to = (MARGIN + random.below((PLACES - MARGIN) / 4) * 4) & ~3;
    const output = this.#output.bytes.fill(UNTOUCHED);
    const handler = this.#handler;
    this.#input.bytes.set(bytes, at);
    handler.request.isIpv4 = from.isIpv4;
    handler.request.address.set(from.words);
    handler.seconds = moment.seconds;
    handler.unixSeconds = moment.unixSeconds;
    const length = handler.handle(at, bytes.length, to);
    for (let i = 0; i < MARGIN; i++) {
      if (output[to - 1 - i] !== UNTOUCHED || output[to + length + i] !== UNTOUCHED) {
        assert.fail("wrote past its answer");
      }
    }
    return output.slice(to, to + length);
  }
}

export function createThreads(
  limits: Omit<SharedLimits, "threads">,
  settings: TrackerSettings,
  keepTorrents: boolean,
  random: Prng,
): { memory: SharedMemory; threads: TrackerThread[] } {
  const memory = createSharedMemory({ ...limits, threads: THREADS }, keepTorrents, () => random.next());
  const connectionSecret = [random.next(), random.next()] as const;
  const setup = { memory, settings, statistics: true, clockOrigin: 0, connectionSecret };
  const threads = Array.from({ length: THREADS }, (_, i) => {
    return new TrackerThread(attachTracker(setup, i, random.next()), connectionSecret);
  });
  return { memory, threads };
}
