/** The configuration in effect, and what else the tracker tells of itself. */
import { useState } from "preact/hooks";
import { ask, askJson } from "./api_client.ts";
import { useLoaded, Waiting } from "./loading.tsx";
import type { Config } from "./tracker_facts.ts";

/** What is read with the token, so that no link carries it. */
const TEXTS = [
  ["Metrics", "/metrics"],
  ["Health", "/health"],
  ["API", "/api/openapi.json"],
] as const;

export function Settings() {
  const loaded = useLoaded("config", (signal) => askJson<Config>("/api/config", { signal }));
  const [shown, setShown] = useState<(typeof TEXTS)[number]>();
  return (
    <>
      <h1 tabIndex={-1}>Settings</h1>
      <p>
        What is configured is changed in <code>config.toml</code>, and holds from the next start on.
      </p>
      <div class="buttons">
        {TEXTS.map((entry) => (
          <button
            key={entry[1]}
            type="button"
            aria-pressed={shown === entry}
            onClick={() => setShown(entry)}
          >
            {entry[0]}
          </button>
        ))}
      </div>
      {shown !== undefined && <ReadText key={shown[1]} name={shown[0]} path={shown[1]} />}
      <Waiting of={loaded}>{(config) => <Tables config={config} />}</Waiting>
    </>
  );
}

function ReadText({ name, path }: { readonly name: string; readonly path: string }) {
  const loaded = useLoaded(path, async (signal) => {
    const response = await ask(path, { signal });
    const text = await response.text();
    return path.endsWith(".json") ? routesOf(text) : text;
  });
  return (
    <section class="card">
      <h2>{name}</h2>
      <p>
        <code>{`curl -H "Authorization: Bearer TOKEN" ${location.origin}${path}`}</code>
      </p>
      <Waiting of={loaded}>{(text) => <pre tabIndex={0}>{text}</pre>}</Waiting>
    </section>
  );
}

/** The routes of an OpenAPI description, one a line. */
function routesOf(text: string): string {
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, { summary?: string }>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary = "" }]) =>
      `${method.toUpperCase().padEnd(7)}${path.padEnd(32)} ${summary}`
    )
  ).join("\n");
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
