/** The entry of a Worker: attaches to the shared memory, runs its part of the tracker, ends when told to. */
import { createClock } from "./base/clock.ts";
import { Heartbeat } from "./tracker/heartbeats.ts";
import { attachTracker } from "./tracker/setup.ts";
import type { Tracker } from "./tracker/tracker.ts";
import { ConnectionIds } from "./transport/connection_id.ts";
import { startHttpTracker } from "./transport/http.ts";
import { openLibc } from "./transport/linux_ffi.ts";
import { startPortableUdp } from "./transport/udp_deno.ts";
import { type LinuxUdpSocket, runLinuxUdp } from "./transport/udp_linux.ts";
import { STOP, type WorkerMessage, type WorkerStart } from "./worker_messages.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerStart | typeof STOP>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
}

/** How often a thread with an event loop says that it turns. */
const BEAT_MILLISECONDS = 250;

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  if (data === STOP) return;
  try {
    const tracker = attachTracker(data.setup, data.thread, data.randomSeed);
    serve(data, tracker);
  } catch (error) {
    const reason = error instanceof Error ? error.stack ?? error.message : String(error);
    scope.postMessage({ is: "failed", reason });
  }
};

function serve(start: WorkerStart, tracker: Tracker): void {
  const { setup, work } = start;
  if (work.kind === "udp") return serveUdp(start, tracker, work.sockets);
  const clock = createClock(setup.clockOrigin);
  if (work.kind === "http") {
    return serveUntilTold(
      start,
      work.listeners.map((listener) => startHttpTracker(listener, tracker, clock)),
    );
  }
  const connectionIds = new ConnectionIds(setup.connectionSecret);
  const servers = work.listeners.map((listener) => startPortableUdp(listener, tracker, connectionIds, clock));
  serveUntilTold(start, servers);
}

function serveUdp(start: WorkerStart, tracker: Tracker, sockets: readonly LinuxUdpSocket[]): void {
  const { setup, thread } = start;
  const libc = openLibc();
  if ("unavailable" in libc) throw new Error(libc.unavailable);
  scope.postMessage({ is: "ready" });
  const connectionIds = new ConnectionIds(setup.connectionSecret);
  const turns = {
    stop: new Int32Array(setup.memory.stop),
    heartbeat: new Heartbeat(setup.memory.heartbeats, thread),
  };
  runLinuxUdp(libc, sockets, tracker, connectionIds, createClock(setup.clockOrigin), turns);
  end();
}

/** The servers run by the event loop of this thread. */
function serveUntilTold(
  { setup, thread }: WorkerStart,
  servers: readonly { stop(): Promise<void> }[],
): void {
  const heartbeat = new Heartbeat(setup.memory.heartbeats, thread);
  const beating = setInterval(() => heartbeat.beat(), BEAT_MILLISECONDS);
  scope.onmessage = async ({ data }) => {
    if (data !== STOP) return;
    clearInterval(beating);
    await Promise.all(servers.map((server) => server.stop()));
    end();
  };
  scope.postMessage({ is: "ready" });
}

function end(): void {
  scope.postMessage({ is: "stopped" });
  scope.close();
}
