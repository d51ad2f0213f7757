/** What has just happened, told at the edge of the page and to screen readers. */
import { signal } from "@preact/signals";

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
}

const SHOWN_MILLISECONDS = 7000;

const notices = signal<readonly Notice[]>([]);
let nextId = 1;

export function tell(text: string, isError = false): void {
  const notice = { id: nextId++, text, isError };
  notices.value = [...notices.value, notice].slice(-3);
  setTimeout(() => dismiss(notice.id), isError ? SHOWN_MILLISECONDS * 2 : SHOWN_MILLISECONDS);
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, isError }) => (
        <div key={id} class={isError ? "notice bad" : "notice"}>
          <span>{text}</span>
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(id)}>×</button>
        </div>
      ))}
    </div>
  );
}
