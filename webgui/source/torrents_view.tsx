/** All torrents: found by the beginning of their hash, sorted, page by page. */
import { useState } from "preact/hooks";
import { useCursors, useSettled } from "./cursors.ts";
import { isPrefix } from "./entry_lines.ts";
import { useLoaded, Waiting } from "./loading.tsx";
import { Pager } from "./pager.tsx";
import { loadTorrents, type Sort, TorrentTable } from "./torrent_table.tsx";

const PAGE_SIZE = 50;

const SORTS: readonly (readonly [sort: Sort, name: string])[] = [
  ["peers", "Most peers"],
  ["seeders", "Most seeders"],
  ["leechers", "Most leechers"],
  ["completed", "Most completed"],
  ["", "All, in no order"],
];

export function TorrentsView() {
  const [search, setSearch] = useState("");
  const [sort, setSort] = useState<Sort>("peers");
  const [isActive, setActive] = useState(false);
  const cursors = useCursors();
  const prefix = search.trim().toLowerCase();
  const isGood = isPrefix(prefix);
  const wanted = useSettled(isGood ? prefix : "");
  const query = {
    prefix: wanted,
    active: isActive,
    limit: PAGE_SIZE,
    // The rankings hold the first some thousand torrents: a hash is looked for among all.
    sort: wanted === "" ? sort : "" as const,
    cursor: cursors.cursor,
  };
  const loaded = useLoaded(JSON.stringify(query), (signal) => loadTorrents(query, signal));
  const change = (apply: () => void) => {
    apply();
    cursors.reset();
  };
  return (
    <>
      <h1 tabIndex={-1}>Torrents</h1>
      <form class="filters card" role="search" onSubmit={(event) => event.preventDefault()}>
        <label class="wide">
          Info hash, or its beginning
          <input
            type="search"
            class="hash"
            maxLength={40}
            spellcheck={false}
            value={search}
            aria-invalid={!isGood}
            aria-describedby="search-problem"
            onInput={(event) => {
              const text = event.currentTarget.value;
              change(() => setSearch(text));
            }}
          />
        </label>
        <label>
          Order
          <select
            value={sort}
            disabled={prefix !== ""}
            onChange={(event) => {
              const chosen = event.currentTarget.value as Sort;
              change(() => setSort(chosen));
            }}
          >
            {SORTS.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isActive}
            onChange={(event) => {
              const isChecked = event.currentTarget.checked;
              change(() => setActive(isChecked));
            }}
          />
          Only with peers
        </label>
        <p id="search-problem" class="problem" role="alert">
          {isGood ? "" : "A hash has the digits 0 to 9 and a to f."}
        </p>
      </form>
      <section class="card" aria-busy={loaded.isLoading}>
        <Waiting of={loaded}>
          {({ torrents, next }) => (
            <>
              {torrents.length === 0
                ? (
                  <p class="empty">
                    {next !== null
                      ? "None so far; the next page looks further."
                      : prefix === "" && !isActive
                      ? "No torrents yet. They come with the first announce."
                      : "No torrent is like that."}
                  </p>
                )
                : <TorrentTable torrents={torrents} name="Torrents" />}
              <Pager
                page={cursors.page}
                hasNext={next !== null}
                isLoading={loaded.isLoading}
                turn={(page) => cursors.turn(page, next)}
              />
            </>
          )}
        </Waiting>
      </section>
    </>
  );
}
