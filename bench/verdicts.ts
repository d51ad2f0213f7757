/** What the tracker must reach, and what it reached. */
import * as http from "./http_comparison.ts";
import type { Results } from "./results.ts";
import { type Figure, ratioName } from "./rounds.ts";
import { bytesAPeer, bytesATorrent, type Scale, type ScaleRow } from "./scale.ts";
import { IDLE, type Stalls } from "./stalls.ts";
import * as udp from "./udp_comparison.ts";

export interface Verdict {
  readonly what: string;
  /** What must be reached and what should be, in words. */
  readonly bar: string;
  readonly goal: string;
  readonly measured: string;
  readonly isReached: "bar" | "goal" | "no" | "not measured" | "reported" | "too small to tell";
}

/** A figure that is good when it is high, such as a ratio, or when it is low, such as a time. */
interface Demand {
  readonly what: string;
  readonly better: "more" | "less";
  /** Without it, the value is only reported. */
  readonly bar?: number;
  readonly goal?: number | undefined;
  readonly unit: string;
  readonly value: number | undefined;
  readonly spread?: Figure | undefined;
  /** Whether the value says little about what is demanded. */
  readonly isTooSmall?: boolean;
}

export function verdicts(results: Results): Verdict[] {
  return demands(results).map(judge);
}

function demands(results: Results): Demand[] {
  const udpRatio = (ours: string, theirs: string) => results.udp?.found.ratios[ratioName(ours, theirs)];
  const httpRatio = (mode: string, theirs: string) =>
    results.http?.found.ratios[ratioName(http.keyOf(mode, http.DENOTRACK), http.keyOf(mode, theirs))];
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
    ...scaleDemands(results.scale?.found),
    ...stallDemands(results.stalls?.found),
    less(
      "allocation on the UDP announce path",
      "B",
      0,
      undefined,
      results.allocation?.found.udpAnnounceBytes,
    ),
    {
      what: "two UDP workers against one, both cores shared with the load",
      better: "more",
      unit: "×",
      ...valueOf(udpRatio(udp.TWO_WORKERS, udp.DENOTRACK)),
    },
  ];
}

function scaleDemands(scale: Scale | undefined): Demand[] {
  const row = (torrents: number) => scale?.rows.find((each) => each.torrents === torrents);
  const [first, last] = [scale?.rows[0], scale?.rows.at(-1)];
  const [million, most] = [row(1e6), row(1e8)];
  // The quick form is too small for these sizes; it then tells what it has, beside the same bar.
  const large = most ?? last;
  const loaded = row(1e7) ?? last;
  const base = million === large ? first : million ?? first;
  const rate = base !== undefined && large !== undefined && large !== base
    ? large.announces.median / base.announces.median
    : undefined;
  // With few torrents, what the runtime itself takes and gives back is more than they are.
  const isTooSmall = large !== undefined && large.torrents < 1e7;
  const size = (one: ScaleRow | undefined, wanted: number) => `${(one?.torrents ?? wanted) / 1e6} M`;
  return [
    {
      ...less(
        "memory of an idle torrent",
        "B",
        40,
        36,
        scale === undefined ? undefined : bytesATorrent(scale),
      ),
      isTooSmall,
    },
    {
      ...less(
        "memory of a peer with all that the API shows",
        "B",
        80,
        64,
        scale === undefined ? undefined : Math.max(...scale.rows.map(bytesAPeer)),
      ),
      isTooSmall,
    },
    less(
      `${size(large, 1e8)} torrents + ${((large?.peersFilled ?? 5e6) / 1e6).toFixed(1)} M peers, resident`,
      "GB",
      5,
      4.2,
      large === undefined ? undefined : large.filledBytes / 1e9,
    ),
    {
      what: `announce rate at ${size(large, 1e8)} torrents against ${size(base, 1e6)}, uniform hashes`,
      better: "more",
      bar: 0.6,
      goal: 0.8,
      unit: "×",
      value: rate,
    },
    less("start to the first answer, empty", "s", 0.5, 0.25, scale?.emptyStart.median),
    less(`… with ${size(loaded, 1e7)} torrents in SQLite`, "s", 15, 8, loaded?.start),
  ];
}

/** What the machine stood still by itself is not the tracker's, and is told in the table of the stalls. */
function stallDemands(stalls: Stalls | undefined): Demand[] {
  const longest = (of: "udp" | "http") =>
    stalls === undefined
      ? undefined
      : Math.max(...stalls.phases.filter(({ name }) => name !== IDLE).map((phase) => phase[of].longestOwn));
  const what = "longest stall of announces during sweep, growth, save, API listing";
  return [
    less(`${what}: UDP`, "ms", 10, 2, longest("udp")),
    less(`… HTTP`, "ms", 10, 2, longest("http")),
  ];
}

function more(what: string, bar: number, goal: number | undefined, figure: Figure | undefined): Demand {
  return { what, better: "more", bar, goal, unit: "×", ...valueOf(figure) };
}

function less(
  what: string,
  unit: string,
  bar: number,
  goal: number | undefined,
  value: number | undefined,
): Demand {
  return { what, better: "less", bar, goal, unit, value };
}

function valueOf(figure: Figure | undefined): Pick<Demand, "value" | "spread"> {
  return { value: figure?.median, spread: figure };
}

function judge({ what, better, bar, goal, unit, value, spread, isTooSmall = false }: Demand): Verdict {
  const sign = better === "more" ? "≥" : "≤";
  const text = (number: number) => `${Number(number.toPrecision(3))} ${unit}`;
  const limit = (number: number | undefined) => number === undefined ? "" : `${sign} ${text(number)}`;
  const range = spread === undefined ? "" : ` (${text(spread.least)} to ${text(spread.most)})`;
  return {
    what,
    bar: bar === undefined ? "report it" : limit(bar),
    goal: limit(goal),
    measured: value === undefined ? "" : `${text(value)}${range}`,
    isReached: isTooSmall ? "too small to tell" : reached(better, bar, goal, value),
  };
}

function reached(
  better: Demand["better"],
  bar: number | undefined,
  goal: number | undefined,
  value: number | undefined,
): Verdict["isReached"] {
  if (value === undefined) return "not measured";
  if (bar === undefined) return "reported";
  const reaches = (limit: number) => better === "more" ? value >= limit : value <= limit;
  if (!reaches(bar)) return "no";
  return goal !== undefined && reaches(goal) ? "goal" : "bar";
}
