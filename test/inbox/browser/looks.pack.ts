import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestIdOf } from "../../../src/base/ids.ts";
import { ada, listening, settled, testInbox } from "../inbox-server.ts";
import { officeAgent } from "../office-agent.ts";
import { browserIsThere, openBrowser, openPage } from "./browser.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** The serious and critical violations that axe finds, in short. */
async function violations(page: Page, rules = "{}"): Promise<string[]> {
  await page.evaluate(axeSource);
  const found: readonly Violation[] = await page.evaluate(
    `axe.run(${rules}).then(({ violations }) => violations)`,
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}

describe.runIf(browserIsThere())("how the inbox looks", { timeout: 60_000 }, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof listening>>;
  let stop: () => Promise<void>;
  let pages: readonly string[];

  beforeAll(async () => {
    browser = await openBrowser();
    const ask = {
      intent: "ask_person",
      context: "The invoice names two accounts.",
      choices: ["Savings", "Everyday"] as string[],
      urgency: "high",
    } as const;
    const agents = [
      officeAgent(
        [
          { intent: "look_up", query: "x".repeat(300) },
          { intent: "pay", amount: 40, to: "ACME".repeat(60), memo: "two\nlines" },
        ],
        { name: "pays", policy: { approvers: ["web:ada", "slack:*"], needed: 2, expiresAfter: 3600 } },
      ).agent,
      officeAgent([{ intent: "change_price", plan: "Team", price: 35 }], { name: "prices" }).agent,
      officeAgent([{ ...ask, question: "Which account?", format: "multiple_choice" }], { name: "asks" })
        .agent,
      officeAgent(
        [
          { intent: "look_up", query: "rate" },
          { intent: "done", message: "Done." },
        ],
        { name: "ends" },
      ).agent,
    ];
    const { app, runtime } = testInbox(agents);
    stop = () => runtime.stop();
    server = await listening(app);
    const found = [
      "/inbox",
      "/inbox/threads",
      "/inbox/threads?since=today&zone=Europe/Vienna",
      "/inbox/figures",
      "/inbox/agents",
      "/inbox/agents/pays",
      "/inbox/nowhere",
    ];
    for (const { name } of agents) {
      const { threadId } = await runtime.launch({
        agent: name,
        input: { message: "Please do it", from: ada },
      });
      const { state } = await settled(runtime, threadId);
      if (name === "pays" || name === "ends") found.push(`/inbox/threads/${threadId}`);
      if (name === "ends") found.push(`/inbox/threads/${threadId}/steps/3`);
      if (state.request !== null) found.push(`/inbox/requests/${requestIdOf(threadId, state.request.seq)}`);
      if (name === "pays") found.push(`${found.at(-1)}?edit=1`);
    }
    pages = found;
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await stop();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`no page has a serious accessibility problem, in ${colorScheme} colours`, {
      tags: "F11.1",
    }, async () => {
      const { page, context, alarms } = await openPage(browser, server.url, { colorScheme });
      // Colours are all that differs.
      const rules = colorScheme === "dark" ? '{ runOnly: ["color-contrast"] }' : "{}";
      for (const path of pages) {
        await page.goto(path);
        await page.evaluate("for (const entry of document.querySelectorAll('details')) entry.open = true");
        for (const width of [1280, 390]) {
          await page.setViewportSize({ width, height: 820 });
          const where = `${path} at ${width}`;
          expect(await page.evaluate("document.documentElement.scrollWidth"), where).toBe(width);
          expect(await violations(page, rules), where).toEqual([]);
        }
      }
      expect(alarms).toEqual([]);
      await context.close();
    });
  }

  it("the check for accessibility problems finds one where there is one", { tags: "F11.1" }, async () => {
    const { page, context } = await openPage(browser, server.url, { colorScheme: "dark" });
    await page.goto("/inbox");
    await page.locator("h1").evaluate((heading) => {
      heading.style.color = "#333";
    });
    const rules = '{ runOnly: ["color-contrast"] }';
    expect(await violations(page, rules)).toEqual([expect.stringContaining("color-contrast")]);
    await context.close();
  });

  it("on a phone no page is wider than the screen", { tags: "F11.1" }, async () => {
    const { page, context } = await openPage(browser, server.url, { width: 360 });
    for (const path of pages) {
      await page.goto(path);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect(width, path).toBeLessThanOrEqual(360);
    }
    await context.close();
  });

  it("the help for keys opens with ? and closes with Escape", { tags: "E9" }, async () => {
    const { page, context } = await openPage(browser, server.url);
    await page.goto("/inbox");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Keys" }).waitFor({ state: "hidden" });
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").textContent()).toContain("Skip to the content");
    await context.close();
  });

  it("the colours change with the button, without a flash and for the next page too", {
    tags: "E9",
  }, async () => {
    const { page, context } = await openPage(browser, server.url, { javaScript: false });
    await page.goto("/inbox/threads");
    await page.getByRole("button", { name: /Colours/ }).click();
    expect(new URL(page.url()).pathname).toBe("/inbox/threads");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    await page.goto("/inbox");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    await context.close();
  });
});
