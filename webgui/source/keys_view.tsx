/** The keys that clients announce with. */
import { useState } from "preact/hooks";
import { askJson, explain } from "./api_client.ts";
import { AnnounceUrls } from "./announce_urls.tsx";
import { confirmed } from "./confirmation.tsx";
import { Entries } from "./entries.tsx";
import { countOf, formatCount, formatDuration, formatTime, unixNow } from "./format.ts";
import { ListActions } from "./list_actions.tsx";
import { NewKeys } from "./new_keys.tsx";
import { tell } from "./notices.tsx";
import { PasteForm } from "./paste_form.tsx";
import { access } from "./session.ts";
import { latest } from "./stats_stream.ts";
import type { Change } from "./tracker_facts.ts";

const VALIDITIES: readonly (readonly [seconds: number, name: string])[] = [
  [0, "without end"],
  [86_400, "one day"],
  [7 * 86_400, "one week"],
  [30 * 86_400, "30 days"],
  [365 * 86_400, "one year"],
];

const MAX_NEW_KEYS = 10_000;

export function KeysView() {
  const [turn, setTurn] = useState(0);
  const [validity, setValidity] = useState(0);
  const [count, setCount] = useState(1);
  const [shown, setShown] = useState("");
  const [made, setMade] = useState<readonly string[]>([]);
  const onChange = () => setTurn((before) => before + 1);
  const stats = latest.value?.stats;

  const generate = async () => {
    try {
      const { keys } = await askJson<{ keys: string[] }>(`/api/keys?timeout=${validity}&count=${count}`, {
        method: "POST",
      });
      setShown(keys.length === 1 ? keys[0] : "");
      setMade(keys.length === 1 ? [] : keys);
      tell(keys.length === 1 ? "A new key is there." : `${countOf(keys.length, "new key")} are there.`);
    } catch (error) {
      tell(explain(error), true);
    }
    onChange();
  };
  const add = async (keys: readonly string[]) => {
    const isDone = await change(`timeout=${validity}`, keys, "Added", "were so already");
    onChange();
    return isDone;
  };
  const remove = async (keys: readonly string[]) => {
    const count = formatCount(keys.length);
    const isConfirmed = await confirmed(
      `Remove ${count} ${keys.length === 1 ? "key" : "keys"}?`,
      "Clients that announce with them are refused at once.",
      `Remove ${count}`,
    );
    if (!isConfirmed) return false;
    const isDone = await change("action=remove", keys, "Removed", "were not there");
    onChange();
    return isDone;
  };

  return (
    <>
      <h1 tabIndex={-1}>Keys</h1>
      {stats !== undefined && (
        <p>
          {stats.keys_enabled
            ? "Only clients that announce with one of these keys are served."
            : "Keys are switched off in the configuration: they can be edited, and have no effect."} There
          {" "}
          {stats.keys === 1 ? "is" : "are"} {formatCount(stats.keys)}.
        </p>
      )}
      <ListActions list="keys" size={stats?.keys ?? 0} onChange={onChange} />
      {access.value === "full" && (
        <section class="card">
          <h2>New keys</h2>
          <div class="filters">
            <label>
              Good for
              <select
                value={String(validity)}
                onChange={(event) => setValidity(Number(event.currentTarget.value))}
              >
                {VALIDITIES.map(([seconds, name]) => <option key={seconds} value={seconds}>{name}</option>)}
              </select>
            </label>
            <label>
              How many
              <input
                type="number"
                min={1}
                max={MAX_NEW_KEYS}
                value={count}
                onInput={(event) => setCount(wholeFrom(event.currentTarget.value))}
              />
            </label>
            <button type="button" class="main" onClick={generate}>
              {count === 1 ? "Make a random key" : `Make ${formatCount(count)} random keys`}
            </button>
          </div>
          <details>
            <summary>Add keys of your own</summary>
            <PasteForm label="Keys of 40 hexadecimal digits" submit={add} takesEnds>
              <p class="hint">
                A key may be followed by the UNIX time at which it ends, as in an export. The others are good
                for the time chosen above.
              </p>
            </PasteForm>
          </details>
        </section>
      )}
      {shown !== "" && <AnnounceUrls key={shown} announceKey={shown} close={() => setShown("")} />}
      {made.length > 0 && <NewKeys keys={made} close={() => setMade([])} />}
      <Entries
        list="keys"
        noun="key"
        turn={turn}
        remove={remove}
        columns={["Time left", ""]}
        cells={({ hash, end }) => [
          end === 0
            ? "without end"
            : (
              <time dateTime={new Date(end * 1000).toISOString()} title={formatTime(end)}>
                {formatDuration(end - unixNow())}
              </time>
            ),
          <button
            key={hash}
            type="button"
            class="small"
            aria-label={`Announce URLs of ${hash}`}
            onClick={() => {
              setShown(hash);
              scrollTo({ top: 0 });
            }}
          >
            URLs
          </button>,
        ]}
      />
    </>
  );
}

function wholeFrom(text: string): number {
  return Math.min(Math.max(Math.trunc(Number(text)) || 1, 1), MAX_NEW_KEYS);
}

/** Adds or removes keys in one request: all of them, or none. Gives whether it is done, which is told. */
async function change(query: string, keys: readonly string[], done: string, rest: string): Promise<boolean> {
  try {
    const { changed, unchanged } = await askJson<Change>(`/api/keys?${query}`, {
      method: "POST",
      body: keys.join("\n"),
    });
    tell(`${done} ${countOf(changed, "key")}${unchanged > 0 ? `, ${formatCount(unchanged)} ${rest}` : ""}.`);
    return true;
  } catch (error) {
    tell(explain(error), true);
    return false;
  }
}
