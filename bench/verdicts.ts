/** What the tracker must reach, and what it reached. */
import * as http from "./http_comparison.ts";
import type { Results } from "./results.ts";
import { type Figure, ratioName } from "./rounds.ts";
import * as udp from "./udp_comparison.ts";

export interface Verdict {
  readonly what: string;
  /** What must be reached and what should be, in words. */
  readonly bar: string;
  readonly goal: string;
  readonly measured: string;
  readonly isReached: "bar" | "goal" | "no" | "not measured" | "reported";
}

/** A figure that is good when it is high, such as a ratio, or when it is low, such as a time. */
interface Demand {
  readonly what: string;
  readonly better: "more" | "less";
  readonly bar: number;
  readonly goal?: number;
  readonly unit?: string;
  readonly value: number | undefined;
  readonly spread?: Figure | undefined;
}

export function verdicts(results: Results): Verdict[] {
  return demands(results).map(judge);
}

function demands(results: Results): Demand[] {
  const udpRatio = (ours: string, theirs: string) => results.udp?.found.ratios[ratioName(ours, theirs)];
  const httpRatio = (mode: string, theirs: string) =>
    results.http?.found.ratios[ratioName(http.keyOf(mode, http.DENOTRACK), http.keyOf(mode, theirs))];
  const more = (what: string, bar: number, goal: number | undefined, spread: Figure | undefined): Demand => ({
    what,
    better: "more",
    bar,
    ...(goal === undefined ? {} : { goal }),
    unit: "×",
    value: spread?.median,
    spread,
  });
  return [
    more("UDP responses/s against opentracker", 1.6, 2, udpRatio(udp.DENOTRACK, udp.OPENTRACKER)),
    more("… against the null responder", 0.75, 0.9, udpRatio(udp.DENOTRACK, udp.NULL_RESPONDER)),
    more("… against aquatic_udp", 1.2, 1.6, udpRatio(udp.DENOTRACK, udp.AQUATIC)),
    more("… against bittorrent-tracker", 5, 7, udpRatio(udp.DENOTRACK, udp.NPM_TRACKER)),
    more(
      "portable UDP backend against a bare Deno.listenDatagram",
      0.8,
      0.95,
      udpRatio(udp.PORTABLE, udp.NULL_PORTABLE),
    ),
    more("HTTP keep-alive against bittorrent-tracker", 5, 8, httpRatio(http.KEEP_ALIVE, http.NPM_TRACKER)),
    more("HTTP keep-alive against a bare Hono route", 0.7, 0.9, httpRatio(http.KEEP_ALIVE, http.NULL_ROUTE)),
    more(
      "HTTP, one connection a request, against opentracker",
      1,
      undefined,
      httpRatio(http.ONE_CONNECTION, http.OPENTRACKER),
    ),
  ];
}

function judge({ what, better, bar, goal, unit = "", value, spread }: Demand): Verdict {
  const sign = better === "more" ? "≥" : "≤";
  const reaches = (limit: number) => better === "more" ? value! >= limit : value! <= limit;
  const text = (number: number) => `${Number(number.toPrecision(3))} ${unit}`.trim();
  const range = spread === undefined ? "" : ` (${text(spread.least)} to ${text(spread.most)})`;
  return {
    what,
    bar: `${sign} ${text(bar)}`,
    goal: goal === undefined ? "" : text(goal),
    measured: value === undefined ? "" : `${text(value)}${range}`,
    isReached: value === undefined
      ? "not measured"
      : !reaches(bar)
      ? "no"
      : goal !== undefined && reaches(goal)
      ? "goal"
      : "bar",
  };
}
