/** Which view is shown: the part of the address after `#`, such as `#/torrents` or `#/torrent/HASH`. */
import { computed, signal } from "@preact/signals";

const hash = signal(location.hash);

export const route = computed((): readonly [view: string, argument: string] => {
  const [view = "", argument = ""] = hash.value.replace(/^#\/?/, "").split("/");
  return [view, argument];
});

/** Whether the view has changed: a new one is read from its heading on, the first one from the top of the page. */
export const hasMoved = signal(false);

export function followAddress(): void {
  addEventListener("hashchange", () => {
    hasMoved.value = true;
    hash.value = location.hash;
  });
}

export function go(view: string, argument = ""): void {
  location.hash = argument === "" ? `#/${view}` : `#/${view}/${argument}`;
}
