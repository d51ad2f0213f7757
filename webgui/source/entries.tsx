/** The entries of a list: searched, page by page, chosen for removal. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useCursors, useSettled } from "./cursors.ts";
import { isPrefix } from "./entry_lines.ts";
import { formatCount } from "./format.ts";
import { type Entry, readPage } from "./list_reader.ts";
import { useLoaded, Waiting } from "./loading.tsx";
import { Pager } from "./pager.tsx";
import { access } from "./session.ts";
import type { ListName } from "./tracker_facts.ts";

const PAGE_SIZE = 100;

interface EntriesProps {
  readonly list: ListName;
  /** What an entry is called, such as `key`. */
  readonly noun: string;
  /** Changes when the list has changed. */
  readonly turn: number;
  /** Gives whether they were removed. */
  readonly remove: (hashes: readonly string[]) => Promise<boolean>;
  /** More columns: their names, and what they hold. */
  readonly columns?: readonly string[];
  readonly cells?: (entry: Entry) => readonly ComponentChildren[];
}

export function Entries({ list, noun, turn, remove, columns = [], cells = () => [] }: EntriesProps) {
  const [search, setSearch] = useState("");
  const cursors = useCursors();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const prefix = search.trim().toLowerCase();
  const isGood = isPrefix(prefix);
  const wanted = useSettled(isGood ? prefix : "");
  const loaded = useLoaded(
    `${list} ${wanted} ${cursors.cursor} ${turn}`,
    (signal) => readPage(list, wanted, cursors.cursor, PAGE_SIZE, signal),
  );
  const isOld = loaded.isLoading || (isGood && wanted !== prefix);
  const choose = (hashes: readonly string[], isChosen: boolean) => {
    const now = new Set(chosen);
    for (const hash of hashes) isChosen ? now.add(hash) : now.delete(hash);
    setChosen(now);
  };
  const isFull = access.value === "full";
  return (
    <section class="card" aria-busy={loaded.isLoading}>
      <h2>Entries</h2>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label class="wide">
          Search by the beginning
          <input
            type="search"
            class="hash"
            maxLength={40}
            spellcheck={false}
            value={search}
            aria-invalid={!isGood}
            onInput={(event) => {
              setSearch(event.currentTarget.value);
              cursors.reset();
            }}
          />
        </label>
        {isFull && (
          <button
            type="button"
            class="danger"
            disabled={chosen.size === 0}
            onClick={async () => {
              if (await remove([...chosen])) setChosen(new Set());
            }}
          >
            Remove chosen ({formatCount(chosen.size)})
          </button>
        )}
      </form>
      {!isGood && <p class="problem" role="alert">A hash has the digits 0 to 9 and a to f.</p>}
      {loaded.isLoading && <p class="late hint" role="status">Searching…</p>}
      <Waiting of={loaded}>
        {({ entries, next }) => (
          <>
            {entries.length === 0
              ? (
                <p class="empty">
                  {cursors.page > 0
                    ? `There is no further ${noun}.`
                    : wanted === ""
                    ? `There is no ${noun} yet.`
                    : `No ${noun} begins like that.`}
                </p>
              )
              : (
                <EntryTable
                  {...{ entries, noun, columns, cells, chosen, choose, isFull }}
                  isOld={isOld}
                />
              )}
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
  );
}

interface EntryTableProps {
  readonly entries: readonly Entry[];
  readonly noun: string;
  readonly columns: readonly string[];
  readonly cells: (entry: Entry) => readonly ComponentChildren[];
  readonly chosen: ReadonlySet<string>;
  readonly choose: (hashes: readonly string[], isChosen: boolean) => void;
  readonly isFull: boolean;
  /** Whether others are on their way: those that are seen are not what was asked for. */
  readonly isOld: boolean;
}

function EntryTable({ entries, noun, columns, cells, chosen, choose, isFull, isOld }: EntryTableProps) {
  return (
    <table>
      <caption class="unseen">Entries</caption>
      <thead>
        <tr>
          {isFull && (
            <th scope="col" class="choice">
              <input
                type="checkbox"
                aria-label="Choose all of this page"
                disabled={isOld}
                checked={entries.every(({ hash }) => chosen.has(hash))}
                onChange={(event) => choose(entries.map(({ hash }) => hash), event.currentTarget.checked)}
              />
            </th>
          )}
          <th scope="col">{noun === "key" ? "Key" : "Info hash"}</th>
          {columns.map((name) => <th key={name} scope="col">{name}</th>)}
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.hash}>
            {isFull && (
              <td class="choice">
                <input
                  type="checkbox"
                  aria-label={`Choose ${entry.hash}`}
                  checked={chosen.has(entry.hash)}
                  onChange={(event) => choose([entry.hash], event.currentTarget.checked)}
                />
              </td>
            )}
            <th scope="row" class="hash">{entry.hash}</th>
            {cells(entry).map((cell, i) => <td key={i} data-name={columns[i]}>{cell}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
