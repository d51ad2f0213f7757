/** The configuration in effect, and what else the tracker tells of itself. */
import { useState } from "preact/hooks";
import { ask, askJson } from "./api_client.ts";
import { useLoaded, Waiting } from "./loading.tsx";
import type { Config } from "./tracker_facts.ts";

/** What anybody may look at, so that a link is enough. */
const LINKS = [
  ["API", "/api/docs"],
  ["OpenAPI", "/api/openapi.json"],
  ["Health", "/health"],
] as const;

export function Settings() {
  const loaded = useLoaded("config", (signal) => askJson<Config>("/api/config", { signal }));
  const [hasMetrics, setHasMetrics] = useState(false);
  return (
    <>
      <h1 tabIndex={-1}>Settings</h1>
      <p>
        What is configured is changed in <code>config.toml</code>, and holds from the next start on.
      </p>
      <div class="buttons">
        {LINKS.map(([name, path]) => (
          <a key={path} class="button" href={path} target="_blank" rel="noopener">
            {name}
            <span class="unseen">(in a new tab)</span>
          </a>
        ))}
        <button type="button" aria-expanded={hasMetrics} onClick={() => setHasMetrics(!hasMetrics)}>
          Metrics
        </button>
      </div>
      {hasMetrics && <Metrics />}
      <Waiting of={loaded}>{(config) => <Tables config={config} />}</Waiting>
    </>
  );
}

/** They may want the token, which goes in a header and so into no link. */
function Metrics() {
  const loaded = useLoaded("metrics", async (signal) => {
    const response = await ask("/metrics", { signal });
    return await response.text();
  });
  return (
    <section class="card">
      <h2>Metrics for Prometheus</h2>
      <p>
        <code>{`curl -H "Authorization: Bearer TOKEN" ${location.origin}/metrics`}</code>
      </p>
      <Waiting of={loaded}>{(text) => <pre tabIndex={0}>{text}</pre>}</Waiting>
    </section>
  );
}

function Tables({ config }: { readonly config: Config }) {
  const single = Object.entries(config).filter(([, value]) => !isNested(value));
  const nested = Object.entries(config).filter(([, value]) => isNested(value));
  return (
    <>
      <KeyTable name="General" entries={single} />
      {nested.flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value]).map((block: unknown, i) => (
          <KeyTable
            key={`${name} ${i}`}
            name={Array.isArray(value) ? `[[${name}]] ${i}` : `[${name}]`}
            entries={Object.entries(block as Config)}
          />
        ))
      )}
    </>
  );
}

interface KeyTableProps {
  readonly name: string;
  readonly entries: readonly (readonly [key: string, value: unknown])[];
}

function KeyTable({ name, entries }: KeyTableProps) {
  return (
    <section class="card">
      <h2>{name}</h2>
      <dl class="facts keys">
        {entries.map(([key, value]) => [
          <dt key={key}>
            <code>{key}</code>
          </dt>,
          <dd key={`${key} value`}>
            <code>{JSON.stringify(value)}</code>
          </dd>,
        ])}
      </dl>
    </section>
  );
}

/** A section, or a list of them. */
function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    (!Array.isArray(value) || value.some((entry) => typeof entry === "object"));
}
