/**
 * A thread that asks a server the same thing again and again, one request at a time, and notes how long each answer
 * took; or, as a watch, sleeps again and again and notes how much longer each sleep was. It goes before all other
 * threads: what delays a watch is the machine, not a program.
 */
import {
  AF_INET,
  MSG_NOSIGNAL,
  openLibc,
  POLLIN,
  SOCK_DGRAM,
  SOCK_STREAM,
} from "../../src/transport/linux_ffi.ts";
import { goFirst, loopbackAddress, openSystemCalls, stayOnCore } from "../load/system_calls.ts";
import { note } from "./samples.ts";

export interface ProbeSetup {
  readonly samples: SharedArrayBuffer;
  /** Not zero: stop. */
  readonly stop: SharedArrayBuffer;
  /** The core to stay on. */
  readonly core: number;
  readonly periodMilliseconds: number;
  /** Without it, it is a watch. */
  readonly target?: {
    readonly port: number;
    readonly isUdp: boolean;
    /** Sent each time. Of UDP, the connection id is filled in. */
    readonly request: Uint8Array<ArrayBuffer>;
  };
}

export type ProbeMessage =
  /** Whether it goes before all other threads. */
  | { readonly is: "started"; readonly isFirst: boolean }
  | { readonly is: "ended" };

/** An answer that takes longer than this is given up, and asked for once more. */
const LIMIT_MILLISECONDS = 5000;

const CONNECT = Uint8Array.of(0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0, 0, 0, 0, 7);
/** Announces for which one connection id is used; at most one a millisecond, and an id is good for two minutes. */
const CONNECT_EVERY = 30_000;

interface Scope {
  onmessage: ((event: MessageEvent<ProbeSetup>) => void) | null;
  postMessage(message: unknown): void;
}
const scope = self as unknown as Scope;

function send(message: ProbeMessage): void {
  scope.postMessage(message);
}

scope.onmessage = ({ data }) => {
  const calls = openSystemCalls();
  stayOnCore(calls, data.core);
  const isFirst = goFirst(calls);
  const samples = new Float64Array(data.samples);
  const exchange = data.target === undefined ? undefined : connectTo(data.target);
  send({ is: "started", isFirst });
  const stop = new Int32Array(data.stop);
  const periodMicroseconds = data.periodMilliseconds * 1000;
  while (Atomics.load(stop, 0) === 0) {
    const began = performance.now();
    if (exchange === undefined) {
      calls.usleep(periodMicroseconds);
      note(samples, performance.timeOrigin + began, performance.now() - began - data.periodMilliseconds);
      continue;
    }
    exchange();
    const took = performance.now() - began;
    note(samples, performance.timeOrigin + began, took);
    if (took < data.periodMilliseconds) calls.usleep(Math.ceil((data.periodMilliseconds - took) * 1000));
  }
  send({ is: "ended" });
};

/** A function that sends the request and waits for the answer; what it takes to try again is part of the time. */
function connectTo({ port, isUdp, request }: NonNullable<ProbeSetup["target"]>): () => void {
  const opened = openLibc();
  if ("unavailable" in opened) throw new Error(opened.unavailable);
  const libc = opened;
  const calls = openSystemCalls();
  const answer = new Uint8Array(4096);
  const open = () => {
    const fd = libc.socket(AF_INET, isUdp ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (calls.connect(fd, loopbackAddress(1, port), 16) < 0) throw new Error(`no connection to port ${port}`);
    return fd;
  };
  let fd = open();
  const ask = (bytes: Uint8Array<ArrayBuffer>) => {
    waiting[0] = fd;
    calls.send(fd, bytes, bytes.length, MSG_NOSIGNAL);
    if (libc.poll(waiting, 1, LIMIT_MILLISECONDS) <= 0) return 0;
    return calls.recv(fd, answer, answer.length, 0);
  };
  const waiting = Int32Array.of(fd, POLLIN);
  let turn = 0;
  return () => {
    if (isUdp && turn++ % CONNECT_EVERY === 0 && ask(CONNECT) === 16) request.set(answer.subarray(8, 16));
    if (ask(request) <= 0) {
      // Lost, or the connection has ended. What comes late must not be taken for the next answer.
      libc.close(fd);
      fd = open();
      ask(request);
    }
    if (isUdp && answer[3] !== 1) throw new Error(`port ${port} refused an announce`);
  };
}
