import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { calculator } from "../../../src/agents/calculator/agent.ts";
import type { OfflineModel } from "../../../src/model/index.ts";
import { startOfflineModel } from "../../../src/model/offline/offline-model.ts";
import { ada, listening, testInbox } from "../inbox-server.ts";
import { browserIsThere, openBrowser, openPage, type Watched } from "./browser.ts";

describe.runIf(browserIsThere())("threads in a browser", { timeout: 60_000 }, () => {
  let browser: Browser;
  let model: OfflineModel;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    [browser, model] = await Promise.all([openBrowser(), startOfflineModel()]);
  });
  afterAll(async () => {
    await browser.close();
    await model.close();
  });
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });

  async function calculating() {
    const { app, runtime } = testInbox([calculator], { model: model.choice });
    open.push({ close: () => runtime.stop() });
    const server = await listening(app);
    open.push(server);
    const visit = async (options: Parameters<typeof openPage>[2] = {}): Promise<Watched> => {
      const watched = await openPage(browser, server.url, options);
      open.push({ close: () => watched.context.close() });
      return watched;
    };
    return { runtime, visit };
  }

  it("a person launches an agent, watches it work, approves in another tab and sees the result come", {
    tags: ["F11.1", "F6.2"],
  }, async () => {
    const { visit } = await calculating();
    const { page, context, alarms } = await visit();
    await page.goto("/inbox/agents");
    await page.getByRole("link", { name: "calculator" }).click();
    await page.getByLabel("What should it do?").fill("multiply 3 and 4, then divide the result by 2");
    await page.getByRole("button", { name: "Launch calculator" }).click();
    await page.getByRole("heading", { name: "Multiply", exact: true }).waitFor();
    await page.getByText("Approve Divide?").waitFor();
    const thread = page.url();

    const other = await context.newPage();
    await other.goto(new URL("/inbox", thread).href);
    await other.getByRole("link", { name: "Divide" }).click();
    await other.getByRole("button", { name: "Approve", exact: true }).click();

    await page.locator("#thread-end .result").waitFor();
    expect(await page.locator("#thread-end .result").textContent()).toContain("6");
    expect(page.url()).toBe(thread);
    expect(await page.locator("#thread-head .pill").textContent()).toBe("Finished");
    const ids = await page.locator("#timeline > li").evaluateAll((items) => items.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(await page.locator("svg.thread-graph .node").count()).toBeGreaterThan(4);
    expect(alarms).toEqual([]);
  });

  it("what a running thread writes and does comes to the page without loading it again", {
    tags: "F6.2",
  }, async () => {
    const { visit, runtime } = await calculating();
    const { page } = await visit();
    await page.goto("/inbox/agents/calculator");
    await page.getByLabel("What should it do?").fill("add 1 and 2");
    await page.getByRole("button", { name: "Launch calculator" }).click();
    await page.locator("#thread-end .result").waitFor();
    const before = await page.locator("#timeline > li").count();
    const threadId = page.url().split("/").at(-1) ?? "";
    const { threads } = await runtime.list({ search: threadId });
    const known = threads[0]?.threadId;
    if (known === undefined) throw new Error("the thread is not listed");
    await page.locator("#partial").evaluate((element) => element.setAttribute("data-same-page", "yes"));
    await page.getByLabel("Message to the agent").fill("now multiply 5 and 5");
    await runtime.message(known, "now multiply 5 and 5", ada);
    await page.getByRole("heading", { name: "Multiply", exact: true }).waitFor();
    await page.locator("#thread-head .pill", { hasText: "Finished" }).waitFor();
    expect(await page.locator("#timeline > li").count()).toBeGreaterThan(before);
    expect(await page.locator("#partial").getAttribute("data-same-page")).toBe("yes");
    expect(await page.getByLabel("Message to the agent").inputValue()).toBe("now multiply 5 and 5");
  });

  it("a thread is forked at an event, resumed, and goes its own way", { tags: "F11.1" }, async () => {
    const { visit, runtime } = await calculating();
    const { page } = await visit();
    await page.goto("/inbox/agents/calculator");
    await page.getByLabel("What should it do?").fill("add 20 and 22");
    await page.getByRole("button", { name: "Launch calculator" }).click();
    await page.locator("#thread-end .result").waitFor();
    const original = page.url();
    await page.locator("#entry-2 > summary").click();
    await page.getByRole("button", { name: "Leave out from here, event 2" }).click();
    await page.getByText("Left out of the context from here on").waitFor();
    await page.locator("#entry-2 > summary").click();
    await page.getByRole("button", { name: "Fork from here, event 2" }).click();
    await page.locator("#thread-head .pill", { hasText: "Paused" }).waitFor();
    expect(page.url()).not.toBe(original);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.locator("#thread-end .result").waitFor();
    expect(await page.locator("#thread-end .result").textContent()).toContain("42");
    expect((await runtime.list()).threads).toHaveLength(2);
  });

  it("a step shows the exact request that the model got", { tags: "F6.2" }, async () => {
    const { visit } = await calculating();
    const { page } = await visit();
    await page.goto("/inbox/agents/calculator");
    await page.getByLabel("What should it do?").fill("add 20 and 22");
    await page.getByRole("button", { name: "Launch calculator" }).click();
    await page.locator("#thread-end .result").waitFor();
    await page.locator("#entry-3 > summary").click();
    await page.getByRole("link", { name: "What the model saw" }).first().click();
    await page.getByText("Byte for byte what was sent").waitFor();
    expect(await page.locator("pre").first().textContent()).toContain("add 20 and 22");
  });
});
