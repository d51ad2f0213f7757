/** Whitelist and blacklist. */
import { useState } from "preact/hooks";
import { askJson, explain } from "./api_client.ts";
import { confirmed } from "./confirmation.tsx";
import { Entries } from "./entries.tsx";
import { countOf, formatCount } from "./format.ts";
import { ListActions } from "./list_actions.tsx";
import { tell } from "./notices.tsx";
import { PasteForm } from "./paste_form.tsx";
import { access } from "./session.ts";
import { latest } from "./stats_stream.ts";
import type { Change, HashListName } from "./tracker_facts.ts";

const WORDS = {
  whitelist: {
    title: "Whitelist",
    on: "Only the torrents on this list are served.",
    off: "The whitelist is switched off in the configuration: it can be edited, and has no effect.",
  },
  blacklist: {
    title: "Blacklist",
    on: "The torrents on this list are refused.",
    off: "The blacklist is switched off in the configuration: it can be edited, and has no effect.",
  },
};

export function HashListView({ list }: { readonly list: HashListName }) {
  const [turn, setTurn] = useState(0);
  const onChange = () => setTurn((before) => before + 1);
  const stats = latest.value?.stats;
  const words = WORDS[list];

  const add = async (hashes: readonly string[]) => {
    const isAdded = await change(list, "add", hashes);
    onChange();
    return isAdded;
  };
  const remove = async (hashes: readonly string[]) => {
    const count = formatCount(hashes.length);
    const isConfirmed = await confirmed(
      `Remove ${count} from the ${list}?`,
      hashes.length === 1 ? hashes[0] : `${hashes[0]} and ${formatCount(hashes.length - 1)} more.`,
      `Remove ${count}`,
    );
    if (!isConfirmed) return false;
    const isRemoved = await change(list, "remove", hashes);
    onChange();
    return isRemoved;
  };

  return (
    <>
      <h1 tabIndex={-1}>{words.title}</h1>
      {stats !== undefined && (
        <p>
          {stats[`${list}_enabled`] ? words.on : words.off} It has {countOf(stats[list], "entry", "entries")}.
        </p>
      )}
      <ListActions list={list} size={stats?.[list] ?? 0} onChange={onChange} />
      {access.value === "full" && (
        <section class="card">
          <h2>Add</h2>
          <PasteForm label="Info hashes" submit={add} />
        </section>
      )}
      <Entries list={list} noun="entry" turn={turn} remove={remove} />
    </>
  );
}

async function change(
  list: HashListName,
  action: "add" | "remove",
  hashes: readonly string[],
): Promise<boolean> {
  try {
    const { changed, unchanged } = await askJson<Change>(
      `/api/${list}?action=${action}`,
      { method: "POST", body: hashes.join("\n") },
    );
    const done = action === "add" ? "Added" : "Removed";
    const rest = action === "add" ? "were there already" : "were not there";
    tell(`${done} ${formatCount(changed)}${unchanged > 0 ? `, ${formatCount(unchanged)} ${rest}` : ""}.`);
    return true;
  } catch (error) {
    tell(explain(error), true);
    return false;
  }
}
