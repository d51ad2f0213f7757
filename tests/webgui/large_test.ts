// A list of millions of entries, a torrent of hundreds of thousands of peers: shown page by page, and the page stays
// responsive. DENOTRACK_TEST_LONG=1 takes ten million, and 300,000.

import assert from "node:assert/strict";
import { announce } from "../api/test_api.ts";
import { amount } from "../support/seeded.ts";
import { withNeeds } from "../support/skip.ts";
import { LOOKS, NEEDS, type Page, signIn, visit, withBrowser } from "./browser.ts";
import { type BusyTracker, FULL_KEY, withBusyTracker } from "./busy_tracker.ts";

const [DESKTOP] = LOOKS;
const ENTRIES = amount(500_000, 10_000_000);
const PEERS = amount(30_000, 300_000);
const SWARM = "cd".repeat(20);

/** Longest that the page may do nothing else. The machine may be busy with others. */
const LONGEST_TASK_MILLISECONDS = 300;

/** Of the page's scripts, whatever the tracker holds. */
const MOST_HEAP_BYTES = 60 * 1024 * 1024;

/** A hash that begins with the number. */
const name = (number: number) => number.toString(16).padStart(8, "0").padEnd(40, "7");

Deno.test(withNeeds(NEEDS, "a list of millions of entries is paged and searched", () => {
  const settings = `persistence = false\nmax_list_entries = ${ENTRIES + 1000}`;
  return withBusyTracker(async (tracker) => {
    fill(tracker);
    await withBrowser((browser) =>
      visit(browser, tracker.address, DESKTOP, async ({ page }) => {
        await signIn(page, FULL_KEY);
        const watch = await watchTasks(page);
        const boxes = page.getByRole("checkbox", { name: /^Choose [0-9a-f]{40}$/ });
        const search = page.getByLabel("Search by the beginning");
        await watch("first page", async () => {
          await page.getByRole("link", { name: "Whitelist" }).click();
          await boxes.nth(89).waitFor();
        });
        await watch("ten pages on", async () => {
          for (let i = 2; i <= 11; i++) {
            await page.getByRole("button", { name: "Next" }).click();
            await page.getByText(`Page ${i}`, { exact: true }).waitFor();
            await boxes.nth(89).waitFor();
          }
        });
        await watch("a prefix of many", async () => {
          await search.fill("0000");
          await page.getByRole("checkbox", { name: /^Choose 0000/ }).nth(49).waitFor();
        });
        await watch("a prefix of sixteen, all found", async () => {
          await search.fill(name(ENTRIES - 1).slice(0, 7));
          await page.getByRole("checkbox", { name: `Choose ${name(ENTRIES - 1)}` }).waitFor({
            timeout: 30_000,
          });
          await page.getByText("Searching…").waitFor({ state: "detached", timeout: 30_000 });
          assert.equal(await boxes.count(), ENTRIES % 16 === 0 ? 16 : ENTRIES % 16);
        });
        await watch("a prefix of none", async () => {
          await search.fill("ffff");
          await page.getByText("No entry begins like that.").waitFor({ timeout: 30_000 });
        });
        await watch("a whole hash", async () => {
          await search.fill(name(ENTRIES / 2));
          await page.getByRole("checkbox", { name: `Choose ${name(ENTRIES / 2)}` }).waitFor();
        });
        await watch("export", async () => {
          const [file] = await Promise.all([
            page.waitForEvent("download", { timeout: 120_000 }),
            page.getByRole("button", { name: "Export" }).click(),
          ]);
          assert.equal(Deno.statSync(await file.path()).size, ENTRIES * 41);
        });
      })
    );
  }, settings);
}));

Deno.test(withNeeds(NEEDS, "a torrent of many thousands of peers is shown page by page", () => {
  const settings = `persistence = false\nmax_peers = ${PEERS + 1000}`;
  return withBusyTracker(async ({ address, running }) => {
    for (let i = 0; i < PEERS; i++) {
      const ip = `10.${i >> 16}.${i >> 8 & 255}.${i & 255}`;
      announce(running.tracker, { torrent: SWARM, ip, left: i % 3, seconds: 1 });
    }
    await withBrowser((browser) =>
      visit(browser, address, DESKTOP, async ({ page }) => {
        await signIn(page, FULL_KEY);
        const watch = await watchTasks(page);
        const rows = page.getByRole("table", { name: "Peers" }).getByRole("row");
        await watch("first page of peers", async () => {
          await page.goto(`${address}#/torrent/${SWARM}`);
          await rows.nth(100).waitFor();
          assert.equal(await rows.count(), 101);
        });
        await watch("five pages on", async () => {
          for (let i = 2; i <= 6; i++) {
            await page.getByRole("button", { name: "Next" }).click();
            await page.getByText(`Page ${i}`, { exact: true }).waitFor();
          }
        });
      })
    );
  }, settings);
}));

function fill({ running }: BusyTracker): void {
  const { whitelist } = running.tracker.access;
  const bytes = new Uint8Array(20);
  const words = new Int32Array(bytes.buffer);
  const view = new DataView(bytes.buffer);
  bytes.fill(0x77);
  for (let i = 0; i < ENTRIES; i++) {
    view.setUint32(0, i);
    whitelist.set(words, 0, 0);
  }
}

/** Gives a function that does something on the page, says how long it took, and fails when the page stood still. */
async function watchTasks(page: Page): Promise<(what: string, act: () => Promise<void>) => Promise<void>> {
  await page.evaluate(`
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: "longtask" });`);
  return async (what, act) => {
    const began = performance.now();
    await act();
    const milliseconds = Math.round(performance.now() - began);
    const [longest, heap] = await page.evaluate(`[
      Math.max(0, ...longTasks.splice(0)), performance.memory.usedJSHeapSize]`) as [number, number];
    console.log(
      `${what}: ${milliseconds} ms, longest task ${Math.round(longest)} ms, heap ${
        (heap / 2 ** 20).toFixed(1)
      } MiB`,
    );
    assert.ok(longest < LONGEST_TASK_MILLISECONDS, `${what}: the page stood still for ${longest} ms`);
    assert.ok(heap < MOST_HEAP_BYTES, `${what}: ${heap} bytes`);
  };
}
