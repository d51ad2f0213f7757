/** Where an export goes: stdout, or a file that is there only when it is whole. */
import { reasonOf } from "../config/file.ts";
import { oneLine } from "../config/text.ts";
import type { DataFile } from "./data_file.ts";
import { TransferError } from "./transfer_error.ts";

export interface Output {
  /** Resolves when there is room for more. Throws a {@link TransferError}. */
  write(text: string): Promise<void>;
  /** Nothing more comes: a file gets its name. Throws a {@link TransferError}. */
  finish(): Promise<void>;
  /** Gives up: nothing is left of a file. */
  discard(): void;
}

type Write = (bytes: Uint8Array) => Promise<number>;

/** Opens it; a file that is there is replaced only with `isForced`. Throws a {@link TransferError}. */
export async function openOutput({ path, isGzip }: DataFile, isForced: boolean): Promise<Output> {
  if (path === undefined) return standardOutput();
  const target = await targetOf(path, isForced);
  // Beside the target, because a name can be given only within one file system. It may hold keys.
  const temporary = `${target}.${Deno.pid}.part`;
  const file = await attempt(
    path,
    () => Deno.open(temporary, { write: true, create: true, truncate: true, mode: 0o600 }),
  );
  const sink = isGzip ? compressed((bytes) => file.write(bytes)) : plain((bytes) => file.write(bytes));
  return {
    write: (text) => attempt(path, () => sink.write(text)),
    finish: () =>
      attempt(path, async () => {
        await sink.end();
        await file.sync();
        file.close();
        await targetOf(path, isForced);
        await Deno.rename(temporary, target);
      }),
    discard: () => removeWhatIsLeft(file, temporary),
  };
}

/** After a failure, of which this must not hide the reason. */
function removeWhatIsLeft(file: Deno.FsFile, path: string): void {
  for (const step of [() => file.close(), () => Deno.removeSync(path)]) {
    try {
      step();
    } catch {
      // Closed or renamed already.
    }
  }
}

function standardOutput(): Output {
  const sink = plain((bytes) => Deno.stdout.write(bytes));
  return {
    write: (text) => attempt("stdout", () => sink.write(text)),
    finish: () => Promise.resolve(),
    discard: () => {},
  };
}

/** The path itself, or the file that a link leads to. */
async function targetOf(path: string, isForced: boolean): Promise<string> {
  const info = await attempt(path, async () => {
    try {
      return await Deno.stat(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  });
  if (info === undefined) return path;
  if (!info.isFile) {
    throw new TransferError(`${oneLine(path)}: not a file; to write elsewhere, write to - (stdout)`);
  }
  if (!isForced) throw new TransferError(`${oneLine(path)}: is there already; --force replaces it`);
  return await attempt(path, () => Deno.realPath(path));
}

interface Sink {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

function plain(write: Write): Sink {
  const encoder = new TextEncoder();
  return { write: (text) => writeAll(write, encoder.encode(text)), end: () => Promise.resolve() };
}

function compressed(write: Write): Sink {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const written = readable.pipeTo(new WritableStream({ write: (bytes) => writeAll(write, bytes) }));
  // Whoever writes hears of it too; this is only so that nobody else does.
  written.catch(() => {});
  return {
    write: (text) => writer.write(encoder.encode(text)),
    end: async () => {
      await writer.close();
      await written;
    },
  };
}

/** A write may take only a part. The streams of Deno do not tell of a full disk, so they are not used. */
async function writeAll(write: Write, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length;) from += await write(bytes.subarray(from));
}

async function attempt<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TransferError) throw error;
    const reason = error instanceof Deno.errors.BrokenPipe ? "its reader has gone" : reasonOf(error);
    throw new TransferError(`${oneLine(name)}: cannot be written: ${reason}`);
  }
}
