/** All torrents: found by the beginning of their hash, sorted, page by page. */
import { useState } from "preact/hooks";
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
  // The cursor of each page up to this one; that of the first is "".
  const [cursors, setCursors] = useState<readonly string[]>([""]);
  const prefix = search.trim().toLowerCase();
  const isGood = isPrefix(prefix);
  const wanted = { sort, prefix: isGood ? prefix : "", active: isActive, limit: PAGE_SIZE };
  // The rankings hold the first some thousand torrents: a hash is looked for among all.
  const query = { ...wanted, sort: wanted.prefix === "" ? sort : "" as const, cursor: cursors.at(-1)! };
  const loaded = useLoaded(JSON.stringify(query), (signal) => loadTorrents(query, signal));
  const change = (apply: () => void) => {
    apply();
    setCursors([""]);
  };
  const turn = (page: number) => {
    const next = loaded.value?.next;
    if (page < cursors.length) setCursors(cursors.slice(0, page + 1));
    else if (typeof next === "string") setCursors([...cursors, next]);
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
                page={cursors.length - 1}
                hasNext={next !== null}
                isLoading={loaded.isLoading}
                turn={turn}
              />
            </>
          )}
        </Waiting>
      </section>
    </>
  );
}
