/** What surrounds every view: the way between them, the connection's state, the theme, signing out. */
import type { ComponentChildren } from "preact";
import { route } from "./route.ts";
import { access, signOut } from "./session.ts";
import { connection } from "./stats_stream.ts";
import { chooseTheme, type Theme, theme } from "./theme.ts";

const VIEWS = [
  ["", "Dashboard"],
  ["torrents", "Torrents"],
  ["whitelist", "Whitelist"],
  ["blacklist", "Blacklist"],
  ["keys", "Keys"],
  ["settings", "Settings"],
] as const;

export function Shell({ children }: { readonly children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>Skip to the content</a>
      <header>
        <span class="brand">denotrack</span>
        <nav aria-label="Views">
          {VIEWS.map(([view, name]) => (
            <a key={view} href={`#/${view}`} aria-current={isCurrent(view) ? "page" : undefined}>{name}</a>
          ))}
        </nav>
        <div class="tools">
          {access.value === "read" && <span class="badge">read-only</span>}
          <ThemeChoice />
          <button type="button" onClick={() => signOut()}>Sign out</button>
        </div>
      </header>
      <div role="status">
        {connection.value === "lost" && (
          <p class="banner">The connection to the tracker is lost. What is shown may be old; trying again…</p>
        )}
      </div>
      <main id="content" tabIndex={-1}>{children}</main>
    </>
  );
}

function ThemeChoice() {
  return (
    <select
      aria-label="Colours"
      value={theme.value}
      onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}
    >
      <option value="system">System</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}

function isCurrent(view: string): boolean {
  const [current] = route.value;
  return current === view || (current === "torrent" && view === "torrents");
}

/** The part after `#` names the view, so it cannot name the place to go to as well. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}
