/** The parameters of routes: how they are checked, and what is said of one that is no good. */
import { z } from "@hono/zod-openapi";
import { parseHex, toHex } from "../base/bytes.ts";

const HASH_BYTES = 20;
const EXAMPLE_HASH = "0123456789abcdef0123456789abcdef01234567";

/** 40 hexadecimal digits, upper or lower case. */
export const hashSchema = z.string().regex(/^[0-9A-Fa-f]{40}$/).openapi({ example: EXAMPLE_HASH });

/** 40 hexadecimal digits as the program writes them. */
export const hashTextSchema = z.string().regex(/^[0-9a-f]{40}$/).openapi({ example: EXAMPLE_HASH });

/** A whole number in decimal digits. */
export function wholeNumber(min: number, max: number, example: number) {
  const number = z.number().min(min).max(max);
  const text = z.string().regex(/^[0-9]{1,15}$/).transform(Number).pipe(number);
  return text.openapi({ type: "integer", minimum: min, maximum: max, example });
}

/** `true` or `false`. */
export function trueOrFalse() {
  return z.enum(["true", "false"]).transform((text) => text === "true").openapi({ type: "boolean" });
}

/** Names that differ between the address and what is said of it. */
const SPOKEN_NAMES: Readonly<Record<string, string>> = { hash: "info_hash" };

/** What is said of a parameter that is no good. */
export function invalidParameter(name: unknown): string {
  const spoken = typeof name === "string" ? SPOKEN_NAMES[name] ?? name : "request";
  return `invalid ${spoken}`;
}

/** The words of a hash that {@link hashSchema} has accepted. */
export function parseHash(text: string): Int32Array {
  const bytes = new Uint8Array(HASH_BYTES);
  parseHex(text, 0, HASH_BYTES, bytes);
  return new Int32Array(bytes.buffer);
}

/** The hash whose five words begin at `words[at]`. */
export function formatHash(words: Int32Array, at = 0): string {
  return toHex(new Uint8Array(words.buffer, words.byteOffset + at * 4, HASH_BYTES));
}
