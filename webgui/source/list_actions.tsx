/** What is done with a list as a whole: reading it from the database, exporting, emptying. */
import { useState } from "preact/hooks";
import { askJson, explain } from "./api_client.ts";
import { confirmed } from "./confirmation.tsx";
import { countOf } from "./format.ts";
import { readEntries } from "./list_reader.ts";
import { tell } from "./notices.tsx";
import { access } from "./session.ts";
import type { ListName } from "./tracker_facts.ts";

const BLOB_CHARACTERS = 512 * 1024;

interface ListActionsProps {
  readonly list: ListName;
  /** How many entries there are. */
  readonly size: number;
  readonly onChange: () => void;
}

export function ListActions({ list, size, onChange }: ListActionsProps) {
  const [busy, setBusy] = useState("");
  const run = (name: string, act: () => Promise<string | undefined>) => async () => {
    setBusy(name);
    try {
      const outcome = await act();
      if (outcome !== undefined) tell(outcome);
    } catch (error) {
      tell(explain(error), true);
    }
    setBusy("");
    onChange();
  };
  const isFull = access.value === "full";
  return (
    <div class="buttons">
      <button type="button" disabled={busy !== ""} onClick={run("export", () => exportList(list))}>
        {busy === "export" ? "Exporting…" : "Export"}
      </button>
      {isFull && (
        <>
          <button type="button" disabled={busy !== ""} onClick={run("reload", () => reload(list))}>
            {busy === "reload" ? "Reloading…" : "Reload from the database"}
          </button>
          <button
            type="button"
            class="danger"
            disabled={busy !== "" || size === 0}
            onClick={run("clear", () => clear(list, size))}
          >
            Remove all
          </button>
        </>
      )}
    </div>
  );
}

/** One entry a line, as it can be pasted again; a key is followed by the UNIX time at which it ends. */
async function exportList(list: ListName): Promise<string> {
  // The browser keeps blobs where there is room; texts of many millions of entries would fill the page's memory.
  const blobs: Blob[] = [];
  let text = "";
  let count = 0;
  for await (const entries of readEntries(list, new AbortController().signal)) {
    count += entries.length;
    for (const { hash, end } of entries) text += list === "keys" ? `${hash} ${end}\n` : `${hash}\n`;
    if (text.length < BLOB_CHARACTERS) continue;
    blobs.push(new Blob([text]));
    text = "";
  }
  const address = URL.createObjectURL(new Blob([...blobs, text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${list}.txt`;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return `Exported ${countOf(count, "entry", "entries")}.`;
}

async function reload(list: ListName): Promise<string> {
  const { entries } = await askJson<{ entries?: number }>(`/api/${list}/reload`);
  return entries === undefined
    ? "Reloading takes long, and goes on."
    : `The database holds ${countOf(entries, "entry", "entries")}.`;
}

async function clear(list: ListName, size: number): Promise<string | undefined> {
  const isConfirmed = await confirmed(
    `Remove all of the ${list}?`,
    `It holds ${
      countOf(size, "entry", "entries")
    }, which are removed now, and from the database with the next save. ` +
      "An export made before can be pasted again.",
    "Remove all",
  );
  if (!isConfirmed) return undefined;
  const { removed } = await askJson<{ removed: number }>(`/api/${list}?confirm=true`, { method: "DELETE" });
  return `Removed ${countOf(removed, "entry", "entries")}.`;
}
