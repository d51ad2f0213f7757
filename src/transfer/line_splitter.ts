/** Cuts bytes into lines, whatever they are and however they come. */
import { Buffer } from "node:buffer";

/** Longest line that is kept whole; a good one has about 100 bytes. */
export const MAX_LINE_BYTES = 4096;

export class LineSplitter {
  #rest = "";

  /**
   * The lines that end with these bytes, each without its `\n` or `\r\n`; a character stands for a byte (Latin-1). Of an
   * endless line only the beginning is kept: it comes out longer than `MAX_LINE_BYTES`.
   */
  push(bytes: Uint8Array): string[] {
    const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1").split("\n");
    lines[0] = shortened(this.#rest + lines[0]);
    this.#rest = shortened(lines.pop() ?? "");
    return lines.map(withoutReturn);
  }

  /** What came after the last line end; "" for nothing. */
  end(): string {
    const rest = this.#rest;
    this.#rest = "";
    return rest;
  }
}

/** One more character shows that there were more, and one is left for a `\r`. */
function shortened(line: string): string {
  return line.length > MAX_LINE_BYTES + 2 ? line.slice(0, MAX_LINE_BYTES + 2) : line;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
