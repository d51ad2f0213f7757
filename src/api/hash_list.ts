/**
 * Reads a body with hashes while it arrives: a JSON list of texts, or one hash a line. Keys may each have the time at
 * which they end: `["KEY", 1800000000]`, or `KEY 1800000000` in a line. Nothing is kept but the bytes of each, and no
 * piece of it takes long.
 */
import { hexDigit } from "../base/bytes.ts";

const HASH_BYTES = 20;
const HASH_DIGITS = 40;

/** The end of a key of which the body tells none. */
export const NOT_TOLD = -1;

/** The latest end that is kept, in the year 2106. */
export const LATEST_END = 2 ** 32 - 1;

/** What is wrong with a body, for who sent it. */
export class HashListError extends Error {}

/** Where the reader of a JSON list is. */
type Place =
  | ("start" | "first" | "value" | "text" | "after" | "end")
  // In a pair: its start, its text, after that, its number.
  | ("pair" | "pairText" | "pairAfter" | "number" | "pairEnd");

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const ZERO = 0x30;

export class HashList {
  /** Hashes read so far. */
  count = 0;
  /** Whether the body is none at all. */
  isEmpty = true;
  #bytes = new Uint8Array(1024 * HASH_BYTES);
  #ends = new Float64Array(1024);
  #digits = 0;
  /** Digits of the number in hand, and what they say. */
  #numberDigits = 0;
  #number = 0;
  /** What comes next in the line in hand. */
  #linePart: "key" | "end" | "nothing" = "key";
  #isJson: boolean | undefined;
  #place: Place = "start";
  readonly #noun: "info_hash" | "key";
  readonly #over: number;

  /**
   * `isJson` is `undefined` where the body is to tell by its first character. Only keys may have an end, and not one up
   * to the UNIX time `over`.
   */
  constructor(isJson: boolean | undefined, noun: "info_hash" | "key" = "info_hash", over = 0) {
    this.#isJson = isJson;
    this.#noun = noun;
    this.#over = over;
  }

  /** Takes in the next piece of the body. Throws a HashListError. */
  push(piece: Uint8Array): void {
    if (piece.length > 0) this.isEmpty = false;
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i];
      if (this.#isJson === undefined && !isSpace(byte)) this.#isJson = byte === OPEN;
      if (this.#isJson === true) this.#pushJson(byte);
      else if (this.#noun === "key") this.#pushKeyLine(byte);
      else this.#pushLine(byte);
    }
  }

  /** Takes the end of the body. Throws a HashListError. */
  finish(): void {
    if (this.#isJson === true && this.#place !== "end") throw new HashListError("invalid JSON");
    if (this.#digits > 0) this.#endHash();
    if (this.#numberDigits > 0) this.#endNumber();
  }

  /** The words of all hashes, five each. */
  words(): Int32Array {
    return new Int32Array(this.#bytes.buffer, 0, this.count * HASH_BYTES / 4);
  }

  /** UNIX times, one for each hash: 0 for never, {@link NOT_TOLD} for none. */
  ends(): Float64Array {
    return this.#ends.subarray(0, this.count);
  }

  /** Blank lines mean nothing. */
  #pushLine(byte: number): void {
    if (!isSpace(byte)) return this.#pushDigit(byte);
    if (this.#digits === HASH_DIGITS || (isLineEnd(byte) && this.#digits > 0)) this.#endHash();
    else if (this.#digits > 0) this.#refuseEntry();
  }

  /** A key, and perhaps the time at which it ends. */
  #pushKeyLine(byte: number): void {
    if (!isSpace(byte)) {
      if (this.#linePart === "key") return this.#pushDigit(byte);
      return this.#linePart === "end" ? this.#pushNumber(byte) : this.#refuseEnd();
    }
    if (this.#digits > 0) {
      this.#endHash();
      this.#linePart = "end";
    } else if (this.#numberDigits > 0) {
      this.#endNumber();
      this.#linePart = "nothing";
    }
    if (isLineEnd(byte)) this.#linePart = "key";
  }

  #pushJson(byte: number): void {
    if (this.#place === "text" || this.#place === "pairText") {
      return byte === QUOTE ? this.#endText() : this.#pushDigit(byte);
    }
    if (this.#place === "number" && !isSpace(byte) && byte !== CLOSE) return this.#pushNumber(byte);
    if (this.#place === "number" && this.#numberDigits > 0) {
      this.#endNumber();
      this.#place = "pairEnd";
    }
    if (isSpace(byte)) return;
    const next = nextPlace(this.#place, byte, this.#noun === "key");
    if (next === undefined) {
      const wanted = this.#noun === "key"
        ? "a list of texts, or of texts with a number each"
        : "a list of texts";
      throw new HashListError(`invalid JSON: expected ${wanted}`);
    }
    this.#place = next;
  }

  #endText(): void {
    this.#endHash();
    this.#place = this.#place === "pairText" ? "pairAfter" : "after";
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
    this.#ends[this.count++] = NOT_TOLD;
    this.#digits = 0;
  }

  /** Of the end of the key that was read last. */
  #pushNumber(byte: number): void {
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) this.#refuseEnd();
    this.#number = this.#number * 10 + digit;
    this.#numberDigits++;
    if (this.#number > LATEST_END) this.#refuseEnd();
  }

  #endNumber(): void {
    if (this.#number > 0 && this.#number <= this.#over) {
      throw new HashListError(`invalid timeout: entry ${this.count} ends at a UNIX time that is over`);
    }
    this.#ends[this.count - 1] = this.#number;
    this.#number = 0;
    this.#numberDigits = 0;
  }

  #refuseEntry(): never {
    throw new HashListError(`invalid ${this.#noun}: entry ${this.count + 1}`);
  }

  #refuseEnd(): never {
    throw new HashListError(`invalid timeout: entry ${this.count}`);
  }

  #grow(): void {
    const bytes = new Uint8Array(this.#bytes.length * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    const ends = new Float64Array(this.#ends.length * 2);
    ends.set(this.#ends);
    this.#ends = ends;
  }
}

/** Where a JSON list goes on outside its texts and numbers; `undefined` where that character may not stand. */
function nextPlace(place: Place, byte: number, takesPairs: boolean): Place | undefined {
  switch (place) {
    case "start":
      return byte === OPEN ? "first" : undefined;
    case "first":
    case "value":
      if (byte === QUOTE) return "text";
      if (byte === OPEN && takesPairs) return "pair";
      return byte === CLOSE && place === "first" ? "end" : undefined;
    case "after":
      return byte === COMMA ? "value" : byte === CLOSE ? "end" : undefined;
    case "pair":
      return byte === QUOTE ? "pairText" : undefined;
    case "pairAfter":
      return byte === COMMA ? "number" : undefined;
    case "pairEnd":
      return byte === CLOSE ? "after" : undefined;
    default:
      return undefined;
  }
}

/** Space, tab, line feed, carriage return: the white space of JSON. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || isLineEnd(byte);
}

function isLineEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}
