import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve as listen, type ServerType } from "@hono/node-server";
import { Hono } from "hono";
import type { Browser, Page } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineAgent, type NextStepFunction } from "../../src/agent/agent.ts";
import { agUi, aiSdkUi } from "../../src/protocols/index.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createServer } from "../../src/server/app.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { browserIsThere, openBrowser } from "../inbox/browser/browser.ts";
import { keyFor } from "../server/serve.ts";
import { keepPackages } from "./kept-packages.ts";
import { root } from "./packed.ts";

/** The clients as they are published, kept in `node_modules` between runs. */
const CLIENTS = {
  "@ag-ui/client": "1.0.0",
  "@ai-sdk/react": "4.0.177",
  ai: "7.0.173",
  react: "19.3.1",
  "react-dom": "19.3.1",
};
let folder = "";

/** An example page in one file, as a browser takes it. */
async function bundle(page: string): Promise<string> {
  const input = join(folder, page);
  writeFileSync(input, readFileSync(join(root, "examples", "pages", page)));
  const built = await rolldown({
    input,
    platform: "browser",
    transform: { jsx: "react-jsx", define: { "process.env.NODE_ENV": '"production"' } },
    logLevel: "silent",
  });
  const { output } = await built.generate({ format: "es", codeSplitting: false });
  await built.close();
  return output[0].code;
}

type PayStep =
  | { intent: "pay"; amount: number; note: string }
  | { intent: "add"; a: number; b: number }
  | { intent: "ask"; question: string }
  | { intent: "done"; message: string };

const HOSTILE = '<img src=x onerror="document.title=1"></script>\u202e';
const SCRIPT: readonly PayStep[] = [
  { intent: "add", a: 1, b: 2 },
  { intent: "pay", amount: 41, note: HOSTILE },
  { intent: "pay", amount: 42, note: "rent" },
  { intent: "ask", question: "Anything else?" },
  { intent: "done", message: `paid ${HOSTILE}` },
];

describe.runIf(browserIsThere())("chat pages with the protocols' own clients", { tags: "E5" }, () => {
  let browser: Browser;
  let server: ServerType;
  let url = "";
  const { key, configured } = keyFor("ada");
  /** The agent `slow` ends its answer to a message once its beginning was seen. */
  const released = new Set<string>();
  const ran: Record<string, number[]> = { ag: [], ai: [] };
  const runtimes: Runtime[] = [];

  beforeAll(async () => {
    folder = keepPackages("chat-pages", CLIENTS);
    browser = await openBrowser();
    const agents = ["ag", "ai"].map((name) =>
      defineAgent(scriptedSteps<PayStep>(SCRIPT), {
        name,
        steps: {
          pay: tool(({ amount }) => ran[name]?.push(amount), { approval: "always" }),
          add: tool(({ a, b }) => a + b, { readOnly: true }),
          ask: askHuman(({ question }) => question),
          done: finish(({ message }) => message),
        },
      }),
    );
    const nearly = { intent: "done", message: "It is nearly done." } as const;
    const script = scriptedSteps<PayStep>([nearly, nearly]);
    const slow: NextStepFunction<[thread: string], PayStep> = {
      ...script,
      async call(args, options) {
        while (!Array.from(released).some((said) => args[0].includes(said))) {
          options?.onPartial?.({ intent: "done", message: "It is nearly d" });
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return script.call(args, options);
      },
    };
    agents.push(
      defineAgent(slow, {
        name: "slow",
        steps: {
          pay: tool(() => 0, { approval: "always" }),
          add: tool(({ a, b }) => a + b, { readOnly: true }),
          ask: askHuman(({ question }) => question),
          done: finish(({ message }) => message),
        },
      }),
    );
    const runtime = createRuntime({ agents, store: createMemoryStore() });
    runtimes.push(runtime);
    const { app } = createServer({
      runtime,
      auth: { kind: "keys", keys: [configured] },
      protocols: [agUi({ runtime }), aiSdkUi({ runtime })],
      log: { info() {}, warn() {}, error() {} },
    });
    const site = new Hono();
    for (const page of ["ag-ui.js", "ai-sdk-ui.jsx"]) {
      const code = await bundle(page);
      const html = `<!doctype html><meta charset="utf-8"><div id="chat"></div>
        <form id="say"><input aria-label="Message"><button>Send</button></form>
        <script type="module" src="/${page}.code.js"></script>`;
      site.get(`/${page}`, (c) =>
        c.html(page === "ag-ui.js" ? html : html.replace(/<form[\s\S]*<\/form>/, "")),
      );
      site.get(`/${page}.code.js`, (c) => c.body(code, 200, { "content-type": "text/javascript" }));
    }
    site.all("*", (c) => app.fetch(c.req.raw, c.env));
    url = await new Promise((resolve) => {
      server = listen({ fetch: site.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}`),
      );
    });
  });

  afterAll(async () => {
    await browser.close();
    server.close();
    for (const runtime of runtimes) await runtime.stop();
  });

  async function open(
    page: string,
    agent: string,
  ): Promise<{ readonly page: Page; readonly problems: string[] }> {
    const opened = await browser.newPage();
    const problems: string[] = [];
    opened.on("pageerror", (error) => problems.push(error.message));
    await opened.goto(`${url}/${page}#agent=${agent}&key=${encodeURIComponent(key)}`);
    return { page: opened, problems };
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel("Message").fill(text);
    await page.getByRole("button", { name: "Send" }).click();
  }

  it("`useChat`: denies, reloads, approves, answers; hostile text stays text", async () => {
    const { page, problems } = await open("ai-sdk-ui.jsx", "ai");
    await say(page, "pay the rent");
    await page.locator(".approval pre", { hasText: "amount: 41" }).waitFor();
    expect(await page.locator(".approval pre").textContent()).toContain("[U+202E]");
    expect(await page.locator(".tool", { hasText: "add: output-available 3" }).count()).toBe(1);
    await page.getByRole("button", { name: "Deny" }).click();
    await page.locator(".approval pre", { hasText: "amount: 42" }).waitFor();
    expect(ran["ai"]).toEqual([]);
    // The page is gone and comes again: the turn is taken up from its beginning.
    await page.reload();
    await page.locator(".approval pre", { hasText: "amount: 42" }).waitFor();
    expect(await page.locator(".approval").count()).toBe(1);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Anything else?").waitFor();
    expect(ran["ai"]).toEqual([42]);
    await say(page, "no");
    await page.getByText("paid <img").waitFor();
    expect(await page.title()).not.toBe("1");
    expect(problems).toEqual([]);
    await page.close();
  });

  it("`useChat`: the words of an answer are shown while the model writes them", async () => {
    const { page, problems } = await open("ai-sdk-ui.jsx", "slow");
    await say(page, "how far is it?");
    await page.locator("section.assistant p", { hasText: /^It is nearly $/ }).waitFor();
    released.add("how far is it?");
    await page.locator("section.assistant p", { hasText: /^It is nearly done\.$/ }).waitFor();
    expect(await page.locator("section.assistant p").count()).toBe(1);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("`@ag-ui/client`: the words of an answer are shown while the model writes them", async () => {
    const { page, problems } = await open("ag-ui.js", "slow");
    await say(page, "how far is that?");
    await page.locator("pre.text", { hasText: /^It is nearly $/ }).waitFor();
    released.add("how far is that?");
    await page.locator("pre.text", { hasText: /^It is nearly done\.$/ }).waitFor();
    expect(await page.locator("pre.text").count()).toBe(1);
    expect(await page.locator("pre.error").count()).toBe(0);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("`@ag-ui/client`: denies, approves, answers; hostile text stays text", async () => {
    const { page, problems } = await open("ag-ui.js", "ag");
    await say(page, "pay the rent");
    await page.locator("pre.approval", { hasText: "amount: 41" }).waitFor();
    await page.getByRole("button", { name: "Deny" }).click();
    await page.locator("pre.approval", { hasText: "amount: 42" }).waitFor();
    expect(ran["ag"]).toEqual([]);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.locator("pre.text", { hasText: "Anything else?" }).waitFor();
    expect(ran["ag"]).toEqual([42]);
    await page.getByLabel("Answer").fill("no");
    await page.getByRole("button", { name: "Reply" }).click();
    await page.locator("pre.text", { hasText: "paid <img" }).waitFor();
    expect(await page.locator("pre.error").count()).toBe(0);
    expect(await page.title()).not.toBe("1");
    expect(problems).toEqual([]);
    await page.close();
  });
});
