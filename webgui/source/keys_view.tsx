/** The keys that clients announce with. */
import { useState } from "preact/hooks";
import { ask, askJson, explain } from "./api_client.ts";
import { AnnounceUrls } from "./announce_urls.tsx";
import { confirmed } from "./confirmation.tsx";
import { Entries } from "./entries.tsx";
import { formatCount, formatDuration, formatTime, unixNow } from "./format.ts";
import { ListActions } from "./list_actions.tsx";
import { tell } from "./notices.tsx";
import { PasteForm } from "./paste_form.tsx";
import { access } from "./session.ts";
import { latest } from "./stats_stream.ts";

const VALIDITIES: readonly (readonly [seconds: number, name: string])[] = [
  [0, "without end"],
  [86_400, "one day"],
  [7 * 86_400, "one week"],
  [30 * 86_400, "30 days"],
  [365 * 86_400, "one year"],
];

/** Keys are added and removed one by one, so many at the same time. */
const AT_ONCE = 8;

export function KeysView() {
  const [turn, setTurn] = useState(0);
  const [validity, setValidity] = useState(0);
  const [shown, setShown] = useState("");
  const onChange = () => setTurn((before) => before + 1);
  const stats = latest.value?.stats;

  const generate = async () => {
    try {
      const { key } = await askJson<{ key: string }>(`/api/keys?timeout=${validity}`, { method: "POST" });
      setShown(key);
      tell("A new key is there.");
    } catch (error) {
      tell(explain(error), true);
    }
    onChange();
  };
  const add = async (keys: readonly string[]) => {
    const isDone = await forEachKey(
      keys,
      "Added",
      (key) => ask(`/api/keys/${key}/${validity}`, { method: "POST" }),
    );
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
    const isDone = await forEachKey(keys, "Removed", (key) => ask(`/api/keys/${key}`, { method: "DELETE" }));
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
            : "Keys are switched off in the configuration: they can be edited, and have no effect."} There are
          {" "}
          {formatCount(stats.keys)}.
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
            <button type="button" class="main" onClick={generate}>Make a random key</button>
          </div>
          <details>
            <summary>Add keys of your own</summary>
            <PasteForm label="Keys of 40 hexadecimal digits" submit={add} />
          </details>
        </section>
      )}
      {shown !== "" && <AnnounceUrls key={shown} announceKey={shown} close={() => setShown("")} />}
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

/** Gives whether all went well. What fails is told once, with how far it went. */
async function forEachKey(
  keys: readonly string[],
  done: string,
  change: (key: string) => Promise<unknown>,
): Promise<boolean> {
  let count = 0;
  try {
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      await Promise.all(
        keys.slice(at, at + AT_ONCE).map(async (key) => {
          await change(key);
          count++;
        }),
      );
    }
    tell(`${done} ${formatCount(count)} ${count === 1 ? "key" : "keys"}.`);
    return true;
  } catch (error) {
    tell(`${done} ${formatCount(count)} of ${formatCount(keys.length)} keys, then: ${explain(error)}`, true);
    return false;
  }
}
