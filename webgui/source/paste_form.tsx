/** One entry or thousands, each line checked before anything is sent. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { checkLines } from "./entry_lines.ts";
import { formatCount } from "./format.ts";

/** Checking begins when typing pauses: a paste may have a hundred thousand lines. */
const PAUSE_MILLISECONDS = 150;

/** Browsers take seconds over thousands of lines that they put in by themselves. */
const LARGE_PASTE = 10_000;

interface PasteFormProps {
  /** What a line holds, such as `Info hashes`. */
  readonly label: string;
  /** Takes the lines as they are sent. */
  readonly submit: (entries: readonly string[]) => Promise<boolean>;
  /** Whether a hash may be followed by the UNIX time at which it ends. */
  readonly takesEnds?: boolean;
  /** What is said beside the lines. */
  readonly children?: ComponentChildren;
}

export function PasteForm({ label, submit, takesEnds = false, children }: PasteFormProps) {
  const [text, setText] = useState("");
  const [checked, setChecked] = useState(() => checkLines(""));
  const [isWithoutBad, setWithoutBad] = useState(false);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setChecked(checkLines(text, takesEnds)), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  const { entries, repeated, badCount, bad } = checked;
  const isReady = entries.length > 0 && (badCount === 0 || isWithoutBad);

  const add = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    if (await submit(entries)) setText("");
    setBusy(false);
  };

  return (
    <form onSubmit={add}>
      <label>
        {label}, one a line
        <textarea
          class="hash"
          rows={4}
          spellcheck={false}
          value={text}
          aria-describedby="paste-check"
          onInput={(event) => setText(event.currentTarget.value)}
          onPaste={(event) => {
            const pasted = event.clipboardData?.getData("text/plain") ?? "";
            if (pasted.length < LARGE_PASTE) return;
            event.preventDefault();
            const { value, selectionStart, selectionEnd } = event.currentTarget;
            setText(value.slice(0, selectionStart) + pasted + value.slice(selectionEnd));
          }}
        />
      </label>
      <div id="paste-check" aria-live="polite">
        {text !== "" && (
          <p class="hint">
            {formatCount(entries.length)} good
            {repeated > 0 && `, ${formatCount(repeated)} repeated`}
            {badCount > 0 && `, ${formatCount(badCount)} bad`}
          </p>
        )}
        {badCount > 0 && (
          <ul class="bad-lines">
            {bad.map(({ number, text, reason }) => (
              <li key={number}>
                Line {formatCount(number)}: <code>{text}</code>: {reason}
              </li>
            ))}
            {badCount > bad.length && <li>… and {formatCount(badCount - bad.length)} more</li>}
          </ul>
        )}
      </div>
      {badCount > 0 && entries.length > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={isWithoutBad}
            onChange={(event) => setWithoutBad(event.currentTarget.checked)}
          />
          Leave the bad lines out
        </label>
      )}
      {children}
      <button type="submit" class="main" disabled={!isReady || isBusy}>
        {isBusy ? "Adding…" : entries.length > 1 ? `Add ${formatCount(entries.length)}` : "Add"}
      </button>
    </form>
  );
}
