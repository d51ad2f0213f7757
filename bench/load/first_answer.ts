/** When a server begins to answer over UDP. */
const CONNECT = Uint8Array.of(0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0, 0, 0, 0, 7);
const EVERY_MILLISECONDS = 2;

/** Asks again and again; gives the time of the first answer, as `performance.now()` tells it. */
export async function firstAnswer(port: number, timeLimitMs: number): Promise<number> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
  let at: number | undefined;
  const answered = socket.receive().then(() => at = performance.now());
  const end = performance.now() + timeLimitMs;
  try {
    while (at === undefined) {
      if (performance.now() > end) throw new Error(`no answer on UDP port ${port} in ${timeLimitMs} ms`);
      await socket.send(CONNECT, to);
      await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, EVERY_MILLISECONDS))]);
    }
    return at;
  } finally {
    socket.close();
    answered.catch(() => {});
  }
}
