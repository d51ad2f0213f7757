/** Collects what is wrong with a configuration, and knows where each thing was set. */

import type { EnvSetting } from "./env.ts";
import { formatPath, type Path, pathId } from "./lines.ts";
import type { Finding } from "./rules.ts";
import { oneLine } from "./text.ts";

/** Where a key was set: a variable, a line of the file (from 1), or neither. */
interface Place {
  readonly name: string;
  readonly line: number;
}

export class Report {
  readonly #file: string;
  readonly #lines: ReadonlyMap<string, number>;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #entries: { readonly line: number; readonly text: string }[] = [];
  readonly #broken: Path[] = [];

  constructor(file: string, lines: ReadonlyMap<string, number>, settings: readonly EnvSetting[]) {
    this.#file = oneLine(file);
    this.#lines = lines;
    this.#variables = new Map(settings.map(({ path, variable }) => [pathId(path), variable]));
  }

  /** Notes that what stands at the path is wrong. */
  add(path: Path, text: string): void {
    this.#broken.push(path);
    this.#enter([path], text);
  }

  /** Notes a conflict, unless one of its keys is wrong by itself: then it may be gone once that key is mended. */
  addConflict({ paths, text }: Finding): void {
    const isDoubtful = paths.some((path) =>
      this.#broken.some((broken) => isWithin(path, broken) || isWithin(broken, path))
    );
    if (!isDoubtful) this.#enter(paths, text);
  }

  /** `config.toml:12: interval: what is to be said of it`. */
  describe({ paths, text }: Finding): string {
    return `${this.#place(paths).name}: ${formatPath(paths[0])}: ${text}`;
  }

  /** All problems as lines: those of the file in its order, then those of variables. */
  problems(): string[] {
    return this.#entries.toSorted((a, b) => a.line - b.line).map((entry) => entry.text);
  }

  #enter(paths: Finding["paths"], text: string): void {
    this.#entries.push({ line: this.#place(paths).line, text: this.describe({ paths, text }) });
  }

  /** The place of the first of the paths that was set; otherwise that of the section around the first path. */
  #place(paths: Finding["paths"]): Place {
    for (const path of paths) {
      // A variable sets a list as a whole, so the place of an entry is that of its list.
      const variable = this.#variables.get(pathId(path)) ?? this.#variables.get(pathId(path.slice(0, -1)));
      if (variable !== undefined) return { name: variable, line: Infinity };
      const line = this.#lines.get(pathId(path));
      if (line !== undefined) return { name: `${this.#file}:${line}`, line };
    }
    for (let length = paths[0].length - 1; length > 0; length--) {
      const line = this.#lines.get(pathId(paths[0].slice(0, length)));
      if (line !== undefined) return { name: `${this.#file}:${line}`, line };
    }
    return { name: this.#file, line: 0 };
  }
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, i) => path[i] === part);
}
