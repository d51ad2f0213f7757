/** How values and names of the configuration are shown in one line of a message. */

import { closest, distance } from "fastest-levenshtein";

const MAX_SHOWN = 80;

/** What was found, as it follows "found" in a problem: text in quotes, numbers as they are, the rest by its kind. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return showKind(value);
}

/** As `showValue`, for values that no message may hold. */
export function showKind(value: unknown): string {
  if (typeof value === "string") return value === "" ? 'an empty text ("")' : "a text that is not shown here";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof Date) return "a date or time";
  return typeof value === "object" ? "a table" : `a ${typeof value}`;
}

/** The text in quotes on one line, shortened if it is long. */
export function quoted(text: string): string {
  return `"${oneLine(text).replaceAll('"', '\\"')}"`;
}

/** The text without anything that could break or hide a line of a terminal, shortened if it is long. */
export function oneLine(text: string): string {
  const characters = [...text];
  const cut = characters.length > MAX_SHOWN ? `${characters.slice(0, MAX_SHOWN).join("")}…` : text;
  return cut.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** `a, b or c`. */
export function either(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}

/**
 * `, did you mean "whitelist"?` if one of the names is close enough to be meant, otherwise nothing. The prefix that all
 * of them have does not make them any closer.
 */
export function suggestion(name: string, names: readonly string[], prefix = ""): string {
  // Names longer than any of ours cannot be meant, and the distance of long texts is slow.
  if (name.length > 100) return "";
  const bare = (text: string) => text.slice(prefix.length).toLowerCase();
  const found = closest(bare(name), names.map(bare));
  if (distance(bare(name), found) > Math.max(2, found.length * 0.4)) return "";
  return `, did you mean "${names.find((other) => bare(other) === found)}"?`;
}
