/** Light or dark: as the system has it, or by choice. */
import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const STORED_THEME = "denotrack theme";

export const theme = signal<Theme>(stored());

/** Counts the changes of colours, for what paints by itself. */
export const paint = signal(0);

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  try {
    localStorage.setItem(STORED_THEME, chosen);
  } catch {
    // A browser that keeps nothing: it is good until the page is left.
  }
  show();
}

export function startTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint.value++);
  show();
}

/** What the browser makes of a colour of the style sheet. */
export function resolveColor(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

function show(): void {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  paint.value++;
}

function stored(): Theme {
  try {
    const found = localStorage.getItem(STORED_THEME);
    return found === "light" || found === "dark" ? found : "system";
  } catch {
    return "system";
  }
}
