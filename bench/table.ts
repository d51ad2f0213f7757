/** The results as Markdown. */
import type { HttpRow } from "./http_comparison.ts";
import type { Made, Results } from "./results.ts";
import { bytesAPeer, type ScaleRow } from "./scale.ts";
import type { Latencies, Phase } from "./probe/probes.ts";
import { type Figure, spread } from "./rounds.ts";
import type { UdpRow } from "./udp_comparison.ts";
import { verdicts } from "./verdicts.ts";

export function markdown(results: Results): string {
  const parts = ["# Results", "## What it must reach", demandTable(results)];
  if (results.udp !== undefined) {
    const { made, found } = results.udp;
    parts.push(
      "## UDP side by side",
      `${found.rounds} rounds of ${found.seconds} s, ${whole(found.torrents)} torrents, ${
        whole(found.peers)
      } ` +
        "peers, 30 wanted; connect, announce and scrape 50:50:1. " + origin(made),
      table(UDP_COLUMNS, found.rows),
      "Ratios by processor time for a response, which a load that is too slow does not flatter: " +
        ratioList(found.processorRatios),
      ...notes([...found.rows.flatMap((row) => row.notes), ...found.missing]),
    );
  }
  if (results.http !== undefined) {
    const { made, found } = results.http;
    parts.push(
      "## HTTP side by side",
      `${found.rounds} rounds of ${found.seconds} s, wrk with 32 connections. ` + origin(made),
      table(HTTP_COLUMNS, found.rows),
      `Ratios: ${ratioList(found.ratios)}`,
      `The same by processor time for a response: ${ratioList(found.processorRatios)}`,
      ...notes([
        "A server that was less than 90 % busy could do more: with one connection a request, wrk has as much work " +
        "with a connection as the server.",
        "opentracker closes connections without having said so; wrk finds out by a failed request, which is not " +
        "counted as an answer.",
        ...found.missing,
      ]),
    );
  }
  if (results.allocation !== undefined) {
    const { made, found } = results.allocation;
    parts.push(
      "## Allocation",
      `Bytes that a step allocates in V8's heap once it is compiled; the control is known to allocate. ${
        origin(made)
      }`,
      table<[string, number]>(
        [["step", ([name]) => name], ["bytes", ([, bytes]) => `${bytes}`]],
        Object.entries(found.bytes),
      ),
    );
  }
  if (results.stalls !== undefined) {
    const { made, found } = results.stalls;
    parts.push(
      "## Announces while the tracker does something else",
      `${whole(found.torrents)} torrents, ${whole(found.peers)} peers, lists of ${whole(found.listed)}. An ` +
        "announce a millisecond over UDP and one over HTTP, the server on both cores. The longest is told as the " +
        "client saw it and, after the stroke, less the time for which a thread that goes before all others " +
        `stood still as well. ${origin(made)}`,
      table(STALL_COLUMNS, found.phases),
      ...notes(found.areFirst ? [] : ["The probes were not permitted to go before all other threads."]),
    );
  }
  if (results.scale !== undefined) {
    const { made, found } = results.scale;
    parts.push(
      "## Scale",
      `Torrents of a SQLite database, then peers in uniformly drawn torrents. Speed on one core, everything else on ` +
        `both. Without torrents the first answer comes after ${found.emptyStart.median.toFixed(2)} s ` +
        `(${found.emptyStart.least.toFixed(2)} to ${found.emptyStart.most.toFixed(2)}) with ` +
        `${megabytes(found.emptyBytes)} resident. ${origin(made)}`,
      table(SCALE_COLUMNS, found.rows),
      "The longest that an announce took meanwhile, as above:",
      table(
        PAUSE_COLUMNS,
        found.rows.flatMap(({ torrents, phases }) => phases.map((phase) => ({ torrents, phase }))),
      ),
    );
  }
  return parts.join("\n\n");
}

type Columns<Row> = readonly (readonly [title: string, cell: (row: Row) => string])[];

const UDP_COLUMNS: Columns<UdpRow> = [
  ["server", ({ name }) => name],
  ["responses/s", ({ responses }) => withSpread(responses)],
  ["announces/s", ({ announces }) => whole(announces.median)],
  ["µs of processor a response", ({ microseconds }) => microseconds.median.toFixed(2)],
  ["busy: server, load", ({ serverShare, loadShare }) => `${percent(serverShare)}, ${percent(loadShare)}`],
  ["peers an answer", ({ peersAnAnswer }) => peersAnAnswer.toFixed(1)],
  ["lost, errors, wrong", ({ lost, errors, wrong }) => `${lost}, ${errors}, ${wrong}`],
  ["ms p50, p99, p99.9", ({ p50, p99, p999 }) => milliseconds(p50, p99, p999)],
];

const HTTP_COLUMNS: Columns<HttpRow> = [
  ["", ({ mode }) => mode],
  ["server", ({ name }) => name],
  ["responses/s", ({ responses }) => withSpread(responses)],
  ["µs of processor a response", ({ microseconds }) => microseconds.median.toFixed(1)],
  ["busy", ({ serverShare }) => percent(serverShare)],
  ["bytes an answer", ({ bytesAnAnswer }) => whole(bytesAnAnswer)],
  ["failed, refused", ({ failed, refused }) => `${failed}, ${refused}`],
  ["ms p50, p99, p99.9", ({ p50, p99, p999 }) => milliseconds(p50, p99, p999)],
];

const milliseconds = (...values: number[]) => values.map((ms) => ms.toFixed(2)).join(", ");
const longest = (of: Latencies) => `${of.longest.toFixed(1)} / ${of.longestOwn.toFixed(1)}`;

const STALL_COLUMNS: Columns<Phase> = [
  ["meanwhile", ({ name }) => name],
  ["s", ({ seconds }) => seconds.toFixed(1)],
  ["UDP ms p50, p99, p99.99", ({ udp }) => milliseconds(udp.p50, udp.p99, udp.p9999)],
  ["UDP longest", ({ udp }) => longest(udp)],
  ["HTTP ms p50, p99, p99.99", ({ http }) => milliseconds(http.p50, http.p99, http.p9999)],
  ["HTTP longest", ({ http }) => longest(http)],
  ["machine longest", ({ machine }) => machine.toFixed(1)],
];

const SCALE_COLUMNS: Columns<ScaleRow> = [
  ["torrents", ({ torrents }) => whole(torrents)],
  ["database", ({ databaseBytes }) => megabytes(databaseBytes)],
  ["first answer s", ({ start }) => start.toFixed(2)],
  ["resident loaded", ({ loadedBytes }) => megabytes(loadedBytes)],
  ["… with peers", ({ filledBytes, peersFilled }) => `${megabytes(filledBytes)} (${whole(peersFilled)})`],
  ["bytes a peer", (row) => bytesAPeer(row).toFixed(0)],
  ["announces/s", ({ announces }) => withSpread(announces)],
  ["µs a response", ({ microseconds }) => microseconds.median.toFixed(2)],
  ["peers an answer", ({ peersAnAnswer }) => peersAnAnswer.toFixed(1)],
  ["save s", ({ saveSeconds, newTorrents }) => `${saveSeconds.toFixed(1)} (${whole(newTorrents)} new)`],
  ["sweep s", ({ sweepSeconds }) => `${sweepSeconds}`],
  ["stop s", ({ stopSeconds }) => stopSeconds.toFixed(2)],
];

const PAUSE_COLUMNS: Columns<{ torrents: number; phase: Phase }> = [
  ["torrents", ({ torrents }) => whole(torrents)],
  ...STALL_COLUMNS.map(([title, cell]): Columns<{ torrents: number; phase: Phase }>[number] => [
    title,
    ({ phase }) => cell(phase),
  ]),
];

function demandTable(results: Results): string {
  return table([
    ["what", ({ what }) => what],
    ["bar", ({ bar }) => bar],
    ["goal", ({ goal }) => goal],
    ["measured", ({ measured }) => measured],
    ["reached", ({ isReached }) => isReached],
  ], verdicts(results));
}

function table<Row>(columns: Columns<Row>, rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(([title]) => title)),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row)))),
  ].join("\n");
}

function ratioList(ratios: Readonly<Record<string, Figure>>): string {
  return Object.entries(ratios).map(([name, { median }]) => `${name} ${median.toFixed(2)}`).join("; ") + ".";
}

function origin({ date, command, machine }: Made): string {
  const others = `others took ${percent(machine.busyBeforehand)} of it beforehand`;
  return `${
    date.replace("T", " ")
  } UTC, \`${command}\`, ${machine.cores} cores of ${machine.processor}, Linux ` +
    `${machine.kernel}, Deno ${machine.deno}, Node.js ${machine.node}, commit ${machine.commit}; ${others}.`;
}

function notes(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [lines.map((line) => `- ${line}`).join("\n")];
}

/** The median, and how far the rounds lie apart. */
function withSpread(figure: Figure): string {
  return `${whole(figure.median)} (${whole(figure.least)} to ${whole(figure.most)}, ${
    percent(spread(figure))
  })`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function megabytes(bytes: number): string {
  return `${whole(bytes / 1e6)} MB`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
