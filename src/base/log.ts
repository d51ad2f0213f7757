/**
 * The log: LogTape on the console, one line for one event. A warning or error that comes again within a minute is
 * counted, and the count is told at the end of that minute.
 */
import {
  configureSync,
  getConsoleSink,
  getLogger,
  getTextFormatter,
  type LogLevel,
  type LogRecord,
  type Sink,
} from "@logtape/logtape";

/** The log of one part of the program. Whatever the text holds, it becomes one line. */
export interface Log {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** The levels of the configuration. */
export type LogThreshold = "off" | "trace" | "debug" | "info" | "warn" | "error";

const REPEAT_MILLISECONDS = 60_000;

/** Different messages that are watched for repeats at one time; beyond that each is logged. */
const MAX_WATCHED = 256;

/** Sets the log up, for this thread. May be called again. */
export function configureLog(threshold: LogThreshold): void {
  const lowestLevel: LogLevel | null = threshold === "off"
    ? null
    : threshold === "warn"
    ? "warning"
    : threshold;
  const formatter = getTextFormatter({
    timestamp: "date-time",
    level: "FULL",
    category: (category) => category.slice(1).join("."),
    value: "bare",
    format: ({ timestamp, level, category, message }) => `${timestamp} ${level} ${category}: ${message}`,
  });
  configureSync({
    reset: true,
    sinks: { console: countRepeats(getConsoleSink({ formatter })) },
    loggers: [
      { category: ["denotrack"], lowestLevel, sinks: ["console"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["console"] },
    ],
  });
}

/** The log of the part of the program with that name. */
export function logger(part: string): Log {
  const target = getLogger(["denotrack", part]);
  // Texts are values, not templates: a brace in one of them means nothing.
  return {
    debug: (text) => target.debug("{text}", { text: oneLine(text) }),
    info: (text) => target.info("{text}", { text: oneLine(text) }),
    warn: (text) => target.warn("{text}", { text: oneLine(text) }),
    error: (text) => target.error("{text}", { text: oneLine(text) }),
  };
}

/** Control characters as escapes, so that nobody who gets a text into the log can forge a line or move a cursor. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}

/** A sink that passes on each warning and error once a minute, and then how often it came again. */
export function countRepeats(
  sink: Sink,
  later: (callback: () => void, milliseconds: number) => void = backgroundTimer,
): Sink {
  const repeats = new Map<string, number>();
  return (record) => {
    if (record.level !== "warning" && record.level !== "error") return sink(record);
    const text = `${record.category.join(".")}\n${record.level}\n${record.message.join("")}`;
    const count = repeats.get(text);
    if (count !== undefined) {
      repeats.set(text, count + 1);
      return;
    }
    sink(record);
    if (repeats.size >= MAX_WATCHED) return;
    repeats.set(text, 0);
    later(() => {
      const more = repeats.get(text) ?? 0;
      repeats.delete(text);
      if (more > 0) sink(withCount(record, more));
    }, REPEAT_MILLISECONDS);
  };
}

function withCount(record: LogRecord, more: number): LogRecord {
  const note = ` (${more} more ${more === 1 ? "time" : "times"} in the minute after)`;
  return { ...record, message: [...record.message.slice(0, -1), note] };
}

/** A timer that does not keep the program alive. */
function backgroundTimer(callback: () => void, milliseconds: number): void {
  Deno.unrefTimer(setTimeout(callback, milliseconds));
}
