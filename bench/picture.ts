/** A picture of the comparisons: a bar for each server, readable on a light and a dark page. */
import * as http from "./http_comparison.ts";
import type { Results } from "./results.ts";
import type { Figure } from "./rounds.ts";
import { TWO_WORKERS } from "./udp_comparison.ts";

const WIDTH = 720;
const LABEL_WIDTH = 190;
const BAR_WIDTH = 410;
const LINE_HEIGHT = 30;
const BAR_HEIGHT = 18;
const TITLE_HEIGHT = 44;

interface Bar {
  readonly name: string;
  readonly value: Figure;
}

export function picture(results: Results): string {
  const httpBars = (mode: string) =>
    (results.http?.found.rows ?? []).filter((row) => row.mode === mode).map(barOf);
  // Two workers have both cores, and the load beside them.
  const udpRows = (results.udp?.found.rows ?? []).filter(({ name }) => name !== TWO_WORKERS);
  const charts: [string, Bar[]][] = [
    ["UDP responses a second on one core", udpRows.map(barOf)],
    ["HTTP announces a second on one core, keep-alive", httpBars(http.KEEP_ALIVE)],
    ["HTTP announces a second on one core, one connection a request", httpBars(http.ONE_CONNECTION)],
  ];
  let top = 0;
  const drawn = charts.filter(([, bars]) => bars.length > 0).map(([title, bars]) => {
    const text = chart(title, bars, top);
    top += TITLE_HEIGHT + bars.length * LINE_HEIGHT;
    return text;
  });
  const height = top + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Comparison of trackers">
<style>
text { font: 14px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.ours { fill: #0969da }
.theirs { fill: #afb8c1 }
.limit { fill: none; stroke: #afb8c1; stroke-dasharray: 4 3 }
.spread { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #4493f8 } .theirs { fill: #57606a } .limit { stroke: #8b949e } .spread { stroke: #e6edf3 } }
</style>
${drawn.join("\n")}
</svg>
`;
}

function barOf({ name, responses }: { name: string; responses: Figure }): Bar {
  return { name, value: responses };
}

/** The bars are in order, the highest first; what answers with fixed bytes is a limit, not a tracker. */
function chart(title: string, bars: readonly Bar[], top: number): string {
  const most = Math.max(...bars.map(({ value }) => value.most));
  const sorted = bars.toSorted((a, b) => b.value.median - a.value.median);
  const lines = sorted.map(({ name, value }, i) => {
    const y = top + TITLE_HEIGHT + i * LINE_HEIGHT;
    const x = (number: number) => LABEL_WIDTH + number / most * BAR_WIDTH;
    const kind = name.startsWith("denotrack") ? "ours" : /^(?:null|bare)/.test(name) ? "limit" : "theirs";
    const middle = y + BAR_HEIGHT / 2;
    return `<text x="${LABEL_WIDTH - 10}" y="${y + 14}" text-anchor="end">${name}</text>` +
      `<rect class="${kind}" x="${LABEL_WIDTH}" y="${y}" width="${
        round(x(value.median) - LABEL_WIDTH)
      }" height="${BAR_HEIGHT}" rx="2"/>` +
      `<path class="spread" d="M${round(x(value.least))} ${middle}H${round(x(value.most))}"/>` +
      `<text x="${round(x(value.most) + 8)}" y="${y + 14}">${
        Math.round(value.median).toLocaleString("en")
      }</text>`;
  });
  return [`<text class="title" x="12" y="${top + 28}">${title}</text>`, ...lines].join("\n");
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
