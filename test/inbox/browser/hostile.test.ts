import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { requestIdOf } from "../../../src/base/ids.ts";
import { verifiedBy } from "../../../src/humans/principal.ts";
import { PAGE_PAYLOADS as PAYLOADS } from "../../hostile-payloads.ts";
import { listening, settled, testInbox } from "../inbox-server.ts";
import { type OfficeStep, officeAgent } from "../office-agent.ts";
import { browserIsThere, openBrowser, openPage } from "./browser.ts";

const ALL = PAYLOADS.join(" ");

const SCRIPT: readonly OfficeStep[] = [
  { intent: "look_up", query: `query ${ALL}` },
  {
    intent: "ask_person",
    question: `question ${ALL}`,
    context: `context ${ALL}`,
    format: "multiple_choice",
    choices: PAYLOADS.map((payload, index) => `choice ${index} ${payload.trim()}`),
    urgency: "high",
  },
  { intent: "pay", amount: 1, to: `to ${ALL}`, memo: "javascript:alert(7)" },
  { intent: "done", message: `message ${ALL}` },
];

describe.runIf(browserIsThere())("hostile text in a browser", { timeout: 60_000 }, () => {
  let browser: Browser;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });

  it("whatever a model, a tool or a user writes is shown as it is and does nothing", {
    tags: "F11.1",
  }, async () => {
    const eve = verifiedBy("web", `eve${ALL.replace(/\s/g, "")}`, `Eve ${ALL}`);
    const office = officeAgent(SCRIPT, {
      lookUp: () => ({ [`key ${ALL}`]: `value ${ALL}`, list: [ALL], link: "javascript:alert(8)" }),
    });
    const { app, runtime } = testInbox([office.agent]);
    open.push({ close: () => runtime.stop() });
    const server = await listening(app);
    open.push(server);
    const { page, context, alarms } = await openPage(browser, server.url);
    open.push({ close: () => context.close() });

    const shows = async (path: string, texts: readonly string[]) => {
      await page.goto(path);
      await page.evaluate("for (const entry of document.querySelectorAll('details')) entry.open = true");
      const shown = await page.locator("body").allInnerTexts();
      const body = shown.join(" ").replace(/\s+/g, " ");
      for (const text of texts) expect(body).toContain(text.replace(/\s+/g, " ").trim());
      const intruders = page.locator(
        "img, [onerror], [onload], [onclick], script:not([src]), a[href^='javascript'], [hx-on\\:click], main [hx-get='/inbox'][hx-trigger='load']",
      );
      expect(await intruders.count()).toBe(0);
      expect(await page.getByRole("button", { name: "Approve" }).count()).toBeLessThanOrEqual(1);
    };

    const launched = await runtime.launch({ agent: "office", input: { message: `goal ${ALL}`, from: eve } });
    const threadPath = `/inbox/threads/${launched.threadId}`;
    let thread = await settled(runtime, launched.threadId);
    const requestPath = () => `/inbox/requests/${requestIdOf(thread.id, thread.state.request?.seq ?? 0)}`;

    await shows("/inbox", ["<script>alert(1)</script>"]);
    await shows(requestPath(), [
      `question ${ALL}`,
      `context ${ALL}`,
      `goal ${ALL}`,
      `choice 1 ${PAYLOADS[1]}`,
    ]);
    // A name is one line, cut where it is longer than names are.
    await shows(threadPath, [`query ${ALL}`, `Eve ${ALL}`.slice(0, 150)]);

    // The open page gets the rest through the stream.
    const answered = runtime.respond(
      requestIdOf(thread.id, thread.state.request?.seq ?? 0),
      { decision: { kind: "answered", text: `choice 1 ${PAYLOADS[1]}` } },
      eve,
    );
    await answered;
    thread = await settled(runtime, thread.id);
    await page.getByText("Approve Pay?").waitFor();
    await shows(requestPath(), [`to ${ALL}`, "javascript:alert(7)"]);
    await shows(`${requestPath()}?edit=1`, []);
    expect(await page.locator('[name="arg.to"]').inputValue()).toBe(`to ${ALL}`);
    const { request } = thread.state;
    if (request?.type !== "approval") throw new Error("no approval is asked");
    await runtime.respond(
      requestIdOf(thread.id, request.seq),
      { digest: request.digest, decision: { kind: "denied", feedback: `feedback ${ALL}` } },
      eve,
    );
    await settled(runtime, thread.id);
    await shows(requestPath(), ["feedback <script>alert(1)</script>"]);
    await shows(threadPath, [`message ${ALL}`, `value ${ALL}`]);
    await shows("/inbox/threads", ["<script>alert(1)</script>"]);
    const step = thread.events.find((event) => event.type === "step_proposed")?.seq;
    await shows(`${threadPath}/steps/${step}`, ["<script>alert(1)</script>"]);
    const search = encodeURIComponent(PAYLOADS[1]);
    await shows(`/inbox/threads?search=${search}&agent=${search}&cursor=${search}`, []);
    await shows(`/inbox?search=${search}`, []);
    await shows(`/inbox/requests/${search}`, [PAYLOADS[1]]);
    expect(alarms).toEqual([]);
  });
});
