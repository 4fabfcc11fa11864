import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineAgent } from "../../../src/agent/agent.ts";
import { systemClock } from "../../../src/base/clock.ts";
import type { ThreadId } from "../../../src/base/ids.ts";
import { serverInbox } from "../../../src/inbox/server-inbox.ts";
import { createRuntime, type Runtime } from "../../../src/runtime/runtime.ts";
import { startServer } from "../../../src/server/start.ts";
import { finish, tool } from "../../../src/steps/steps.ts";
import { scriptedSteps } from "../../../src/testing/scripted-steps.ts";
import { keyFor } from "../../server/serve.ts";
import { temporaryPostgres } from "../../store/postgres.ts";
import { eve, settled } from "../inbox-server.ts";
import { browserIsThere, openBrowser, openPage } from "./browser.ts";

const CARD = "4111 1111 1111 1111";
/** Said before anything shows that it is a password. */
const LATE = "zebra-crossing-77";

type Step = { intent: "look_up"; name: string } | { intent: "done"; message: string };

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds serious on this page, and what reaches out of it. */
async function faultsOf(page: Page): Promise<unknown> {
  await page.evaluate(axeSource);
  return page.evaluate(`axe.run().then(({ violations }) => [
    ...violations.filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => id + ": " + nodes[0].html + nodes[0].failureSummary),
    ...(document.documentElement.scrollWidth > innerWidth ? ["wider than the screen"] : []),
  ])`);
}

describe.runIf(browserIsThere())("the inbox over PostgreSQL", { timeout: 60_000 }, () => {
  const keys = {
    admin: keyFor("admin", ["admin"]),
    opener: keyFor("opener", ["read", "respond", "reveal"]),
  };
  let browser: Browser;
  let runtime: Runtime;
  let threadId: ThreadId;
  let server: Awaited<ReturnType<typeof startServer>>;
  let close: () => Promise<void>;

  beforeAll(async () => {
    browser = await openBrowser();
    const { store, close: closeStore } = await temporaryPostgres();
    const script: Step[] = [
      { intent: "look_up", name: "Zoë" },
      { intent: "done", message: `Order A-1020 was paid with ${CARD}` },
    ];
    const agent = defineAgent(scriptedSteps<Step>([...script, ...script]), {
      name: "payer",
      context: { redact: {} },
      steps: {
        look_up: tool(() => ({ password: LATE, city: "Vienna" }), { readOnly: true }),
        done: finish(({ message }) => message),
      },
    });
    runtime = createRuntime({ agents: [agent], store });
    const log = { info() {}, warn() {}, error() {} };
    server = await startServer({
      runtime,
      port: 0,
      log,
      secret: "s".repeat(40),
      auth: { kind: "keys", keys: Object.values(keys).map(({ configured }) => configured) },
      ...serverInbox({ runtime, clock: systemClock, log }),
    });
    close = async () => {
      await server.close();
      await closeStore();
    };
    const message = `Is ${LATE} the answer? My card is ${CARD}`;
    ({ threadId } = await runtime.launch({ agent: "payer", input: { message, from: eve } }));
    await settled(runtime, threadId);
  });
  afterAll(async () => {
    await browser.close();
    await close();
  });

  async function signedIn(who: keyof typeof keys) {
    const opened = await openPage(browser, server.url);
    await opened.page.goto("/inbox");
    await opened.page.waitForURL(/\/login/);
    await opened.page.getByLabel(/key/i).fill(keys[who].key);
    await opened.page.getByRole("button", { name: "Sign in" }).click();
    await opened.page.getByRole("heading", { name: "Inbox" }).waitFor();
    return opened;
  }

  it("finds words, people and ids while somebody types, and nothing by what is hidden", {
    tags: ["F11.1", "F5.10", "F3.8"],
  }, async () => {
    const { page, context, alarms } = await signedIn("admin");
    await page.getByRole("link", { name: "Threads", exact: true }).click();
    const titles = page.locator("table.threads tbody .row-link");
    for (const [search, found] of [
      ["a-1020 paid", 1],
      ["web:eve vienna", 1],
      [threadId.slice(0, 12), 1],
      ["wine", 0],
      ["zebra-crossing-77", 0],
      ["answer zebra", 0],
      ["4111", 0],
      ["zoe", 1],
    ] as const) {
      // The page that the last search led to may still be loading.
      const focused = page.locator("[name=search]:focus");
      await expect.poll(() => page.keyboard.press("/").then(() => focused.count())).toBe(1);
      await page.keyboard.press("Control+A");
      await page.keyboard.type(search);
      await page.waitForURL((url) => url.searchParams.get("search") === search);
      await expect.poll(() => titles.count(), { message: search }).toBe(found);
      await page.keyboard.press("Escape");
    }
    expect(await page.locator("mark").allTextContents()).toEqual(["Zoë"]);
    const { threads } = await runtime.list({ search: "zebra" });
    expect(threads).toHaveLength(1);
    expect(alarms).toEqual([]);
    await context.close();
  });

  it("shows one hidden value to who may reveal, and says so in the thread; an admin is not offered it", {
    tags: ["F3.8", "S10"],
  }, async () => {
    const admin = await signedIn("admin");
    await admin.page.goto(`/inbox/threads/${threadId}`);
    await admin.page.getByText("[card:1]").first().waitFor();
    expect(await admin.page.getByText("Hidden values").count()).toBe(0);
    expect(await admin.page.content()).not.toMatch(/4111|zebra/);
    await admin.context.close();

    const { page, context, alarms } = await signedIn("opener");
    await page.goto(`/inbox/threads/${threadId}`);
    expect(await page.content()).not.toMatch(/4111|zebra/);
    await page.getByRole("button", { name: "Show [card:1]" }).click();
    expect(await page.locator("#revealed").textContent()).toBe(CARD);
    for (const width of [1180, 390]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await faultsOf(page), `a revealed value at ${width}`).toEqual([]);
    }
    await page.getByRole("link", { name: "Back to the thread" }).click();
    await page.getByText("was shown [card:1]").waitFor();
    expect(await page.content()).not.toMatch(/4111/);
    const looks = (await runtime.get(threadId)).events.filter(({ type }) => type === "secret_revealed");
    expect(looks).toMatchObject([{ data: { placeholder: "[card:1]", by: { id: "opener" } } }]);
    expect(alarms).toEqual([]);
    await context.close();
  });

  it("signing in, and what cannot be found, are readable for everybody on every screen", {
    tags: "F11.1",
  }, async () => {
    const { page, context } = await openPage(browser, server.url);
    for (const path of ["/login", "/nowhere"]) {
      await page.goto(path);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of [1280, 390]) {
          await page.setViewportSize({ width, height: 800 });
          expect(await faultsOf(page), `${path} ${colorScheme} at ${width}`).toEqual([]);
        }
      }
    }
    await context.close();
  });
});
