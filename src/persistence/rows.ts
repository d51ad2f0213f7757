/** Pages of rows: filled by a driver while it reads, and checked value by value. */
import { hexDigit, parseHex, toHex } from "../base/bytes.ts";
import { DatabaseError, HASH_BYTES, type Rows, shown, type TableKey } from "./database.ts";
import { type HashForm, maxNumber, type TableNames } from "./schema.ts";

const HEX_CHARS = HASH_BYTES * 2;
const EXPECTED_HEX = `${HEX_CHARS} hexadecimal characters`;

/** One page, used again and again during a reading. */
export class Page {
  /** Rows in the page now. */
  count = 0;
  readonly hashes: Uint8Array;
  readonly numbers: Float64Array;
  /** The largest number that a row may hold; the least is 0. */
  readonly maxNumber: number;
  readonly #description: string;
  readonly #names: TableNames;
  readonly #hasNumbers: boolean;
  #rowsBefore = 0;

  constructor(description: string, key: TableKey, names: TableNames, pageRows: number) {
    this.#description = description;
    this.#names = names;
    this.maxNumber = maxNumber(key);
    this.#hasNumbers = names.number !== undefined;
    this.hashes = new Uint8Array(pageRows * HASH_BYTES);
    this.numbers = new Float64Array(this.#hasNumbers ? pageRows : 0);
  }

  /** The rows for `onPage`. */
  rows(): Rows {
    const numbers = this.#hasNumbers ? this.count : 0;
    return {
      hashes: this.hashes.subarray(0, this.count * HASH_BYTES),
      numbers: this.numbers.subarray(0, numbers),
    };
  }

  /** Makes room for the next page. */
  clear(): void {
    this.#rowsBefore += this.count;
    this.count = 0;
  }

  /** Adds a row whose hash is text or bytes and whose number (where there is one) is a number or digits. */
  add(form: HashForm, hash: unknown, number: unknown): void {
    if (form === "hex") this.#setHex(hash);
    else this.#setBytes(hash);
    if (this.#hasNumbers) this.setNumber(number);
    this.count++;
  }

  /**
   * Adds a row whose hash is the ASCII of hexadecimal digits, and of a leading `\\x` where the column holds bytes: the
   * wire form of PostgreSQL.
   */
  addHexBytes(form: HashForm, hash: unknown, number: unknown): void {
    const start = form === "bytes" ? 2 : 0;
    const isHex = hash instanceof Uint8Array && hash.length - start === HEX_CHARS &&
      readHexBytes(hash, start, this.hashes, this.#offset);
    if (!isHex) {
      const text = hash instanceof Uint8Array ? new TextDecoder().decode(hash.subarray(start)) : hash;
      const expected = form === "hex" ? EXPECTED_HEX : `${HASH_BYTES} bytes`;
      this.fail(
        this.#names.hash,
        expected,
        form === "hex" ? shown(text) : `${String(text).length / 2} bytes`,
      );
    }
    if (this.#hasNumbers) this.setNumber(number);
    this.count++;
  }

  /** Sets the number of the row in hand. */
  setNumber(number: unknown): void {
    const value = typeof number === "string" && /^[0-9]{1,20}$/.test(number) ? Number(number) : number;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > this.maxNumber) {
      const found = typeof number === "string" ? number : shown(number);
      return this.fail(this.#names.number ?? "", `a whole number from 0 to ${this.maxNumber}`, found);
    }
    this.numbers[this.count] = value;
  }

  /** Throws the error for the row in hand. */
  fail(column: string, expected: string, found: string): never {
    const row = this.#rowsBefore + this.count + 1;
    const place = `table ${this.#names.table}, column ${column}, row ${row}`;
    throw new DatabaseError(
      "content",
      this.#description,
      `${place}: expected ${expected}, found ${found}${this.#rowName(column)}`,
    );
  }

  get #offset(): number {
    return this.count * HASH_BYTES;
  }

  /** A bad number is found by the hash of its row. */
  #rowName(column: string): string {
    if (column === this.#names.hash) return "";
    return ` (${this.#names.hash} ${toHex(this.hashes, this.#offset, HASH_BYTES)})`;
  }

  #setHex(hash: unknown): void {
    const isHex = typeof hash === "string" && hash.length === HEX_CHARS &&
      parseHex(hash, 0, HASH_BYTES, this.hashes.subarray(this.#offset, this.#offset + HASH_BYTES));
    if (!isHex) this.fail(this.#names.hash, EXPECTED_HEX, shown(hash));
  }

  #setBytes(hash: unknown): void {
    if (!(hash instanceof Uint8Array) || hash.length !== HASH_BYTES) {
      return this.fail(this.#names.hash, `${HASH_BYTES} bytes`, shown(hash));
    }
    this.hashes.set(hash, this.#offset);
  }
}

/** How many hashes lie in `hashes`. */
export function hashCount(hashes: Uint8Array): number {
  return hashes.length / HASH_BYTES;
}

function readHexBytes(bytes: Uint8Array, start: number, out: Uint8Array, offset: number): boolean {
  for (let i = 0; i < HASH_BYTES; i++) {
    const high = hexDigit(bytes[start + i * 2]);
    const low = hexDigit(bytes[start + i * 2 + 1]);
    if (high < 0 || low < 0) return false;
    out[offset + i] = (high << 4) | low;
  }
  return true;
}
