import assert from "node:assert/strict";
import { withNeeds } from "../support/skip.ts";
import { assertUsable, LOOKS, NEEDS, type Page, signIn, visit, withBrowser } from "./browser.ts";
import { FULL_KEY, withBusyTracker } from "./busy_tracker.ts";

const [DESKTOP, , PHONE] = LOOKS;

function hexOf(number: number): string {
  return number.toString(16).padStart(40, "0");
}

async function confirm(page: Page, action: string): Promise<void> {
  await page.getByRole("dialog").getByRole("button", { name: action }).click();
}

/** Pastes as people do, by the keyboard. */
async function pasteInto(page: Page, place: ReturnType<Page["locator"]>, text: string): Promise<void> {
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await place.click();
  await page.keyboard.press("Control+V");
}

/** What a button downloads. */
async function download(page: Page, name: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name }).click(),
  ]);
  return Deno.readTextFileSync(await file.path());
}

for (const list of ["whitelist", "blacklist"] as const) {
  Deno.test(
    withNeeds(NEEDS, `${list}: paste, check, add, search, remove, export, reload, empty`, async () => {
      await withBusyTracker(({ address }) =>
        withBrowser(
          (browser) =>
            visit(browser, address, list === "whitelist" ? DESKTOP : PHONE, async ({ page }) => {
              await signIn(page, FULL_KEY);
              await page.goto(`${address}#/${list}`);
              const paste = page.getByLabel("Info hashes, one a line");
              const good = Array.from({ length: 3000 }, (_, i) => hexOf(i));
              await pasteInto(
                page,
                paste,
                [good[0].toUpperCase(), "<img src=x onerror=alert(1)>", "abc", ...good].join("\r\n"),
              );
              await page.getByText("3,000 good, 1 repeated, 2 bad").waitFor();
              await page.getByText("<img src=x onerror=alert(1)>").first().waitFor();
              await page.getByText("Line 3: abc: 3 digits, 40 are wanted").waitFor();
              await assertUsable(page, "bad lines");
              const add = page.getByRole("button", { name: /^Add/ });
              assert.ok(await add.isDisabled());
              await page.getByLabel("Leave the bad lines out").check();
              await add.click();
              await page.getByText("Added 3,000.").waitFor();

              const boxes = page.getByRole("checkbox", { name: /^Choose [0-9a-f]{40}$/ });
              // A page ends where the next entries would not fit it.
              await boxes.nth(80).waitFor();
              assert.ok(await boxes.count() <= 100);
              await page.getByRole("button", { name: "Next" }).click();
              await page.getByText("Page 2").waitFor();
              const search = page.getByLabel("Search by the beginning");
              await search.fill(hexOf(0x7ab));
              await boxes.nth(1).waitFor({ state: "detached" });
              await page.getByRole("checkbox", { name: `Choose ${hexOf(0x7ab)}` }).check();
              await page.getByRole("button", { name: "Remove chosen (1)" }).click();
              await confirm(page, "Remove 1");
              await page.getByText("Removed 1.").waitFor();
              await page.getByText("No entry begins like that.").waitFor();
              await search.fill("zz");
              await page.getByText("A hash has the digits 0 to 9 and a to f.").waitFor();
              await search.fill("");
              await boxes.nth(80).waitFor();
              const onPage = await boxes.count();
              await page.getByLabel("Choose all of this page").check();
              await page.getByRole("button", { name: `Remove chosen (${onPage})` }).click();
              await confirm(page, `Remove ${onPage}`);
              await page.getByText(`Removed ${onPage}.`).waitFor();

              const exported = (await download(page, "Export")).trim().split("\n");
              assert.equal(new Set(exported).size, 2999 - onPage);
              assert.ok(exported.every((line) => /^[0-9a-f]{40}$/.test(line)));

              await page.getByRole("button", { name: "Remove all" }).click();
              await page.getByRole("button", { name: "Keep" }).click();
              await page.getByRole("button", { name: "Remove all" }).click();
              await confirm(page, "Remove all");
              await page.getByText(`Removed 2,${999 - onPage} entries.`).waitFor();
              await page.getByText("There is no entry yet.").waitFor();
              await page.getByRole("button", { name: "Reload from the database" }).click();
              await page.getByText(/^The database holds [\d,]+ entries\.$/).waitFor();
            }),
        )
      );
    }),
  );
}

Deno.test(
  withNeeds(NEEDS, "keys: made, added, with time left and URLs to copy, removed, exported", async () => {
    await withBusyTracker(({ address }) =>
      withBrowser((browser) =>
        visit(browser, address, DESKTOP, async ({ page }) => {
          await signIn(page, FULL_KEY);
          await page.goto(`${address}#/keys`);
          await page.getByLabel("Good for").selectOption({ label: "one day" });
          await page.getByRole("button", { name: "Make a random key" }).click();
          const copies = page.getByRole("button", { name: /^Copy udp:/ });
          await copies.waitFor();
          await assertUsable(page, "a new key");
          await copies.click();
          await page.getByText("Copied.").waitFor();
          const copied = await page.evaluate("navigator.clipboard.readText()");
          assert.match(String(copied), /^udp:\/\/127\.0\.0\.1:\d+\/announce\/[0-9a-f]{40}$/);
          await page.getByText(/^23 h 59 min$/).waitFor();
          await page.getByRole("button", { name: "Close" }).click();

          await page.getByLabel("Good for").selectOption({ label: "without end" });
          await page.getByText("Add keys of your own").click();
          const own = Array.from({ length: 20 }, (_, i) => hexOf(i + 1));
          const paste = page.getByLabel("Keys of 40 hexadecimal digits, one a line");
          const ends = Math.trunc(Date.now() / 1000) + 7200;
          await paste.fill(`${hexOf(77)} 1000\n${hexOf(78)} soon\n${"f".repeat(40)} ${ends}`);
          await page.getByText("Line 1: ").getByText("its time is over").waitFor();
          await page.getByText("what follows the key is no UNIX time").waitFor();
          await page.getByLabel("Leave the bad lines out").check();
          await page.getByRole("button", { name: "Add", exact: true }).click();
          await page.getByText("Added 1 key.").waitFor();
          await page.getByRole("row").filter({ hasText: "f".repeat(40) }).getByText(/^1 h 59 min$/).waitFor();
          await paste.fill(own.join("\n"));
          await page.getByRole("button", { name: "Add 20" }).click();
          await page.getByText("Added 20 keys.").waitFor();
          const search = page.getByLabel("Search by the beginning");
          await search.fill("00000");
          const boxes = page.getByRole("checkbox", { name: /^Choose [0-9a-f]{40}$/ });
          await boxes.nth(19).waitFor();
          await page.getByText("without end").nth(1).waitFor();
          await page.getByLabel("Choose all of this page").check();
          await page.getByRole("button", { name: "Remove chosen (20)" }).click();
          await confirm(page, "Remove 20");
          await page.getByText("Removed 20 keys.").waitFor();
          await search.fill("");
          await boxes.nth(0).waitFor();
          assert.match(await download(page, "Export"), /^(?:[0-9a-f]{40} \d+\n){2}$/);
          await page.getByLabel("How many").fill("300");
          await page.getByRole("button", { name: "Make 300 random keys" }).click();
          const made = await page.getByRole("textbox", { name: "New keys" }).inputValue();
          assert.match(made, /^(?:[0-9a-f]{40}(?:\n|$)){300}$/);
          await assertUsable(page, "many new keys");
        })
      )
    );
  }),
);

Deno.test(
  withNeeds(
    NEEDS,
    "settings tell the configuration without secrets, metrics, health and the API",
    async () => {
      await withBusyTracker(({ address }) =>
        withBrowser((browser) =>
          visit(browser, address, DESKTOP, async ({ page, context }) => {
            await signIn(page, FULL_KEY);
            await page.goto(`${address}#/settings`);
            await page.getByText("[[udp_server]] 0").waitFor();
            assert.ok(!(await page.content()).includes(FULL_KEY), "a secret is shown");
            await page.getByRole("button", { name: "Metrics" }).click();
            await page.locator("pre").filter({ hasText: "# TYPE" }).waitFor();
            await assertUsable(page, "metrics");
            for (
              const [name, text] of [["API", "GET /api/torrents"], ["OpenAPI", '"3.1.0"'], ["Health", '"ok"']]
            ) {
              const [tab] = await Promise.all([
                context.waitForEvent("page"),
                page.getByRole("link", { name: `${name} (in a new tab)`, exact: true }).click(),
              ]);
              await tab.getByText(text).first().waitFor();
              assert.ok(!tab.url().includes("token"), tab.url());
              await tab.close();
            }
          })
        )
      );
    },
  ),
);
