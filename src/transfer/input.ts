/** Where an import comes from: stdin or a file, compressed or not, as bytes in pieces. */
import { reasonOf } from "../config/file.ts";
import { oneLine } from "../config/text.ts";
import type { DataFile } from "./data_file.ts";
import { TransferError } from "./transfer_error.ts";

export interface Input {
  /** For messages: `stdin`, or the path. */
  readonly name: string;
  /** The next bytes, uncompressed; `undefined` at the end or after `stop`. Throws a {@link TransferError}. */
  next(): Promise<Uint8Array | undefined>;
  /** Ends a `next` that waits. */
  stop(): void;
  /** The part that has been read, 0 to 1; `undefined` where nobody knows. */
  fraction(): number | undefined;
}

/** Opens it. Throws a {@link TransferError}. */
export async function openInput({ path, isGzip }: DataFile): Promise<Input> {
  const name = oneLine(path ?? "stdin");
  const { stream, size } = await attempt(name, () => openStream(path));
  let bytesRead = 0;
  const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform: (bytes, controller) => {
      bytesRead += bytes.length;
      controller.enqueue(bytes);
    },
  });
  const counted = stream.pipeThrough(count);
  const reader = (isGzip ? counted.pipeThrough(new DecompressionStream("gzip")) : counted).getReader();
  return {
    name,
    next: () => attempt(name, async () => (await reader.read()).value),
    stop: () => void reader.cancel().catch(() => {}),
    fraction: () => size === undefined || size === 0 ? undefined : bytesRead / size,
  };
}

interface Source {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** In bytes; `undefined` for what is no file. */
  readonly size: number | undefined;
}

async function openStream(path: string | undefined): Promise<Source> {
  if (path === undefined) return { stream: Deno.stdin.readable, size: undefined };
  const file = await Deno.open(path);
  const info = await file.stat();
  return { stream: file.readable, size: info.isFile ? info.size : undefined };
}

async function attempt<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What the decompressor throws.
    const reason = error instanceof TypeError ? "not a whole gzip file" : reasonOf(error);
    throw new TransferError(`${name}: cannot be read: ${reason}`);
  }
}
