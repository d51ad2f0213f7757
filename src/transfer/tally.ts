/** Rows that were transferred, table by table. */
import { TABLE_KEYS, type TableKey } from "../persistence/database.ts";
import { grouped } from "./progress.ts";

export class Tally {
  readonly #tables: readonly TableKey[];
  readonly #rows: Record<TableKey, number> = { torrents: 0, whitelist: 0, blacklist: 0, keys: 0 };

  /** Of these tables. */
  constructor(tables: readonly TableKey[]) {
    this.#tables = TABLE_KEYS.filter((key) => tables.includes(key));
  }

  add(table: TableKey, rows: number): void {
    this.#rows[table] += rows;
  }

  get total(): number {
    return this.#tables.reduce((sum, table) => sum + this.#rows[table], 0);
  }

  /** `torrents 1,000, keys 2`. */
  toString(): string {
    return this.#tables.map((table) => `${table} ${grouped(this.#rows[table])}`).join(", ");
  }
}
