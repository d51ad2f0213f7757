import assert from "node:assert/strict";
import { withNeeds } from "../support/skip.ts";
import { assertUsable, LOOKS, NEEDS, type Page, signIn, visit, withBrowser } from "./browser.ts";
import { BUSY_HASH, FULL_KEY, READ_KEY, withBusyTracker } from "./busy_tracker.ts";

/** On the blacklist, and a key. */
const LISTED = "0f".repeat(20);

/** Each view, by what follows `#/`, and a text that is there once it is loaded. */
const VIEWS: readonly (readonly [path: string, text: string])[] = [
  ["", "Top torrents"],
  ["torrents", "Info hash, or its beginning"],
  [`torrent/${BUSY_HASH}`, "Delete torrent"],
  ["whitelist", "There is no entry yet."],
  ["blacklist", LISTED],
  ["keys", LISTED],
  ["settings", "peer_timeout"],
];

for (const look of LOOKS) {
  Deno.test(
    withNeeds(NEEDS, `every view, ${look.size}, ${look.theme}: usable, and without an error`, async () => {
      await withBusyTracker(({ address, running }) =>
        withBrowser((browser) =>
          visit(browser, address, look, async ({ page }) => {
            const { blacklist, keys } = running.tracker.access;
            for (const list of [blacklist, keys]) list.set(new Int32Array(5).fill(0x0f0f0f0f), 0, 0);
            await page.getByLabel("Token").waitFor();
            await assertUsable(page, "sign in");
            for (const token of [FULL_KEY, READ_KEY]) {
              await signIn(page, token);
              for (const [path, text] of VIEWS) {
                if (token === READ_KEY && text.startsWith("Delete")) continue;
                await page.goto(`${address}#/${path}`);
                await page.getByText(text, { exact: true }).first().waitFor();
                await assertUsable(page, path);
              }
              await page.goto(`${address}#/`);
              if (token === FULL_KEY) await page.getByRole("button", { name: "Sign out" }).click();
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
