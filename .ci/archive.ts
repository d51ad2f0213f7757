/** Archives of a few files in one folder: gzipped tar, or zip for Windows. */
import { gzipSync } from "node:zlib";
import { type Zippable, zipSync } from "fflate";
import { packTar } from "modern-tar";

export interface ArchivedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isExecutable: boolean;
}

/** The rights that a file has once it is unpacked. */
function modeOf({ isExecutable }: ArchivedFile): number {
  return isExecutable ? 0o755 : 0o644;
}

export async function createTarGz(folder: string, files: readonly ArchivedFile[]): Promise<Uint8Array> {
  const mtime = new Date();
  const tar = await packTar(files.map((file) => ({
    header: { name: `${folder}/${file.name}`, size: file.bytes.length, mode: modeOf(file), mtime },
    body: file.bytes,
  })));
  return gzipSync(tar, { level: 9 });
}

export function createZip(folder: string, files: readonly ArchivedFile[]): Uint8Array {
  const entries: Zippable = {};
  for (const file of files) {
    // Marked as from Unix, so that the rights are understood; Windows does not look at them.
    entries[`${folder}/${file.name}`] = [file.bytes, { level: 9, os: 3, attrs: modeOf(file) << 16 }];
  }
  return zipSync(entries);
}
