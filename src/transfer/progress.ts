/** Tells on stderr how far a transfer is: a terminal has one line written again and again, a file one every few seconds. */

const TERMINAL_MILLISECONDS = 200;
const FILE_MILLISECONDS = 5000;
const BAR_CHARS = 15;
/** Back to the start of the line, and clear it. */
const CLEAR_LINE = "\r\x1b[K";

export class Progress {
  readonly #verb: string;
  readonly #isTerminal = Deno.stderr.isTerminal();
  readonly #began = performance.now();
  #shown = this.#began;
  #hasLine = false;

  /** `verb` as in "exported 1,000 rows". */
  constructor(verb: string) {
    this.#verb = verb;
  }

  /** Tells of it when it is time. `fraction` is the part that is done, 0 to 1; left out where nobody knows. */
  update(rows: number, fraction?: number): void {
    const now = performance.now();
    if (now - this.#shown < (this.#isTerminal ? TERMINAL_MILLISECONDS : FILE_MILLISECONDS)) return;
    this.#shown = now;
    const line = progressLine(this.#verb, rows, this.seconds, fraction);
    if (!this.#isTerminal) return console.error(line);
    writeError(CLEAR_LINE + line);
    this.#hasLine = true;
  }

  /** Prints a line of its own. */
  say(line: string): void {
    this.clear();
    console.error(line);
  }

  /** Takes the line of the progress away. */
  clear(): void {
    if (this.#hasLine) writeError(CLEAR_LINE);
    this.#hasLine = false;
  }

  /** Seconds since the transfer began. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }
}

/** `exported [#####...............]  25%  1,000,000 rows, 250,000/s, 0:12 left`. */
export function progressLine(verb: string, rows: number, seconds: number, fraction?: number): string {
  const counts = `${counted(rows, "row")}, ${grouped(Math.round(rows / Math.max(seconds, 0.001)))}/s`;
  if (fraction === undefined) return `${verb} ${counts}`;
  const part = Math.min(Math.max(fraction, 0), 1);
  const bar = "#".repeat(Math.round(part * BAR_CHARS)).padEnd(BAR_CHARS, ".");
  const percent = `${Math.floor(part * 100)}`.padStart(3);
  const left = part === 0 ? "" : `, ${clockTime(seconds / part - seconds)} left`;
  return `${verb} [${bar}] ${percent}%  ${counts}${left}`;
}

/** `1,234,567`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 row`, `1,234 rows`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1:02:03` or `2:03`. */
function clockTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

function writeError(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
