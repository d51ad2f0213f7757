// A service manager's socket: what it is told, datagram by datagram. Python, since Deno cannot bind an abstract name.

import { type Program, startProgram } from "./program.ts";
import { PYTHON } from "./skip.ts";

const receiver = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0", 1))
print("bound", flush=True)
while True: print(json.dumps(s.recv(4096).decode()), flush=True)
`;

export interface NotifySocket {
  /** Every datagram so far, in the order in which they came. */
  received(): string[];
  /** Waits for one that `isIt` accepts, among those after the first `from`. */
  waitFor(isIt: (text: string) => boolean, from?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Listens on a path, or on an abstract name that begins with `@`. */
export async function startNotifySocket(address: string): Promise<NotifySocket> {
  const program: Program = startProgram({ command: [PYTHON, "-c", receiver, address] });
  await program.waitForOutput((output) => output.startsWith("bound\n"), 10_000);
  const texts = (output: string) => output.split("\n").slice(1, -1).map((line) => JSON.parse(line) as string);
  return {
    received: () => texts(program.output()),
    waitFor: async (isIt, from = 0) => {
      await program.waitForOutput((output) => texts(output).slice(from).some(isIt), 20_000);
    },
    stop: async () => {
      await program.stop();
    },
  };
}
