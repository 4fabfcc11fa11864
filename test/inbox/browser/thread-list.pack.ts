import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Runtime } from "../../../src/index.ts";
import { ada, listening, settled, testInbox } from "../inbox-server.ts";
import { officeAgent } from "../office-agent.ts";
import { browserIsThere, openBrowser, openPage } from "./browser.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const titles = (page: Page) => page.locator("table.threads tbody .row-link").allTextContents();

describe.runIf(browserIsThere())("the list of threads in a browser", { timeout: 60_000 }, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof listening>>;
  let runtime: Runtime;

  async function launch(agent: string, message: string): Promise<void> {
    const { threadId } = await runtime.launch({ agent, input: { message, from: ada } });
    await settled(runtime, threadId);
  }

  beforeAll(async () => {
    browser = await openBrowser();
    const pay = { intent: "pay", amount: 640, to: "ACME".repeat(60), memo: "two\nlines" } as const;
    const agents = [
      officeAgent([pay], { name: "pays", policy: { approvers: ["web:ada"] } }).agent,
      officeAgent([pay], { name: "others", policy: { approvers: ["web:bob"] } }).agent,
      officeAgent(
        Array.from({ length: 3 }, () => ({ intent: "done", message: "Order A-1020 is refunded" })),
        {
          name: "ends",
        },
      ).agent,
    ];
    const inbox = testInbox(agents);
    runtime = inbox.runtime;
    server = await listening(inbox.app);
    await launch("pays", `Pay ACME, please ${"x".repeat(300)}`);
    await launch("others", "Pay somebody else");
    await launch("ends", "Where is the cake of Zoë?");
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await runtime.stop();
  });

  it("shows what a thread is about, where it stands, who asked, when it started and how long it took", {
    tags: "F11.1",
  }, async () => {
    const { page, context } = await openPage(browser, server.url);
    await page.goto("/inbox/threads");
    const row = page.locator("tbody tr", { hasText: "Where is the cake" });
    expect(await row.locator(".row-latest").textContent()).toBe("Order A-1020 is refunded");
    const cells = (await row.locator("td").allTextContents()).map((text) => text.trim());
    expect(cells[0]).toMatch(/^Finished/);
    expect(cells[1]).toBe("Ada");
    expect(cells[2]).toMatch(/\d{4}, \d\d:\d\d (UTC|GMT|[A-Z]{3,4}|GMT[+-]\d+)$/);
    expect(cells[3]).toMatch(/^\d+ (s|min)$/);
    await context.close();
  });

  it("presets leave what waits for the person, and for nobody else", { tags: "F11.1" }, async () => {
    const { page, context } = await openPage(browser, server.url);
    await page.goto("/inbox/threads");
    await page.getByRole("link", { name: "Waiting for me" }).click();
    await page.waitForURL(/waiting=me/);
    expect(await titles(page)).toEqual([expect.stringContaining("Pay ACME")]);
    expect(await page.locator(".presets [aria-current]").textContent()).toBe("Waiting for me");
    await page.getByRole("link", { name: "Today" }).click();
    await page.waitForURL(/since=today/);
    expect((await titles(page)).length).toBeGreaterThanOrEqual(3);
    const zone = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone");
    // It stands alone: nothing covers it.
    const note = await page.getByText(`in ${zone}`).boundingBox();
    const field = await page.locator("[data-search]").boundingBox();
    expect((note?.y ?? 0) + (note?.height ?? 1_000)).toBeLessThanOrEqual(field?.y ?? 0);
    expect(await page.locator(".presets [aria-current]").textContent()).toBe("Today");
    await page.getByRole("link", { name: "Failed" }).click();
    await page.getByText("No threads.").waitFor();
    await context.close();
  });

  it("finds while a person types, marks what was found, and new finds come by themselves", {
    tags: ["F11.1", "E9"],
  }, async () => {
    const { page, context, alarms } = await openPage(browser, server.url);
    await page.goto("/inbox/threads");
    await page.keyboard.press("/");
    await page.keyboard.type("refunded a-10");
    await expect.poll(() => titles(page)).toEqual(["Where is the cake of Zoë?"]);
    expect(await page.locator("mark").allTextContents()).toEqual(["A-10", "refunded"]);
    await expect.poll(() => new URL(page.url()).searchParams.get("search")).toBe("refunded a-10");
    expect(await page.locator(":focus").inputValue()).toBe("refunded a-10");
    await launch("ends", "Another refund");
    await expect.poll(() => titles(page), { timeout: 15_000 }).toHaveLength(2);
    await page.goto("/inbox/threads?search=zoe");
    expect(await page.locator("mark").allTextContents()).toEqual(["Zoë"]);
    await page.goto("/inbox/threads?search=nowhere");
    await page.getByText("Nothing found.").waitFor();
    expect(alarms).toEqual([]);
    await context.close();
  });

  it("fits a phone and a desk, and is readable in light and dark colours", { tags: "F11.1" }, async () => {
    const { page, context } = await openPage(browser, server.url);
    await page.goto("/inbox/threads?search=pay");
    await page.evaluate(axeSource);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        const wide: unknown = await page.evaluate(
          `[document.documentElement.scrollWidth, ...[...document.querySelectorAll("main *")].map((e) => e.getBoundingClientRect().right)].filter((right) => right > ${width} + 0.5)`,
        );
        expect(wide, `${colorScheme} at ${width}`).toEqual([]);
      }
      // Colours are all that differs.
      const rules = colorScheme === "dark" ? '{ runOnly: ["color-contrast"] }' : "{}";
      const serious: unknown = await page.evaluate(
        `axe.run(${rules}).then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => id + ": " + nodes[0].html + nodes[0].failureSummary))`,
      );
      expect(serious, colorScheme).toEqual([]);
    }
    await context.close();
  });
});
