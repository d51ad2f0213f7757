/** Keys that were made at once, to be taken along. */
import { copy } from "./clipboard.ts";
import { countOf } from "./format.ts";

interface NewKeysProps {
  readonly keys: readonly string[];
  readonly close: () => void;
}

export function NewKeys({ keys, close }: NewKeysProps) {
  const text = keys.join("\n");
  return (
    <section class="card">
      <h2>{countOf(keys.length, "new key")}</h2>
      <textarea class="hash" rows={6} readOnly aria-label="New keys" value={text} />
      <div class="buttons">
        <button type="button" onClick={() => copy(text)}>Copy</button>
        <button type="button" onClick={close}>Close</button>
      </div>
    </section>
  );
}
