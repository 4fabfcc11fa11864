// Takes the pictures of the inbox and of an eval report in docs/images: `npx tsx scripts/screenshots.ts`. Needs Chromium.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineAgent } from "../src/agent/agent.ts";
import { calculator } from "../src/agents/calculator/agent.ts";
import { requestIdOf } from "../src/base/ids.ts";
import { OFFLINE_MODEL_NAME, startOfflineModel } from "../src/model/index.ts";
import { localModel } from "../src/prompts/models/select-model.ts";
import { askHuman, finish, tool } from "../src/steps/steps.ts";
import { fakeClock } from "../src/testing/fake-clock.ts";
import { scriptedSteps } from "../src/testing/scripted-steps.ts";
import { browserIsThere, openBrowser, openPage } from "../test/inbox/browser/browser.ts";
import { ada, listening, testInbox } from "../test/inbox/inbox-server.ts";
import { evalReport } from "./eval-report.ts";

const images = fileURLToPath(new URL("../docs/images/", import.meta.url));

type DemoStep =
  | { intent: "deploy_backend"; tag: string; environment: string; migrate: boolean }
  | { intent: "change_price"; plan: string; monthly_price: number; effective: string }
  | { intent: "create_refund"; order: string; amount: number; currency: string; note: string }
  | { intent: "find_order"; customer: string }
  | { intent: "ask_person"; question: string; context: string; choices: string[] }
  | { intent: "done"; message: string };

function demoAgent(name: string, description: string, script: readonly DemoStep[]) {
  return defineAgent(scriptedSteps<DemoStep>(script), {
    name,
    description,
    steps: {
      deploy_backend: tool(() => "deployed", {
        title: ({ tag, environment }) => `Deploy ${tag} to ${environment}`,
        emphasis: ["environment"],
        approval: {
          approvers: ["web:ada", "web:bob", "web:carol"],
          needed: 2,
          expiresAfter: 2_700,
          because: "it goes to production",
        },
      }),
      change_price: tool(() => "changed", {
        title: ({ plan, monthly_price }) => `${plan}: ${monthly_price} € a month`,
        emphasis: ["monthly_price"],
        approval: { expiresAfter: 86_400, because: "customers are told of every new price" },
        idempotent: true,
        preview: ({ plan, monthly_price }) => ({
          before: { plan, monthly_price: 29, yearly_revenue: "143,376 EUR" },
          after: { plan, monthly_price, yearly_revenue: "173,040 EUR" },
        }),
      }),
      create_refund: tool(() => ({ refund: "re_4182", status: "pending" }), {
        title: ({ order, amount, currency }) => `Refund ${amount} ${currency} · ${order}`,
        emphasis: ["amount"],
        approval: { approvers: ["web:ada", "web:bob"], because: "it is over 50 EUR" },
      }),
      find_order: tool(() => ({ order: "A-20931", total: 129.9, currency: "EUR", delivered: false }), {
        readOnly: true,
      }),
      ask_person: askHuman(({ question, context, choices }) => ({
        question,
        context,
        options: { urgency: "high", format: "multiple_choice", choices },
      })),
      done: finish(({ message }) => message),
    },
  });
}

const PEOPLE = { ada: ["web:ada"], bob: ["web:bob"], carol: ["web:carol"] };

const agents = [
  calculator,
  demoAgent("releases", "Ships what was merged, and asks before production changes.", [
    { intent: "deploy_backend", tag: "v1.42.0", environment: "production", migrate: true },
  ]),
  demoAgent("pricing", "Prepares price changes for people to decide.", [
    { intent: "change_price", plan: "Team", monthly_price: 35, effective: "2026-02-01" },
  ]),
  demoAgent("support", "Answers customers; refunds need a person.", [
    { intent: "find_order", customer: "j.miller@example.com" },
    {
      intent: "create_refund",
      order: "A-20931",
      amount: 129.9,
      currency: "EUR",
      note: "Parcel lost in transit, carrier confirmed on Friday.",
    },
  ]),
  demoAgent("travel", "Books trips within the policy.", [
    {
      intent: "ask_person",
      question: "Which flight should I book for Lena?",
      context: "Both arrive before the workshop starts.\nThe fare of the first one ends in 20 minutes.",
      choices: ["06:55 direct, 214 EUR", "09:10 via Zürich, 148 EUR", "None: she takes the train"],
    },
  ]),
];

async function main(): Promise<void> {
  if (!browserIsThere()) return;
  const model = await startOfflineModel();
  const clock = fakeClock(Date.UTC(2026, 0, 15, 9, 30));
  const { app, runtime } = testInbox(agents, {
    clock,
    people: PEOPLE,
    model: localModel(OFFLINE_MODEL_NAME, model.url),
  });
  const server = await listening(app);
  const browser = await openBrowser();
  const launch = async (agent: string, message: string) => {
    const { threadId } = await runtime.launch({ agent, input: { message, from: ada } });
    return settledOn(threadId);
  };
  // The runtime waits on the fake clock, which only moves when it is told to.
  const settledOn = async (threadId: Parameters<typeof runtime.get>[0]) => {
    for (;;) {
      const { state } = await runtime.get(threadId);
      if (state.status.kind !== "running") return { threadId, state };
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const asked = ({ threadId, state }: Awaited<ReturnType<typeof launch>>) =>
    `/inbox/requests/${requestIdOf(threadId, state.request?.seq ?? 0)}`;

  mkdirSync(images, { recursive: true });
  await launch("pricing", "Raise the Team plan by about 20 % from February");
  await clock.advance(47 * 60_000);
  const sum = await launch("calculator", "multiply 3 and 4, then divide the result by 2 and then add 12");
  await clock.advance(60_000);
  if (sum.state.request?.type === "approval") {
    const { seq, digest } = sum.state.request;
    await runtime.respond(requestIdOf(sum.threadId, seq), { digest, decision: { kind: "approved" } }, ada);
  }
  await settledOn(sum.threadId);
  const deploy = await launch("releases", "v1.42.0 is green on main: ship it");
  await clock.advance(11 * 60_000);
  await launch("support", "Customer writes: my parcel never came, I want my money back");
  await clock.advance(3 * 60_000);
  await launch("travel", "Book a flight to the Vienna workshop for Lena, back on Thursday");
  await clock.advance(40_000);

  const pricing = await runtime.list({ agent: "pricing" });
  const first = pricing.threads[0];
  if (first === undefined) throw new Error("the pricing thread is missing");
  const price = await settledOn(first.threadId);
  const shots = [
    ["inbox", "/inbox", 1080],
    ["request", asked(price), 1080],
    ["thread", `/inbox/threads/${sum.threadId}`, 1080],
    ["phone", asked(deploy), 390],
  ] as const;
  const wanted = process.argv.slice(2);
  for (const colorScheme of ["light", "dark"] as const) {
    for (const [name, path, width] of shots) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const { page, context } = await openPage(browser, server.url, {
        colorScheme,
        width,
        height: width < 500 ? 844 : 760,
      });
      await page.goto(path);
      await page.screenshot({ path: `${images}${name}-${colorScheme}.png`, animations: "disabled" });
      await context.close();
    }
  }
  await browser.close();
  await server.close();
  await runtime.stop();
  await model.close();
}

async function pictureOfEvals(): Promise<void> {
  const page = await evalReport();
  const browser = await openBrowser();
  for (const colorScheme of ["light", "dark"] as const) {
    const sheet = await browser.newPage({ colorScheme, viewport: { width: 1080, height: 560 } });
    await sheet.setContent(page);
    await sheet.screenshot({ path: `${images}evals-${colorScheme}.png` });
  }
  await browser.close();
}

const only = process.argv.slice(2);
if (only.some((name) => name !== "evals") || only.length === 0) await main();
if (browserIsThere() && (only.length === 0 || only.includes("evals"))) await pictureOfEvals();
