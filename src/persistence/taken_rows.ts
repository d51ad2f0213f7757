/** Writing rows of which the database may refuse some, so that one of them does not hold back the others. */
import { DatabaseError, HASH_BYTES, type Rows } from "./database.ts";
import { hashCount } from "./rows.ts";

/** Rows that the database does not take. */
export interface RefusedRows {
  readonly rows: Rows;
  /** Why it does not take the first of them, in one line; "" where it takes all. */
  readonly reason: string;
}

/**
 * How many refused rows may still be searched for one by one. A table that takes nothing at all would otherwise be
 * asked about each row.
 */
export class SearchBudget {
  rows = 64;
}

/**
 * Writes rows, as few calls of `write` as do, until all are in the database but for those that it refuses. A part that
 * is refused without a word on which row is to blame is cut in two, and with the budget spent refused as a whole. What
 * `write` throws beyond that is thrown, and then all of it may be repeated.
 */
export async function writeTaken(
  rows: Rows,
  budget: SearchBudget,
  write: (rows: Rows) => Promise<void>,
): Promise<RefusedRows> {
  const refused: number[] = [];
  let reason = "";
  const parts = [Array.from({ length: hashCount(rows.hashes) }, (_, place) => place)];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part.length === 0) continue;
    try {
      await write(part.length * HASH_BYTES === rows.hashes.length ? rows : pickRows(rows, part));
    } catch (error) {
      if (!(error instanceof DatabaseError && error.fault === "content")) throw error;
      reason ||= error.message;
      if (error.refusedRows !== undefined) {
        const named = new Set(error.refusedRows);
        refused.push(...part.filter((_, i) => named.has(i)));
        parts.push(part.filter((_, i) => !named.has(i)));
      } else if (part.length === 1 || budget.rows <= 0) {
        budget.rows--;
        refused.push(...part);
      } else {
        const half = part.length >> 1;
        parts.push(part.slice(half), part.slice(0, half));
      }
    }
  }
  return { rows: pickRows(rows, refused), reason };
}

/** A copy of the rows at these places. */
function pickRows({ hashes, numbers }: Rows, places: readonly number[]): Rows {
  const picked = new Uint8Array(places.length * HASH_BYTES);
  places.forEach((place, i) => {
    picked.set(hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES), i * HASH_BYTES);
  });
  const pickedNumbers = numbers.length === 0 ? [] : places.map((place) => numbers[place]);
  return { hashes: picked, numbers: Float64Array.from(pickedNumbers) };
}
