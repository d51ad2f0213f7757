import assert from "node:assert/strict";
import { withNeeds } from "../support/skip.ts";
import { assertUsable, LOOKS, NEEDS, type Page, signIn, visit, withBrowser } from "./browser.ts";
import { BUSY_HASH, FULL_KEY, withBusyTracker } from "./busy_tracker.ts";

/** Each view, by what follows `#/`, and a text that is there once it is loaded. */
const VIEWS: readonly (readonly [path: string, text: string])[] = [
  ["", "Top torrents"],
  ["torrents", "Info hash, or its beginning"],
  [`torrent/${BUSY_HASH}`, "Delete torrent"],
  ["whitelist", "There is no entry yet."],
  ["blacklist", "There is no entry yet."],
  ["keys", "There is no key yet."],
  ["settings", "peer_timeout"],
];

for (const look of LOOKS) {
  Deno.test(
    withNeeds(NEEDS, `every view, ${look.size}, ${look.theme}: usable, and without an error`, async () => {
      await withBusyTracker(({ address }) =>
        withBrowser((browser) =>
          visit(browser, address, look, async ({ page }) => {
            await page.getByLabel("Token").waitFor();
            await assertUsable(page, "sign in");
            await signIn(page, FULL_KEY);
            for (const [path, text] of VIEWS) {
              await page.goto(`${address}#/${path}`);
              await page.getByText(text, { exact: true }).first().waitFor();
              await assertUsable(page, path);
            }
            assert.equal(
              await groundOf(page),
              look.theme === "dark" ? "rgb(14, 17, 22)" : "rgb(244, 246, 248)",
            );
          })
        )
      );
    }),
  );
}

function groundOf(page: Page): Promise<string> {
  return page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
}
