/**
 * Reads a body with hashes while it arrives: a JSON list of texts, or one hash a line. Nothing is kept but the 20 bytes
 * of each, and no piece of it takes long.
 */
import { hexDigit } from "../base/bytes.ts";

const HASH_BYTES = 20;
const HASH_DIGITS = 40;

/** What is wrong with a body, for who sent it. */
export class HashListError extends Error {}

/** Where the reader of a JSON list is. */
type Place = "start" | "first" | "value" | "text" | "after" | "end";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

export class HashList {
  /** Hashes read so far. */
  count = 0;
  #bytes = new Uint8Array(1024 * HASH_BYTES);
  #digits = 0;
  #isJson: boolean | undefined;
  #place: Place = "start";

  /** `isJson` is `undefined` where the body is to tell by its first character. */
  constructor(isJson: boolean | undefined) {
    this.#isJson = isJson;
  }

  /** Takes in the next piece of the body. Throws a HashListError. */
  push(piece: Uint8Array): void {
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i];
      if (this.#isJson === undefined && !isSpace(byte)) this.#isJson = byte === OPEN;
      if (this.#isJson === true) this.#pushJson(byte);
      else this.#pushLine(byte);
    }
  }

  /** Takes the end of the body, and gives the words of all hashes, five each. Throws a HashListError. */
  finish(): Int32Array {
    if (this.#isJson === true && this.#place !== "end") throw new HashListError("invalid JSON");
    if (this.#digits > 0) this.#endHash();
    return new Int32Array(this.#bytes.buffer, 0, this.count * HASH_BYTES / 4);
  }

  /** Blank lines mean nothing. */
  #pushLine(byte: number): void {
    if (!isSpace(byte)) return this.#pushDigit(byte);
    const endsLine = byte === 0x0a || byte === 0x0d;
    if (this.#digits === HASH_DIGITS || (endsLine && this.#digits > 0)) this.#endHash();
    else if (this.#digits > 0) this.#refuseEntry();
  }

  #pushJson(byte: number): void {
    if (this.#place === "text") return byte === QUOTE ? this.#endText() : this.#pushDigit(byte);
    if (isSpace(byte)) return;
    const next = nextPlace(this.#place, byte);
    if (next === undefined) throw new HashListError("invalid JSON: expected a list of texts");
    this.#place = next;
  }

  #endText(): void {
    this.#endHash();
    this.#place = "after";
  }

  #pushDigit(byte: number): void {
    const digit = hexDigit(byte);
    if (digit < 0 || this.#digits === HASH_DIGITS) this.#refuseEntry();
    const at = this.count * HASH_BYTES + (this.#digits >> 1);
    if (at >= this.#bytes.length) this.#grow();
    this.#bytes[at] = this.#digits % 2 === 0 ? digit << 4 : this.#bytes[at] | digit;
    this.#digits++;
  }

  #endHash(): void {
    if (this.#digits !== HASH_DIGITS) this.#refuseEntry();
    this.count++;
    this.#digits = 0;
  }

  #refuseEntry(): never {
    throw new HashListError(`invalid info_hash: entry ${this.count + 1}`);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Where a JSON list goes on outside its texts; `undefined` where that character may not stand. */
function nextPlace(place: Place, byte: number): Place | undefined {
  if (place === "start") return byte === OPEN ? "first" : undefined;
  if (byte === QUOTE && (place === "first" || place === "value")) return "text";
  if (byte === CLOSE && (place === "first" || place === "after")) return "end";
  return byte === COMMA && place === "after" ? "value" : undefined;
}

/** Space, tab, line feed, carriage return: the white space of JSON. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
