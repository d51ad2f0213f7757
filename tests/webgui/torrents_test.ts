import assert from "node:assert/strict";
import { withNeeds } from "../support/skip.ts";
import { assertUsable, LOOKS, NEEDS, signIn, visit, withBrowser } from "./browser.ts";
import { BUSY_HASH, BUSY_PEERS, FULL_KEY, HOSTILE_ID, withBusyTracker } from "./busy_tracker.ts";

const [DESKTOP, , PHONE] = LOOKS;

Deno.test(withNeeds(NEEDS, "the dashboard follows what is announced", async () => {
  await withBusyTracker(({ address, announce }) =>
    withBrowser((browser) =>
      visit(browser, address, DESKTOP, async ({ page }) => {
        await signIn(page, FULL_KEY);
        const figures = page.locator(".figures");
        await figures.getByText("61", { exact: true }).waitFor();
        const chart = page.getByRole("region", { name: "Announces a second" });
        await chart.locator("canvas").waitFor();
        const rate = chart.getByRole("listitem").filter({ hasText: "UDP IPv4" });
        await Promise.all([
          announce(),
          rate.filter({ hasText: /[1-9]/ }).locator("b", { hasText: /^[1-9]/ }).waitFor(),
        ]);
        const top = page.getByRole("table", { name: "Torrents with the most peers" });
        await top.getByRole("row").nth(1).getByText(BUSY_HASH).waitFor();
        for (const software of ["qBittorrent", "Transmission", "Deluge", "Unknown"]) {
          await page.getByRole("listitem").filter({ hasText: software }).waitFor();
        }
        await page.getByText("Nothing was refused.").waitFor();
        await page.getByRole("button", { name: "Save now" }).click();
        await page.getByText(/^Saved \d+ changes\.$/).waitFor();
      })
    )
  );
}));

Deno.test(withNeeds(NEEDS, "torrents are found by the beginning of their hash, and sorted", async () => {
  await withBusyTracker(({ address }) =>
    withBrowser((browser) =>
      visit(browser, address, DESKTOP, async ({ page }) => {
        await signIn(page, FULL_KEY);
        await page.getByRole("link", { name: "Torrents" }).click();
        const rows = page.getByRole("table", { name: "Torrents" }).getByRole("row");
        await rows.nth(1).getByText(BUSY_HASH).waitFor();
        assert.equal(await rows.count(), 1 + 50);
        await page.getByRole("button", { name: "Next" }).click();
        await page.getByText("Page 2").waitFor();
        await rows.nth(11).waitFor();
        await rows.nth(12).waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Previous" }).click();
        await rows.nth(50).waitFor();

        const search = page.getByLabel("Info hash, or its beginning");
        await search.fill("ABAB");
        await rows.nth(2).waitFor({ state: "detached" });
        await rows.nth(1).getByText(BUSY_HASH).waitFor();
        await search.fill("<b>");
        await page.getByText("A hash has the digits 0 to 9 and a to f.").waitFor();
        await search.fill("fffff");
        await page.getByText("No torrent is like that.").waitFor();
        await search.fill("");
        for (const order of ["Most seeders", "Most leechers", "Most completed", "All, in no order"]) {
          await page.getByLabel("Order").selectOption({ label: order });
          await rows.nth(50).waitFor();
        }
      })
    )
  );
}));

Deno.test(
  withNeeds(NEEDS, "a torrent shows its peers as text, and is deleted after a confirmation", async () => {
    await withBusyTracker(({ address }) =>
      withBrowser((browser) =>
        visit(browser, address, PHONE, async ({ page }) => {
          await signIn(page, FULL_KEY);
          await page.goto(`${address}#/torrent/${BUSY_HASH}`);
          const rows = page.getByRole("table", { name: "Peers" }).getByRole("row");
          await rows.nth(BUSY_PEERS).waitFor();
          await page.getByText(HOSTILE_ID, { exact: true }).waitFor();
          await page.getByText("127.0.0.1:7001").waitFor();

          const deletion = page.getByRole("button", { name: "Delete torrent" });
          await deletion.click();
          await page.getByRole("dialog").waitFor();
          await assertUsable(page, "the question");
          await page.keyboard.press("Escape");
          await page.getByRole("dialog").waitFor({ state: "detached" });
          await deletion.click();
          await page.getByRole("dialog").getByRole("button", { name: "Delete torrent" }).click();
          await page.getByText("The torrent is deleted.").waitFor();
          await page.getByLabel("Info hash, or its beginning").fill(BUSY_HASH);
          await page.getByText("No torrent is like that.").waitFor();

          await page.goto(`${address}#/torrent/<script>alert(1)</script>`);
          await page.getByText("is no info hash").waitFor();
        })
      )
    );
  }),
);

Deno.test(withNeeds(NEEDS, "the keyboard alone is enough", async () => {
  await withBusyTracker(({ address }) =>
    withBrowser((browser) =>
      visit(browser, address, DESKTOP, async ({ page }) => {
        await page.getByLabel("Token").waitFor();
        await page.keyboard.type(FULL_KEY);
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Dashboard", level: 1 }).waitFor();
        await page.reload();
        await page.getByRole("heading", { name: "Dashboard", level: 1 }).waitFor();
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the content");
        for (let i = 0; i < 3; i++) await page.keyboard.press("Tab");
        assert.equal(await page.evaluate("document.activeElement.textContent"), "Whitelist");
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Whitelist", level: 1 }).waitFor();
        await page.locator("h1:focus").getByText("Whitelist").waitFor();
        await page.waitForFunction("document.title === 'Whitelist · denotrack'");
      })
    )
  );
}));
