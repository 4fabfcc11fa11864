import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestIdOf, type ThreadId } from "../../../src/base/ids.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { eve, listening, settled, testInbox } from "../inbox-server.ts";
import { REFUND, SHOP_PEOPLE, type ShopStep, shopAgent } from "../shop.ts";
import { browserIsThere, openBrowser, openPage } from "./browser.ts";

/** Twenty-seven steps: long runs of look-ups, two failures, a refund that needs two people. */
const LONG: readonly ShopStep[] = [
  ...Array.from({ length: 14 }, (_, n): ShopStep => ({ intent: "look_up_order", order: `A-10${n + 10}` })),
  ...Array.from({ length: 5 }, (_, n): ShopStep => ({ intent: "check_stock", sku: `SKU-${n}` })),
  ...["X-1", "X-2"].map((order): ShopStep => ({ intent: "look_up_order", order })),
  { ...REFUND, amount: 45 },
  ...Array.from({ length: 4 }, (_, n): ShopStep => ({ intent: "check_stock", sku: `B-${n}` })),
  REFUND,
  { intent: "done", message: "All refunded." },
];
const MAIL = {
  subject: "My parcel never came",
  from: "jonathan.miller-with-a-very-long-address@a-company-with-a-long-name.example",
  body: "I ordered three weeks ago.\nPlease give me my money back.",
};

/** Words of at most twelve letters that stand on more than one line: a column became too narrow for them. */
const BROKEN_WORDS = `(() => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const broken = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest("svg, pre, .gist, .visually-hidden, option") !== null) continue;
    for (const { 0: word, index } of node.data.matchAll(/\\S+/g)) {
      if (word.length > 12) continue;
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom))).size > 1) broken.push(word);
    }
  }
  return broken;
})()`;

describe.runIf(browserIsThere())("a long thread and a phone", { timeout: 60_000 }, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof listening>>;
  let runtime: Runtime;
  let threadId: ThreadId;
  let request: string;

  beforeAll(async () => {
    browser = await openBrowser();
    const long = shopAgent(LONG, {
      lookUp: (order) => {
        if (order.startsWith("X")) throw new Error(`no order ${order} in the books`);
        return { order, customer: { name: "J. Miller", mail: MAIL.from } };
      },
    });
    const stuck = shopAgent(
      ["A-1", "A-2", "A-3"].map((order): ShopStep => ({ intent: "look_up_order", order })),
      {
        name: "stuck",
        lookUp: () => {
          throw new Error("the order service answered 503");
        },
      },
    );
    const asks = shopAgent([{ intent: "ask_manager", question: "May they keep it?", to: ["*:*"] }], {
      name: "asks",
    });
    const made = testInbox([long.agent, stuck.agent, asks.agent], { people: SHOP_PEOPLE });
    ({ runtime } = made);
    server = await listening(made.app);
    const event = { name: "mail", source: "webhook:mail", payload: MAIL };
    ({ threadId } = await runtime.launch({ agent: "shop", input: { event, from: eve } }));
    const { state } = await settled(runtime, threadId);
    request = `/inbox/requests/${requestIdOf(threadId, state.request?.seq ?? 0)}`;
    for (const agent of ["stuck", "asks"]) {
      const other = await runtime.launch({ agent, input: { message: "Help them", from: eve } });
      await settled(runtime, other.threadId);
    }
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await runtime.stop();
  });

  const settledThread = () => `/inbox/threads/${threadId}`;

  it("of 27 steps fits on a screen or two: equal steps fold, a line each opens, and links jump", {
    tags: ["F0.3", "F6.2"],
  }, async () => {
    const { page, context, alarms } = await openPage(browser, server.url, { width: 1280, height: 900 });
    await page.goto(settledThread());
    const zones = await page.getByText(/^\s*Times in/).allInnerTexts();
    expect(zones).toEqual([expect.stringMatching(/^Times in (UTC|[A-Z]{3,4}|GMT[+-]\d+)$/)]);
    const height = await page.evaluate("document.documentElement.scrollHeight");
    expect(height).toBeLessThan(1_500);
    await page.getByRole("heading", { name: "Look up order ×14" }).click();
    const inside = page.locator("details.run[open] details.entry");
    expect(await inside.count()).toBe(14);
    await inside.nth(3).locator("> summary").click();
    await page.getByText("A-1013").last().waitFor();
    await page.getByRole("link", { name: "First error" }).click();
    expect(page.url()).toMatch(/#entry-\d+$/);
    await page.getByText("no order X-1 in the books").first().waitFor();
    // The path leads to each step, also into a run that is closed.
    await page.reload();
    await page.locator("svg.thread-graph a", { hasText: "Check stock" }).click();
    await page.locator("details.run[open]", { hasText: "Check stock ×5" }).waitFor();
    await page.getByLabel("Show").selectOption("errors");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByText("no order X-2 in the books").first().waitFor();
    expect(await page.locator("#timeline > li").count()).toBe(2);
    await page.goto(`${settledThread()}?search=sku-3`);
    expect(await page.locator("#timeline > li").count()).toBe(1);
    expect(alarms).toEqual([]);
    await context.close();
  });

  it("no page is wider than a phone or a laptop, and nothing on it overflows", { tags: "E9" }, async () => {
    const { threads } = await runtime.list({ pending: true });
    const paths = threads.flatMap(({ threadId: id, pendingRequest }) => [
      `/inbox/threads/${id}`,
      ...(pendingRequest === null ? [] : [`/inbox/requests/${requestIdOf(id, pendingRequest)}`]),
    ]);
    for (const [width, colorScheme] of [
      [390, "light"],
      [1280, "dark"],
    ] as const) {
      const { page, context } = await openPage(browser, server.url, { width, colorScheme });
      for (const path of [
        "/inbox",
        "/inbox/threads",
        "/inbox/figures",
        "/inbox/agents/shop",
        `${request}?edit=1`,
        ...paths,
      ]) {
        await page.goto(path);
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
        const found = await page.evaluate(`(() => {
          const wide = [...document.querySelectorAll("main *")].filter((one) => {
            const { right, left, width } = one.getBoundingClientRect();
            const hidden = getComputedStyle(one).clipPath !== "none" || one.closest("svg, .gist, .scroll, pre");
            return width > 0 && !hidden && (right > innerWidth + 1 || left < -1);
          });
          return [document.documentElement.scrollWidth, ...wide.map((one) => one.outerHTML.slice(0, 80))];
        })()`);
        expect(found, `${path} at ${width}`).toEqual([width]);
        expect(await page.evaluate(BROKEN_WORDS), `${path} at ${width}`).toEqual([]);
      }
      await context.close();
    }
  });

  it("on a phone the decision stays within reach of a thumb, and a mail address keeps its words together", {
    tags: "E9",
  }, async () => {
    const { page, context } = await openPage(browser, server.url, { width: 390, height: 844 });
    await page.goto(request);
    for (const scroll of [0, 700]) {
      await page.mouse.wheel(0, scroll);
      const box = await page.getByRole("button", { name: "Approve", exact: true }).boundingBox();
      expect(box?.y).toBeGreaterThan(700);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(844);
    }
    const address = page.getByText(MAIL.from);
    const height = (await address.boundingBox())?.height ?? 0;
    expect(height).toBeLessThan(90);
    await page.getByRole("link", { name: "Deny …" }).click();
    expect(await page.locator("#deny").evaluate((field) => field.getBoundingClientRect().top)).toBeLessThan(
      760,
    );
    await context.close();
  });

  it("keeps what is open while more comes, and shows no entry twice", { tags: "F6.2" }, async () => {
    const { page, context } = await openPage(browser, server.url, { width: 1280 });
    await page.goto(settledThread());
    await page.getByRole("heading", { name: "Look up order ×14" }).click();
    await runtime.message(threadId, "Any news?", eve);
    await page.getByRole("heading", { name: "Eve", exact: true }).waitFor();
    await page.locator("details.run[open]").waitFor();
    const ids = await page.locator("[id]").evaluateAll((all) => all.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    await context.close();
  });
});
