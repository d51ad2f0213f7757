/** Texts for other programs. */
import { tell } from "./notices.tsx";

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell("Copied.");
  } catch {
    // Browsers let pages copy over HTTPS and on this machine only.
    tell("The browser does not let this page copy; choose the text instead.", true);
  }
}
