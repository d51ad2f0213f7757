/** How the tracker does: its figures, live charts, and who uses it. */
import type { ComponentChildren } from "preact";
import { Chart } from "./chart.tsx";
import { Clients } from "./clients.tsx";
import { DatabasePanel } from "./database_panel.tsx";
import { formatBytes, formatCount, formatDuration, formatRate, unixNow } from "./format.ts";
import { history, type Rates } from "./history.ts";
import { overview } from "./overview.ts";
import { latest } from "./stats_stream.ts";
import { TopTorrents } from "./top_torrents.tsx";
import type { Overview, Stats } from "./tracker_facts.ts";

const PROTOCOLS = ["UDP IPv4", "UDP IPv6", "HTTP IPv4", "HTTP IPv6"];

const REFUSALS: Readonly<Record<string, string>> = {
  refused_not_whitelisted: "Not on the whitelist",
  refused_blacklisted: "On the blacklist",
  refused_key: "Without a good key",
  full_torrents: "No room for the torrent",
  full_peers: "No room for the peer",
  udp_junk: "UDP: no tracker protocol",
  udp_bad_connection_id: "UDP: wrong connection id",
  udp_bad_request: "UDP: bad request",
  http_bad_request: "HTTP: bad request",
};

export function Dashboard() {
  const sample = latest.value;
  return (
    <>
      <h1 tabIndex={-1}>Dashboard</h1>
      {sample === undefined ? <div class="state" role="status">Loading…</div> : (
        <>
          <Figures stats={sample.stats} />
          <Charts stats={sample.stats} />
          <div class="columns">
            <Program stats={sample.stats} facts={overview.value} />
            <DatabasePanel stats={sample.stats} facts={overview.value} />
            <Refusals facts={overview.value} />
            <Clients />
          </div>
          <TopTorrents />
        </>
      )}
    </>
  );
}

function Figures({ stats }: { readonly stats: Stats }) {
  return (
    <dl class="figures">
      <Figure name="Torrents">{formatCount(stats.torrents)}</Figure>
      <Figure name="Seeders">{formatCount(stats.seeds)}</Figure>
      <Figure name="Leechers">{formatCount(stats.peers)}</Figure>
      <Figure name="Completed">{formatCount(stats.completed)}</Figure>
    </dl>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="card">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Charts({ stats }: { readonly stats: Stats }) {
  const rates = history.value;
  const now = rates.at(-1);
  const byProtocol = (read: (rates: Rates) => readonly number[]) => ({
    series: PROTOCOLS.map((name, i) => ({ name, now: formatRate(now === undefined ? 0 : read(now)[i]) })),
    data: [agesOf(rates), ...PROTOCOLS.map((_, i) => rates.map((at) => read(at)[i]))],
  });
  const peers = {
    series: [
      { name: "Seeders", now: formatCount(stats.seeds) },
      { name: "Leechers", now: formatCount(stats.peers) },
    ],
    data: [agesOf(rates), rates.map((at) => at.seeds), rates.map((at) => at.peers)],
  };
  return (
    <div class="charts">
      <Chart title="Announces a second" {...byProtocol((at) => at.announces)} />
      <Chart title="Scrapes a second" {...byProtocol((at) => at.scrapes)} />
      <Chart title="Peers" {...peers} />
    </div>
  );
}

/** Seconds before the last of them. */
function agesOf(rates: readonly Rates[]): number[] {
  const end = rates.at(-1)?.time ?? 0;
  return rates.map(({ time }) => time - end);
}

interface PanelProps {
  readonly stats: Stats;
  readonly facts: Overview | undefined;
}

function Program({ stats, facts }: PanelProps) {
  return (
    <section class="card">
      <h2>Program</h2>
      <dl class="facts">
        <dt>Version</dt>
        <dd>{facts?.version ?? "…"}</dd>
        <dt>Running for</dt>
        <dd>{formatDuration(unixNow() - stats.started)}</dd>
        <dt>Memory</dt>
        <dd>{facts === undefined ? "…" : formatBytes(facts.memory)}</dd>
        <dt>Threads for UDP, HTTP</dt>
        <dd>{facts === undefined ? "…" : `${facts.udp_workers || "auto"}, ${facts.http_workers}`}</dd>
        <dt>Whitelist</dt>
        <dd>{listState(stats.whitelist_enabled, stats.whitelist)}</dd>
        <dt>Blacklist</dt>
        <dd>{listState(stats.blacklist_enabled, stats.blacklist)}</dd>
        <dt>Keys</dt>
        <dd>{listState(stats.keys_enabled, stats.keys)}</dd>
      </dl>
    </section>
  );
}

function listState(isEnabled: boolean, entries: number): string {
  return `${isEnabled ? "on" : "off"}, ${formatCount(entries)}`;
}

function Refusals({ facts }: { readonly facts: Overview | undefined }) {
  const refusals = Object.entries(facts?.refusals ?? {}).filter(([, count]) => count > 0);
  return (
    <section class="card">
      <h2>Refused since the start</h2>
      {refusals.length === 0 ? <p class="empty">Nothing was refused.</p> : (
        <dl class="facts">
          {refusals.map(([reason, count]) => [
            <dt key={reason}>{REFUSALS[reason] ?? reason}</dt>,
            <dd key={`${reason} count`}>{formatCount(count)}</dd>,
          ])}
        </dl>
      )}
    </section>
  );
}
