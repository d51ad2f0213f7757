/** A real Chromium, and notes of everything that a page should not do. */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { findProgram, type Needs } from "../support/skip.ts";

export type { Page };

export const NEEDS: Needs = { programs: ["chromium"] };

// When it is loaded it looks below /proc for another system, which Deno allows with every permission only.
Deno.env.set("__IS_WSL_TEST__", "1");
const { chromium } = await import("playwright-core");
Deno.env.delete("__IS_WSL_TEST__");

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const SIZES = {
  phone: { width: 360, height: 740 },
  desktop: { width: 1280, height: 860 },
} as const;

export interface Look {
  readonly size: keyof typeof SIZES;
  readonly theme: "light" | "dark";
}

export const LOOKS: readonly Look[] = [
  { size: "desktop", theme: "light" },
  { size: "desktop", theme: "dark" },
  { size: "phone", theme: "light" },
  { size: "phone", theme: "dark" },
];

const TIME_LIMIT_MILLISECONDS = 10_000;

/** Runs `use` with a browser of its own, without any history. */
export async function withBrowser(use: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({
    executablePath: findProgram("chromium") ?? "",
    headless: true,
    args: ARGS,
  });
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page did that it should not: errors, failed requests, requests to others. */
  readonly problems: string[];
}

/** Opens a page with a session of its own; fails when the page did what it should not. */
export async function visit(
  browser: Browser,
  address: string,
  { size, theme }: Look,
  use: (visit: Visit) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: theme,
    hasTouch: size === "phone",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(TIME_LIMIT_MILLISECONDS);
  const page = await context.newPage();
  const problems = noteProblems(page, new URL(address).origin);
  try {
    await page.goto(address);
    await use({ page, context, problems });
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}

function noteProblems(page: Page, origin: string): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      problems.push(`console: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "blob:" && url.origin !== origin) problems.push(`request to ${request.url()}`);
    if (url.search.includes("token")) problems.push(`a token in ${url.pathname}`);
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // A stream that is left, or a page that is.
    if (reason !== "net::ERR_ABORTED") problems.push(`${request.url()} failed: ${reason}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.url()}: ${response.status()}`);
  });
  return problems;
}

export async function signIn(page: Page, token: string, isRemembered = false): Promise<void> {
  await page.getByLabel("Token").fill(token);
  if (isRemembered) await page.getByLabel("Remember it in this browser").check();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Dashboard", level: 1 }).waitFor();
}

/** Fails when the page is hard to use for somebody, by the rules of axe, or is wider than its window. */
export async function assertUsable(page: Page, what: string): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ html }) => html) }));
  });
  const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(serious, [], what);
  const [content, width] = await page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as WindowLike;
    return [document.documentElement.scrollWidth, innerWidth];
  });
  assert.ok(content <= width, `${what}: ${content} pixels wide in a window of ${width}`);
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** What is used here of a browser's window, whose types Deno does not have. */
interface WindowLike {
  readonly document: { readonly documentElement: { readonly scrollWidth: number } };
  readonly innerWidth: number;
}
