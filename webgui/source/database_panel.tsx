/** How saving goes, and saving at once. */
import { useState } from "preact/hooks";
import { askJson, explain } from "./api_client.ts";
import { countOf, formatCount, formatDuration, formatTime, unixNow } from "./format.ts";
import { tell } from "./notices.tsx";
import { access } from "./session.ts";
import type { Overview, Stats } from "./tracker_facts.ts";

interface DatabasePanelProps {
  readonly stats: Stats;
  readonly facts: Overview | undefined;
}

export function DatabasePanel({ stats, facts }: DatabasePanelProps) {
  return (
    <section class="card">
      <h2>Database</h2>
      {facts === undefined
        ? <p class="empty">Loading…</p>
        : facts.persistence
        ? <Saving stats={stats} facts={facts} />
        : <p class="empty">Persistence is off: everything is forgotten at the stop.</p>}
    </section>
  );
}

function Saving({ stats, facts }: { readonly stats: Stats; readonly facts: Overview }) {
  const [isBusy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const { status, saved = 0 } = await askJson<{ status: string; saved?: number }>("/api/save", {
        method: "POST",
      });
      tell(status === "ok" ? `Saved ${countOf(saved, "change")}.` : "Saving takes long, and goes on.");
    } catch (error) {
      tell(explain(error), true);
    }
    setBusy(false);
  };
  return (
    <>
      {facts.failing_since > 0 && (
        <p class="problem" role="alert">
          Saving has been failing for{" "}
          {formatDuration(unixNow() - facts.failing_since)}. The log tells why; nothing is lost while the
          tracker runs.
        </p>
      )}
      {facts.refused_changes > 0 && (
        <p class="problem" role="alert">
          The database does not take{" "}
          {countOf(facts.refused_changes, "change")}. The log tells why and what to do; all others are saved.
        </p>
      )}
      <dl class="facts">
        <dt>Last save</dt>
        <dd>
          {facts.last_save === 0 ? "none yet" : (
            <time
              dateTime={new Date(facts.last_save * 1000).toISOString()}
              title={formatTime(facts.last_save)}
            >
              {formatDuration(unixNow() - facts.last_save)} ago
            </time>
          )}
        </dd>
        <dt>It took</dt>
        <dd>{facts.last_save === 0 ? "–" : `${formatCount(facts.last_save_milliseconds)} ms`}</dd>
        <dt>Next save in</dt>
        <dd>{formatDuration(stats.timestamp_run_save - unixNow())}</dd>
        <dt>Changes waiting</dt>
        <dd>{formatCount(facts.waiting_changes)}</dd>
        <dt>Being saved</dt>
        <dd>{formatCount(stats.torrents_shadow)}</dd>
      </dl>
      {access.value === "full" && (
        <button type="button" disabled={isBusy} onClick={save}>{isBusy ? "Saving…" : "Save now"}</button>
      )}
    </>
  );
}
