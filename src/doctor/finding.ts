/** What a check of the doctor comes to. */

/**
 * - `ok`: nothing to do;
 * - `warning`: something wants to be changed;
 * - `unknown`: this system does not let us see.
 */
export type State = "ok" | "warning" | "unknown";

export interface Finding {
  readonly state: State;
  /** What was looked at, such as `receive buffer`. */
  readonly subject: string;
  /** What was found, in one line. */
  readonly text: string;
  /** What to do, one command or setting a line. */
  readonly remedies: readonly string[];
}

export function ok(subject: string, text: string): Finding {
  return { state: "ok", subject, text, remedies: [] };
}

export function unknown(subject: string, text: string, ...remedies: string[]): Finding {
  return { state: "unknown", subject, text, remedies };
}

export function warning(subject: string, text: string, ...remedies: string[]): Finding {
  return { state: "warning", subject, text, remedies };
}

/** The lines in which a finding is told: what was found, then what to do. */
export function linesOf({ state, subject, text, remedies }: Finding): string[] {
  return [`${state.padEnd(8)} ${subject}: ${text}`, ...remedies.map((remedy) => `           ${remedy}`)];
}
