/** The torrents with the most peers. */
import { useEffect } from "preact/hooks";
import { useLoaded, Waiting } from "./loading.tsx";
import { loadTorrents, TorrentTable } from "./torrent_table.tsx";

const SHOWN = 10;
const INTERVAL_MILLISECONDS = 15_000;

export function TopTorrents() {
  const loaded = useLoaded(
    "top",
    (signal) => loadTorrents({ sort: "peers", prefix: "", active: true, limit: SHOWN, cursor: "" }, signal),
  );
  useEffect(() => {
    const timer = setInterval(loaded.again, INTERVAL_MILLISECONDS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="card">
      <h2>Top torrents</h2>
      <Waiting of={loaded}>
        {({ torrents }) =>
          torrents.length === 0
            ? <p class="empty">No torrent has peers yet.</p>
            : <TorrentTable torrents={torrents} name="Torrents with the most peers" />}
      </Waiting>
    </section>
  );
}
