/** Numbers, times and sizes as the viewer's own country writes them, in the viewer's zone. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const SECONDS_OF: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

export function formatCount(count: number): string {
  return whole.format(count);
}

/** `1 entry`, `2,000 entries`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

/** Rates below ten are told with a digit more. */
export function formatRate(perSecond: number): string {
  return perSecond < 10 ? oneDigit.format(perSecond) : whole.format(perSecond);
}

export function formatShare(part: number, all: number): string {
  return `${oneDigit.format(all === 0 ? 0 : part / all * 100)} %`;
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${oneDigit.format(value)} ${units[unit]}`;
}

/** `3 d 4 h`, `12 min 5 s`, `0 s`: the two largest parts. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [size, name] of SECONDS_OF) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${whole.format(count)} ${name}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}

export function formatTime(unixSeconds: number): string {
  return moment.format(unixSeconds * 1000);
}

/** The UNIX time by the viewer's clock. */
export function unixNow(): number {
  return Date.now() / 1000;
}
