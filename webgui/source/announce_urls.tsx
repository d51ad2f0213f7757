/** The URLs to give to the holder of a key. */
import { useEffect, useRef } from "preact/hooks";
import { askJson } from "./api_client.ts";
import { copy } from "./clipboard.ts";
import { useLoaded, Waiting } from "./loading.tsx";
import type { Config } from "./tracker_facts.ts";

interface AnnounceUrlsProps {
  readonly announceKey: string;
  readonly close: () => void;
}

export function AnnounceUrls({ announceKey, close }: AnnounceUrlsProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const loaded = useLoaded("config", (signal) => askJson<Config>("/api/config", { signal }));
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="card">
      <h2 ref={heading} tabIndex={-1}>Announce URLs</h2>
      <p>
        Key <code class="hash">{announceKey}</code>
      </p>
      <Waiting of={loaded}>
        {(config) => {
          const urls = announceUrls(config, announceKey);
          if (urls.length === 0) return <p class="empty">No address for clients is configured.</p>;
          return (
            <ul class="urls">
              {urls.map((url) => (
                <li key={url}>
                  <code class="hash">{url}</code>
                  <button type="button" class="small" aria-label={`Copy ${url}`} onClick={() => copy(url)}>
                    Copy
                  </button>
                </li>
              ))}
            </ul>
          );
        }}
      </Waiting>
      <button type="button" onClick={close}>Close</button>
    </section>
  );
}

/** Where the tracker listens on every address, the address of this page is one that is reached. */
function announceUrls(config: Config, key: string): string[] {
  const urls = [
    ...blocksOf(config.udp_server).map(({ host }) => `udp://${host}/announce/${key}`),
    ...blocksOf(config.http_server).map(({ host, ssl }) => `http${ssl ? "s" : ""}://${host}/announce/${key}`),
  ];
  return [...new Set(urls)];
}

function blocksOf(blocks: unknown): { host: string; ssl: boolean }[] {
  if (!Array.isArray(blocks)) return [];
  return blocks.flatMap((block: unknown) => {
    if (typeof block !== "object" || block === null || !("bind_address" in block)) return [];
    if ("enabled" in block && block.enabled === false) return [];
    const host = String(block.bind_address).replace(/^(?:0\.0\.0\.0|\[::\])(?=:\d+$)/, location.hostname);
    return [{ host, ssl: "ssl" in block && block.ssl === true }];
  });
}
