/** Bencoding (BEP 3), written into one buffer that is used for answer after answer. */

const DIGIT_0 = 0x30;
const COLON = 0x3a;
const MINUS = 0x2d;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const LETTER_I = 0x69;
const LETTER_L = 0x6c;

/** Writes bencoded values one after another. The caller opens, closes and sorts. */
export class BencodeWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Begins a new value. */
  clear(): void {
    this.#length = 0;
  }

  /** A copy of what was written. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  openDictionary(): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = LETTER_D;
  }

  openList(): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = LETTER_L;
  }

  close(): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = LETTER_E;
  }

  /** A whole number within ±2^53. */
  integer(value: number): void {
    this.#reserve(24);
    this.#bytes[this.#length++] = LETTER_I;
    if (value < 0) this.#bytes[this.#length++] = MINUS;
    this.#digits(Math.abs(value));
    this.#bytes[this.#length++] = LETTER_E;
  }

  /** A byte string: `length` bytes of `source` from `offset`. */
  bytes(source: Uint8Array, offset = 0, length = source.length - offset): void {
    this.#reserve(length + 20);
    this.#digits(length);
    this.#bytes[this.#length++] = COLON;
    const target = this.#bytes;
    const at = this.#length;
    for (let i = 0; i < length; i++) target[at + i] = source[offset + i];
    this.#length += length;
  }

  /** A byte string of ASCII characters. */
  text(value: string): void {
    this.#reserve(value.length + 20);
    this.#digits(value.length);
    this.#bytes[this.#length++] = COLON;
    for (let i = 0; i < value.length; i++) this.#bytes[this.#length++] = value.charCodeAt(i);
  }

  /** Bytes that are bencoded already. */
  raw(encoded: Uint8Array): void {
    this.#reserve(encoded.length);
    const target = this.#bytes;
    const at = this.#length;
    for (let i = 0; i < encoded.length; i++) target[at + i] = encoded[i];
    this.#length += encoded.length;
  }

  #digits(value: number): void {
    let count = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++;
    let rest = value;
    for (let i = this.#length + count - 1; i >= this.#length; i--) {
      const tenth = Math.floor(rest / 10);
      this.#bytes[i] = DIGIT_0 + (rest - tenth * 10);
      rest = tenth;
    }
    this.#length += count;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
