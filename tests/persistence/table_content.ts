// What a table holds, as a Map from hash to number, and rows made for the tests.

import { randomFillSync } from "node:crypto";
import { Buffer } from "node:buffer";
import type { Database, Rows, TableKey } from "../../src/persistence/database.ts";

export type Content = ReadonlyMap<string, number>;

export const hasNumbers = (key: TableKey) => key === "torrents" || key === "keys";

/** Random hashes, with numbers where the table has them. */
export function randomRows(key: TableKey, count: number): Rows {
  const hashes = randomFillSync(new Uint8Array(count * 20));
  const numbers = new Float64Array(hasNumbers(key) ? count : 0);
  numbers.forEach((_, i) => numbers[i] = key === "keys" ? i * 1_000_003 : i);
  return { hashes, numbers };
}

/** Rows of the given hashes (hexadecimal) and numbers. */
export function rowsOf(hexes: readonly string[], numbers: readonly number[] = []): Rows {
  return {
    hashes: new Uint8Array(Buffer.from(hexes.join(""), "hex")),
    numbers: new Float64Array(numbers),
  };
}

/** 40 hexadecimal digits with letters in them, another for each number. */
export function hexOf(number: number): string {
  return `${"abcdef".repeat(6)}${number.toString(16).padStart(4, "0")}`;
}

/** A list gives 0 for each hash. Throws when a hash comes twice. */
export function contentOf({ hashes, numbers }: Rows): Map<string, number> {
  const hex = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length).toString("hex");
  const content = new Map<string, number>();
  for (let i = 0; i < hashes.length / 20; i++) {
    const hash = hex.slice(i * 40, i * 40 + 40);
    if (content.has(hash)) throw new Error(`${hash} comes twice`);
    content.set(hash, numbers[i] ?? 0);
  }
  return content;
}

export async function readContent(database: Database, key: TableKey, pageRows = 1000): Promise<Content> {
  const content = new Map<string, number>();
  await database.read(key, pageRows, (page) => {
    if (page.hashes.length === 0 || page.hashes.length > pageRows * 20) throw new Error("page size");
    for (const [hash, number] of contentOf(page)) {
      if (content.has(hash)) throw new Error(`${hash} comes on two pages`);
      content.set(hash, number);
    }
  });
  return content;
}
