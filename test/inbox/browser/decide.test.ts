import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { requestIdOf } from "../../../src/base/ids.ts";
import { fakeClock } from "../../../src/testing/fake-clock.ts";
import type { ApprovalPolicy } from "../../../src/thread/events.ts";
import { ada, listening, settled, testInbox } from "../inbox-server.ts";
import { type OfficeStep, officeAgent } from "../office-agent.ts";
import { browserIsThere, openBrowser, openPage, type Watched } from "./browser.ts";

const PAY: OfficeStep = { intent: "pay", amount: 40, to: "ACME", memo: "invoice 7" };
const DONE: OfficeStep = { intent: "done", message: "All settled." };

describe.runIf(browserIsThere())("deciding in a browser", { timeout: 60_000 }, () => {
  let browser: Browser;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });

  async function waiting(script: readonly OfficeStep[], policy?: ApprovalPolicy, clock = fakeClock()) {
    const office = officeAgent(script, policy === undefined ? {} : { policy });
    const { app, runtime } = testInbox([office.agent], { clock });
    open.push({ close: () => runtime.stop() });
    const server = await listening(app);
    open.push(server);
    const { threadId } = await runtime.launch({
      agent: "office",
      input: { message: "Invoice 7", from: ada },
    });
    const thread = await settled(runtime, threadId);
    const path = `/inbox/requests/${requestIdOf(threadId, thread.state.request?.seq ?? 0)}`;
    const visit = async (options: Parameters<typeof openPage>[2] = {}): Promise<Watched> => {
      const watched = await openPage(browser, server.url, options);
      open.push({ close: () => watched.context.close() });
      return watched;
    };
    return { ...office, runtime, threadId, path, visit, clock };
  }

  it("a person opens the inbox with the keyboard, approves, and the stored call runs", {
    tags: "F11.1",
  }, async () => {
    const { visit, paid, runtime, threadId } = await waiting([PAY, DONE]);
    const { page, alarms } = await visit();
    await page.goto("/inbox");
    // The list follows what is typed.
    await page.keyboard.press("/");
    await page.keyboard.type("nowhere");
    await page.getByText("Nothing fits.").waitFor();
    expect(page.url()).toMatch(/\?search=nowhere$/);
    await page.keyboard.press("Control+A");
    await page.keyboard.type("acme");
    await page.getByRole("link", { name: "Pay" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Pay" }).waitFor();
    await page.keyboard.press("a");
    expect(await page.locator(":focus").textContent()).toBe("Approve");
    await page.keyboard.press("Enter");
    await page.getByText("Thank you. It is recorded.").waitFor();
    await settled(runtime, threadId);
    expect(paid).toEqual([{ amount: 40, to: "ACME" }]);
    expect(alarms).toEqual([]);
  });

  it("a person denies with feedback, and the model reads it", { tags: "F7.5" }, async () => {
    const { visit, path, nextStep, runtime, threadId, paid } = await waiting([PAY, DONE]);
    const { page } = await visit();
    await page.goto(path);
    await page.keyboard.press("d");
    await page.keyboard.type("It was paid on Monday");
    await page.getByRole("button", { name: "Deny with feedback" }).click();
    await page.getByText("denied: “It was paid on Monday”").waitFor();
    await settled(runtime, threadId);
    expect(nextStep.prompts.at(-1)).toContain("It was paid on Monday");
    expect(paid).toEqual([]);
  });

  it("a person edits the arguments, and those run", { tags: "F7.9" }, async () => {
    const { visit, path, runtime, threadId, paid } = await waiting([PAY, DONE]);
    const { page } = await visit();
    await page.goto(path);
    await page.keyboard.press("e");
    await page.getByLabel("Amount").fill("35.5");
    await page.getByRole("button", { name: "Approve with these arguments" }).click();
    await page.getByText("approved with changed arguments").waitFor();
    await settled(runtime, threadId);
    expect(paid).toEqual([{ amount: 35.5, to: "ACME" }]);
  });

  it("a person chooses one of several answers, also without scripts", { tags: "F7.2" }, async () => {
    const question: OfficeStep = {
      intent: "ask_person",
      question: "Which account?",
      context: "Both have enough money.",
      format: "multiple_choice",
      choices: ["Savings", "Everyday <b>account</b>"],
      urgency: "high",
    };
    for (const javaScript of [true, false]) {
      const { visit, path, runtime, threadId, nextStep } = await waiting([question, DONE]);
      const { page } = await visit({ javaScript });
      await page.goto(path);
      await page.getByLabel("Everyday <b>account</b>").check();
      await page.getByRole("button", { name: "Answer" }).click();
      await page.getByText("Thank you. It is recorded.").waitFor();
      await settled(runtime, threadId);
      expect(nextStep.prompts.at(-1)).toContain("Everyday");
    }
  });

  it("a person answers yes or no, and another question in free text", { tags: "F7.2" }, async () => {
    const ask = (format: "yes_no" | "free_text", question: string): OfficeStep => ({
      intent: "ask_person",
      question,
      context: "",
      format,
      choices: [],
      urgency: "medium",
    });
    const { visit, path, runtime, threadId, nextStep } = await waiting([
      ask("yes_no", "Is it urgent?"),
      ask("free_text", "Why?"),
      DONE,
    ]);
    const { page } = await visit();
    await page.goto(path);
    await page.getByLabel("Yes").check();
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Thank you. It is recorded.").waitFor();
    await settled(runtime, threadId);
    await page.goto("/inbox");
    await page.getByRole("link", { name: "Why?" }).click();
    await page.getByLabel("Your answer").fill("The supplier waits.");
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Thank you. It is recorded.").waitFor();
    await settled(runtime, threadId);
    expect(nextStep.prompts.at(-1)).toContain("The supplier waits.");
  });

  it("a card that expired while it was open cannot be approved", { tags: "F7.7" }, async () => {
    const { visit, path, clock, paid } = await waiting([PAY, DONE], { expiresAfter: 300 });
    const { page } = await visit();
    await page.goto(path);
    await page.getByText("5 min left").first().waitFor();
    await clock.advance(301_000);
    const [response] = await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === "POST"),
      page.getByRole("button", { name: "Approve", exact: true }).click(),
    ]);
    expect(response.status()).toBe(410);
    await page.getByRole("heading", { name: "This has expired" }).waitFor();
    expect(paid).toEqual([]);
  });

  it("of two tabs the first decides; the second is told, and nothing runs twice", {
    tags: "F7.10",
  }, async () => {
    const { visit, path, runtime, threadId, paid } = await waiting([PAY, DONE]);
    const [first, second] = [await visit(), await visit({ person: "bob" })];
    await Promise.all([first.page.goto(path), second.page.goto(path)]);
    await Promise.all(
      [first, second].map(({ page }) => page.getByRole("button", { name: "Approve", exact: true }).click()),
    );
    await Promise.all([first, second].map(({ page }) => page.getByText("What happened").waitFor()));
    await settled(runtime, threadId);
    const headings = await Promise.all([first, second].map(({ page }) => page.locator("h1").textContent()));
    expect(headings.sort()).toEqual(["Thank you. It is recorded.", "This has been decided"]);
    expect(paid).toHaveLength(1);
  });

  it("the wrong person sees who may decide and has no button", { tags: "F7.8" }, async () => {
    const { visit, path, paid } = await waiting([PAY, DONE], { approvers: ["web:ada"] });
    const { page } = await visit({ person: "bob" });
    await page.goto(path);
    await page.getByText("You may not decide on this. It waits for web:ada.").waitFor();
    expect(await page.getByRole("button", { name: /Approve|Deny/ }).count()).toBe(0);
    expect(paid).toEqual([]);
  });

  it("a preview shows field by field what would change", { tags: "F7.7" }, async () => {
    const { visit, path } = await waiting([{ intent: "change_price", plan: "Team", price: 35 }, DONE]);
    const { page } = await visit();
    await page.goto(path);
    const row = page.getByRole("row", { name: /Price/ });
    expect(await row.locator("td").allTextContents()).toEqual(["29", "35"]);
    expect(await row.getAttribute("class")).toBe("changed");
    expect(await page.getByRole("row", { name: /Customers/ }).getAttribute("class")).toBe("same");

    // However long the values are, the names of the fields stay on one line.
    const long = await waiting([
      { intent: "change_price", plan: "Team of many ".repeat(60), price: 35 },
      DONE,
    ]);
    const { page: wide } = await long.visit();
    await wide.goto(long.path);
    const name = await wide.getByRole("rowheader", { name: "Customers" }).boundingBox();
    expect(name?.width).toBeGreaterThan(70);
    expect(name?.height).toBeLessThan(50);
  });
});
