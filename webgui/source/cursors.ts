/** Pages that follow one another by cursors, and back by remembering them. */
import { useEffect, useState } from "preact/hooks";

export interface Cursors {
  /** Number of the page, from 0. */
  readonly page: number;
  /** Where it begins, "" for the first. */
  readonly cursor: string;
  /** Goes to a page before this one, or to the one after it, which begins at `next`. */
  turn(page: number, next: string | null | undefined): void;
  /** Goes to the first page. */
  reset(): void;
}

export function useCursors(): Cursors {
  const [cursors, setCursors] = useState<readonly string[]>([""]);
  return {
    page: cursors.length - 1,
    cursor: cursors.at(-1)!,
    turn(page, next) {
      if (page < cursors.length) setCursors(cursors.slice(0, page + 1));
      else if (typeof next === "string") setCursors([...cursors, next]);
    },
    reset: () => setCursors([""]),
  };
}

/** A text once nobody has typed for a moment, so that not every letter is searched for. */
export function useSettled(text: string, pauseMilliseconds = 150): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    if (text === settled) return;
    const timer = setTimeout(() => setSettled(text), pauseMilliseconds);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
