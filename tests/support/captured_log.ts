/** What is written to the console while something runs, at the most talkative level. */
import { configureLog } from "../../src/base/log.ts";

const METHODS = ["debug", "info", "log", "warn", "error"] as const;

export async function captureLog(run: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const originals = METHODS.map((method) => [method, console[method]] as const);
  for (const method of METHODS) console[method] = (...values: unknown[]) => void lines.push(values.join(" "));
  configureLog("trace");
  try {
    await run();
  } finally {
    for (const [method, original] of originals) console[method] = original;
    configureLog("off");
  }
  return lines;
}
