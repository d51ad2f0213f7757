/**
 * Bencoding (BEP 3). Values are written one behind the other into pieces of memory of which each holds many: memory of
 * its own for every answer would take the system longer than the writing.
 */

/** Small, since an answer that its client does not fetch keeps its piece in memory. */
const PIECE_BYTES = 16 * 1024;

const DIGIT_0 = 0x30;
const COLON = 0x3a;
const MINUS = 0x2d;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const LETTER_I = 0x69;
const LETTER_L = 0x6c;

/** Writes bencoded values one after another. The caller opens, closes and sorts. */
export class BencodeWriter {
  readonly #pieceBytes: number;
  #bytes: Uint8Array<ArrayBuffer>;
  /** Where the value in hand begins and where it has come to. */
  #start = 0;
  #end = 0;

  constructor(pieceBytes = PIECE_BYTES) {
    this.#pieceBytes = pieceBytes;
    this.#bytes = new Uint8Array(pieceBytes);
  }

  /** Begins a new value. */
  clear(): void {
    this.#end = this.#start;
  }

  /** The value, in memory that is not written to again. The next one is a new one. */
  take(): Uint8Array<ArrayBuffer> {
    const value = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return value;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  openDictionary(): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = LETTER_D;
  }

  openList(): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = LETTER_L;
  }

  close(): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = LETTER_E;
  }

  /** A whole number within ±2^53. */
  integer(value: number): void {
    this.#reserve(24);
    this.#bytes[this.#end++] = LETTER_I;
    if (value < 0) this.#bytes[this.#end++] = MINUS;
    this.#digits(Math.abs(value));
    this.#bytes[this.#end++] = LETTER_E;
  }

  /** A byte string: `length` bytes of `source` from `offset`. */
  bytes(source: Uint8Array, offset = 0, length = source.length - offset): void {
    this.#reserve(length + 20);
    this.#digits(length);
    this.#bytes[this.#end++] = COLON;
    const target = this.#bytes;
    const at = this.#end;
    for (let i = 0; i < length; i++) target[at + i] = source[offset + i];
    this.#end += length;
  }

  /** A byte string of ASCII characters. */
  text(value: string): void {
    this.#reserve(value.length + 20);
    this.#digits(value.length);
    this.#bytes[this.#end++] = COLON;
    for (let i = 0; i < value.length; i++) this.#bytes[this.#end++] = value.charCodeAt(i);
  }

  /** Bytes that are bencoded already. */
  raw(encoded: Uint8Array): void {
    this.#reserve(encoded.length);
    const target = this.#bytes;
    const at = this.#end;
    for (let i = 0; i < encoded.length; i++) target[at + i] = encoded[i];
    this.#end += encoded.length;
  }

  #digits(value: number): void {
    let count = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++;
    let rest = value;
    for (let i = this.#end + count - 1; i >= this.#end; i--) {
      const tenth = Math.floor(rest / 10);
      this.#bytes[i] = DIGIT_0 + (rest - tenth * 10);
      rest = tenth;
    }
    this.#end += count;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const written = this.#bytes.subarray(this.#start, this.#end);
    this.#bytes = new Uint8Array(Math.max(this.#pieceBytes, (written.length + more) * 2));
    this.#bytes.set(written);
    this.#start = 0;
    this.#end = written.length;
  }
}
