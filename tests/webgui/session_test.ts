import assert from "node:assert/strict";
import { httpGet } from "../support/http_client.ts";
import { freePort } from "../support/program.ts";
import { API_KEY, startTracker, stopTracker } from "../support/running_tracker.ts";
import { withNeeds } from "../support/skip.ts";
import { LOOKS, NEEDS, type Page, signIn, visit, withBrowser } from "./browser.ts";
import { BUSY_HASH, FULL_KEY, READ_KEY, withBusyTracker } from "./busy_tracker.ts";

const [DESKTOP] = LOOKS;
const UDP = ["127.0.0.1:0"];

function isSignedOut(page: Page): Promise<void> {
  return page.getByLabel("Token").waitFor();
}

Deno.test(withNeeds(NEEDS, "a wrong token is told plainly, and nothing is kept of it", async () => {
  await withBusyTracker(({ address }) =>
    withBrowser((browser) =>
      visit(browser, address, DESKTOP, async ({ page, problems }) => {
        for (const wrong of ["wrong", "wröng €"]) {
          await page.getByLabel("Token").fill(wrong);
          await page.getByLabel("Token").press("Enter");
          await page.getByText("This token is wrong.").waitFor();
        }
        await page.reload();
        await isSignedOut(page);
        // Browsers note an answer of 401 as an error themselves.
        assert.ok(
          problems.length > 0 && problems.every((problem) => problem.includes("401")),
          problems.join(),
        );
        problems.length = 0;
      })
    )
  );
}));

Deno.test(
  withNeeds(NEEDS, "a token is kept for the tab, or remembered by choice, until signing out", async () => {
    await withBusyTracker(({ address }) =>
      withBrowser((browser) =>
        visit(browser, address, DESKTOP, async ({ page, context }) => {
          const dashboard = { name: "Dashboard", level: 1 } as const;
          await signIn(page, FULL_KEY);
          await page.reload();
          await page.getByRole("heading", dashboard).waitFor();
          const other = await context.newPage();
          await other.goto(address);
          await isSignedOut(other);

          await signIn(other, FULL_KEY, true);
          const third = await context.newPage();
          await third.goto(address);
          await third.getByRole("heading", dashboard).waitFor();
          await third.getByRole("button", { name: "Sign out" }).click();
          await isSignedOut(third);
          const fourth = await context.newPage();
          await fourth.goto(address);
          await isSignedOut(fourth);
        })
      )
    );
  }),
);

Deno.test(withNeeds(NEEDS, "a read-only token shows everything and offers no change", async () => {
  await withBusyTracker(({ address }) =>
    withBrowser((browser) =>
      visit(browser, address, DESKTOP, async ({ page }) => {
        await signIn(page, READ_KEY);
        await page.getByText("read-only", { exact: true }).waitFor();
        assert.equal(await page.getByRole("button", { name: "Save now" }).count(), 0);
        for (const view of [`torrent/${BUSY_HASH}`, "whitelist", "blacklist", "keys"]) {
          await page.goto(`${address}#/${view}`);
          await page.locator("h1").waitFor();
          const names = await page.getByRole("button").allInnerTexts();
          const changing = names.filter((name) => /^(?:Add|Remove|Delete|Reload|Make)/.test(name));
          assert.deepEqual(changing, [], view);
        }
        await page.goto(`${address}#/settings`);
        await page.getByText("peer_timeout", { exact: true }).waitFor();
        assert.ok(!(await page.content()).includes(READ_KEY), "a secret is shown");
      })
    )
  );
}));

Deno.test(withNeeds(NEEDS, "a stopped tracker is told of, and found again when it is back", async () => {
  const api = [`127.0.0.1:${freePort("127.0.0.1")}`];
  let tracker = await startTracker({ udp: UDP, api });
  try {
    await withBrowser((browser) =>
      visit(browser, `http://${api[0]}/webgui/`, DESKTOP, async ({ page, problems }) => {
        await signIn(page, API_KEY);
        await page.getByText("Seeders").first().waitFor();
        await stopTracker(tracker);
        const banner = page.getByText("The connection to the tracker is lost.");
        await banner.waitFor();
        await page.evaluate("scrollTo(0, document.body.scrollHeight)");
        const { y } = (await banner.boundingBox())!;
        assert.ok(y >= 0 && y < 300, `the banner is at ${y}`);
        await page.goto(`http://${api[0]}/webgui/#/settings`);
        await page.getByText("The tracker does not answer.").waitFor();

        tracker = await startTracker({ udp: UDP, api });
        await banner.waitFor({ state: "detached", timeout: 20_000 });
        await page.getByText("peer_timeout", { exact: true }).waitFor();
        assert.ok(
          problems.every((problem) => /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(problem)),
          problems.join(),
        );
        problems.length = 0;
      })
    );
  } finally {
    await stopTracker(tracker);
  }
}));

Deno.test(withNeeds(NEEDS, "a token that is no longer good leads back to the sign-in page", async () => {
  const api = [`127.0.0.1:${freePort("127.0.0.1")}`];
  let tracker = await startTracker({ udp: UDP, api });
  try {
    await withBrowser((browser) =>
      visit(browser, `http://${api[0]}/webgui/`, DESKTOP, async ({ page, problems }) => {
        await signIn(page, API_KEY);
        await stopTracker(tracker);
        tracker = await startTracker({ udp: UDP, api, settings: 'api_key = "another-token-of-the-tests"' });
        await page.getByText("The tracker no longer accepts this token.").waitFor({ timeout: 20_000 });
        await signIn(page, "another-token-of-the-tests");
        problems.length = 0;
      })
    );
  } finally {
    await stopTracker(tracker);
  }
}));

Deno.test(withNeeds(NEEDS, "light or dark by choice, which is remembered", async () => {
  await withBusyTracker(({ address }) =>
    withBrowser((browser) =>
      visit(browser, address, DESKTOP, async ({ page }) => {
        await signIn(page, FULL_KEY);
        const ground = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
        assert.equal(await ground(), "rgb(244, 246, 248)");
        await page.getByLabel("Colours").selectOption("dark");
        assert.equal(await ground(), "rgb(14, 17, 22)");
        await page.reload();
        await page.getByLabel("Colours").waitFor();
        assert.equal(await ground(), "rgb(14, 17, 22)");
        await page.getByLabel("Colours").selectOption("system");
        await page.emulateMedia({ colorScheme: "light" });
        assert.equal(await ground(), "rgb(244, 246, 248)");
      })
    )
  );
}));

Deno.test(withNeeds(NEEDS, "the first view is there in 300 ms, and all of it is below 150 kB", async () => {
  await withBusyTracker(({ address }) =>
    withBrowser((browser) =>
      visit(browser, address, DESKTOP, async ({ page }) => {
        const times: number[] = [];
        for (let i = 0; i < 5; i++) {
          await page.reload();
          await isSignedOut(page);
          times.push(
            Number(
              await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
            ),
          );
        }
        console.log(`first view after ${times.map(Math.round).join(", ")} ms`);
        assert.ok(Math.min(...times) < 300, `painted after ${times.join(", ")} ms`);
        const { hostname, port } = new URL(address);
        let bytes = 0;
        for (const name of ["", "app.js", "style.css", "icon.svg"]) {
          const headers = ["Accept-Encoding: gzip"];
          bytes +=
            (await httpGet({ hostname, port: Number(port) }, `/webgui/${name}`, { headers })).body.length;
        }
        console.log(`${bytes} bytes, gzipped, in all`);
        assert.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`);
      })
    )
  );
}));
