/**
 * The four tables: their names and columns, the statements that create them, and what is understood of those that are
 * there already.
 */
import { assert } from "../base/assert.ts";
import type { DbStructure } from "../config/schema.ts";
import { DatabaseError, HASH_BYTES, type TableKey } from "./database.ts";

/** A table by its names in the database. */
export interface TableNames {
  readonly table: string;
  readonly hash: string;
  /** The column of the number; `undefined` for the two lists. */
  readonly number: string | undefined;
}

/** How a column holds a hash: as text of 40 hexadecimal digits, or as 20 bytes. */
export type HashForm = "hex" | "bytes";

/** A column as the catalog of a database describes it. */
export interface CatalogColumn {
  readonly name: string;
  /** As the database writes it, such as `varchar(40)`. */
  readonly type: string;
}

/** A table as the catalog describes it. */
export interface CatalogTable {
  readonly columns: readonly CatalogColumn[];
  /** Columns that by themselves are a primary key or a unique index. */
  readonly uniqueColumns: readonly string[];
}

/** What differs between databases in reading a catalog. */
export interface TypeRules {
  /** The form of a hash in a column of this type; a text that tells what was expected, where it cannot hold one. */
  hashForm(type: string): HashForm | { readonly expected: string };
  /** The largest whole number that a column of this type holds; `undefined` for a type that is for something else. */
  largestWhole(type: string): number | undefined;
  /** Whether `Name` and `name` are two columns. */
  readonly isCaseSensitive: boolean;
}

/** What is understood of a table that was checked. */
export interface CheckedTable {
  readonly names: TableNames;
  readonly form: HashForm;
  /** The column of the number; `undefined` for the two lists. */
  readonly number: { readonly type: string; readonly largest: number } | undefined;
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** The names that the configuration gives. Throws on a name that could be anything but a name. */
export function tableNames(structure: DbStructure): Record<TableKey, TableNames> {
  for (const [key, name] of Object.entries(structure)) {
    assert(IDENTIFIER.test(name), `${key} is checked with the configuration`);
  }
  return {
    torrents: {
      table: structure.db_torrents,
      hash: structure.table_torrents_info_hash,
      number: structure.table_torrents_completed,
    },
    whitelist: {
      table: structure.db_whitelist,
      hash: structure.table_whitelist_info_hash,
      number: undefined,
    },
    blacklist: {
      table: structure.db_blacklist,
      hash: structure.table_blacklist_info_hash,
      number: undefined,
    },
    keys: { table: structure.db_keys, hash: structure.table_keys_hash, number: structure.table_keys_timeout },
  };
}

/** The largest number that a row of this table may hold. */
export function maxNumber(key: TableKey): number {
  return key === "torrents" ? 0x7fff_ffff : Number.MAX_SAFE_INTEGER;
}

/**
 * Checks a table that is there, by its catalog, and gives what its columns hold. Throws a {@link DatabaseError} of fault
 * `structure`. A column for smaller numbers than are to be kept is no fault: most of them fit.
 */
export function checkTable(
  description: string,
  names: TableNames,
  found: CatalogTable,
  rules: TypeRules,
): CheckedTable {
  const fail = (column: string, expected: string, problem: string): never => {
    const place = `table ${names.table}, column ${column}`;
    throw new DatabaseError("structure", description, `${place}: expected ${expected}, found ${problem}`);
  };
  const isSame = (a: string, b: string) =>
    rules.isCaseSensitive ? a === b : a.toLowerCase() === b.toLowerCase();
  const typeOf = (name: string): string => {
    const column = found.columns.find((column) => isSame(column.name, name));
    const others = found.columns.map((column) => column.name).join(", ");
    return column?.type ?? fail(name, "a column of this name", `only ${others}`);
  };

  const hashType = typeOf(names.hash);
  const form = rules.hashForm(hashType);
  if (typeof form !== "string") return fail(names.hash, form.expected, `type ${hashType}`);
  if (!found.uniqueColumns.some((name) => isSame(name, names.hash))) {
    // Without it each save would add the same rows again.
    fail(names.hash, "a primary key or a unique index on it alone", "none");
  }
  if (names.number === undefined) return { names, form, number: undefined };
  const type = typeOf(names.number);
  const largest = rules.largestWhole(type) ?? fail(names.number, "a type for whole numbers", `type ${type}`);
  return { names, form, number: { type, largest } };
}

/** The largest whole number in so many bytes. */
export function largestOf(bytes: number, isUnsigned: boolean): number {
  return Math.min(2 ** (bytes * 8 - (isUnsigned ? 0 : 1)) - 1, Number.MAX_SAFE_INTEGER);
}

/** Reads a type for a column such as `varchar(40)`: its name in lower case and its length, where it has one. */
export function parseType(type: string): { name: string; length: number | undefined } {
  const match = /^\s*([a-z_ ]*[a-z_])\s*(?:\(\s*([0-9]+)[^)]*\))?/.exec(type.toLowerCase());
  if (match === null) return { name: type.toLowerCase(), length: undefined };
  return { name: match[1], length: match[2] === undefined ? undefined : Number(match[2]) };
}

export const EXPECTED_HASH_TYPE = `text of ${HASH_BYTES * 2} characters, or ${HASH_BYTES} bytes`;
