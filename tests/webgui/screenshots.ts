/** Writes pictures of every view, in every look, to a folder: `deno task screenshots FOLDER`. */
import { delay } from "../support/program.ts";
import { LOOKS, type Page, signIn, visit, withBrowser } from "./browser.ts";
import { BUSY_HASH, type BusyTracker, FULL_KEY, withBusyTracker } from "./busy_tracker.ts";

const VIEWS: Readonly<Record<string, string>> = {
  dashboard: "",
  torrents: "torrents",
  torrent: `torrent/${BUSY_HASH}`,
  whitelist: "whitelist",
  keys: "keys",
  settings: "settings",
};

/** Long enough for lines in the charts. */
const ANNOUNCING_SECONDS = 20;

if (import.meta.main) await main(Deno.args[0] ?? "webgui/dist/screenshots");

async function main(folder: string): Promise<void> {
  Deno.mkdirSync(folder, { recursive: true });
  await withBusyTracker(async (tracker) => {
    await fillLists(tracker);
    await withBrowser(async (browser) => {
      for (const look of LOOKS) {
        await visit(browser, tracker.address, look, async ({ page }) => {
          const shoot = (name: string) =>
            page.screenshot({ path: `${folder}/${name}-${look.size}-${look.theme}.png`, fullPage: true });
          await shoot("sign-in");
          await signIn(page, FULL_KEY);
          await keepAnnouncing(tracker);
          for (const [name, path] of Object.entries(VIEWS)) {
            await page.goto(`${tracker.address}#/${path}`);
            await settle(page);
            await shoot(name);
            if (name !== "dashboard") continue;
            await page.screenshot({ path: `${folder}/first-screen-${look.size}-${look.theme}.png` });
          }
          await page.goto(`${tracker.address}#/torrent/${BUSY_HASH}`);
          await page.getByRole("button", { name: "Delete torrent" }).click();
          await shoot("confirmation");
          await page.getByRole("button", { name: "Keep" }).click();
          await page.goto(`${tracker.address}#/whitelist`);
          await page.getByLabel("Info hashes, one a line").fill(
            `${"0a".repeat(20)}\nno hash\n${"0b".repeat(19)}\n${"0c".repeat(20)}`,
          );
          await page.getByText("2 good").waitFor();
          await shoot("paste");
          await page.goto(`${tracker.address}#/keys`);
          await page.getByRole("button", { name: "Make a random key" }).click();
          await page.getByText("Announce URLs").waitFor();
          await settle(page);
          await shoot("new-key");
        });
      }
    });
  });
}

async function fillLists({ origin }: BusyTracker): Promise<void> {
  const headers = { authorization: `Bearer ${FULL_KEY}` };
  const hashes = Array.from(
    { length: 250 },
    (_, i) => (i * 7919 + 0x1000000).toString(16).padEnd(40, "3c5a"),
  );
  await (await fetch(`${origin}/api/whitelist`, { method: "POST", headers, body: hashes.join("\n") })).json();
  for (const timeout of [0, 3600, 86_400 * 3, 86_400 * 200]) {
    await (await fetch(`${origin}/api/keys?timeout=${timeout}`, { method: "POST", headers })).json();
  }
  await (await fetch(`${origin}/api/save`, { method: "POST", headers })).json();
}

async function keepAnnouncing(tracker: BusyTracker): Promise<void> {
  const end = Date.now() + ANNOUNCING_SECONDS * 1000;
  for (let i = 0; Date.now() < end; i++) {
    await tracker.announce();
    await delay(200 + 300 * Math.abs(Math.sin(i / 6)));
  }
}

/** Until nothing loads any more. */
async function settle(page: Page): Promise<void> {
  await page.getByText("Loading…").first().waitFor({ state: "detached" });
  await delay(300);
}
