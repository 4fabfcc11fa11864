import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { contextBlocks } from "../../src/context/blocks/context-blocks.ts";
import { forgottenNote } from "../../src/context/budget/compaction.ts";
import { planContext } from "../../src/context/budget/plan.ts";
import type { ContextPlan, TokenBudget } from "../../src/context/budget/token-budget.ts";
import { estimateTokens, loadTokenCounter } from "../../src/context/budget/tokens.ts";
import { type AgentContext, type CustomFormat, createContext } from "../../src/context/context.ts";
import { renderBlocks } from "../../src/context/formats/formats.ts";
import { finish } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ThreadEvent } from "../../src/thread/events.ts";
import { propertyRuns } from "../property-runs.ts";
import { anyEvents, eventsOf, failedTool, finishedTool, message, next, proposed } from "./events.ts";
import { runAgent } from "./run-agent.ts";

const countTokens = estimateTokens;

/** Plans and appends until the thread fits, as the loop does. */
async function settle(start: ThreadEvent[], budget: TokenBudget, summarize?: (text: string) => string) {
  let events = start;
  const plans: ContextPlan["kind"][] = [];
  for (let round = 0; round < 60; round += 1) {
    const plan = await planContext(events, budget);
    plans.push(plan.kind);
    if (plan.kind === "ready") return { events, plans };
    const added =
      plan.kind === "compact"
        ? plan.events
        : [plan.event(summarize?.(renderBlocks(plan.blocks)) ?? forgottenNote(plan))];
    for (const event of added) events = next(events, event);
  }
  throw new Error(`does not settle: ${plans.join(" ")}`);
}

function tokensOf(events: readonly ThreadEvent[]): number {
  return countTokens(renderBlocks(contextBlocks(events)));
}

describe("the token budget", () => {
  it("is held whatever the thread holds, with few acts, and each act is an event", {
    tags: "F3.14",
  }, async () => {
    const events = fc.tuple(anyEvents, anyEvents, fc.nat(9000)).map(([some, more, size]) => {
      let all = some;
      for (const event of more.slice(1)) all = next(all, event);
      return next(all, message("y".repeat(size)));
    });
    await fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 1000, max: 2500 }), async (thread, tokens) => {
        const { events: settled, plans } = await settle(thread, { tokens, countTokens }, (text) =>
          text.slice(0, 2000),
        );
        expect(tokensOf(settled)).toBeLessThanOrEqual(tokens);
        expect(plans.length).toBeLessThan(12);
        expect(settled.slice(0, thread.length)).toEqual(thread);
        expect(new Set(settled.slice(thread.length).map(({ type }) => type)).size).toBeLessThan(2);
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it("a thread that fits by its bytes is ready without a tokenizer", { tags: "F3.14" }, async () => {
    const counted: string[] = [];
    const budget = { tokens: 1000, countTokens: (text: string) => counted.push(text) };
    expect(await planContext(eventsOf(message("x".repeat(900))), budget)).toEqual({
      kind: "ready",
      tokens: null,
    });
    expect(counted).toEqual([]);
  });

  it("first, resolved errors become one line", { tags: ["F3.7", "F9.6"] }, async () => {
    const events = eventsOf(
      message("divide"),
      proposed(3, { intent: "divide", a: 1, b: 0 }),
      failedTool(3, `division by zero ${"z".repeat(2100)}`),
      proposed(5, { intent: "divide", a: 2, b: 0 }),
      failedTool(5, "division by zero"),
      proposed(7, { intent: "divide", a: 2, b: 1 }),
      finishedTool(7, 2),
      message("thanks"),
    );
    const { events: settled } = await settle(events, { tokens: 1000, keepRecent: 2, countTokens });
    expect(settled.at(-1)).toMatchObject({
      type: "context_compacted",
      data: { from: 3, to: 6, method: "fold_errors" },
    });
    const folded = contextBlocks(settled).find(({ tag }) => tag === "folded_errors");
    expect(folded?.body).toMatch(/^divide failed 2 times before it succeeded \(division by zero/);
    expect(contextBlocks(settled).map(({ tag }) => tag)).toEqual([
      "message_received",
      "folded_errors",
      "divide",
      "divide_result",
      "message_received",
    ]);
  });

  it("an error that is not resolved stays", { tags: "F3.7" }, async () => {
    const events = eventsOf(
      message("go"),
      proposed(3, { intent: "pay", to: "bob" }),
      failedTool(3, "no money"),
      message("x".repeat(1900)),
      message("and now?"),
    );
    const { events: settled } = await settle(events, { tokens: 1000, keepRecent: 1, countTokens });
    expect(contextBlocks(settled).map(({ tag }) => tag)).toContain("pay_error");
  });

  it("then large results are cut to head, tail and a pointer to the whole", { tags: "F3.14" }, async () => {
    const list = Array.from({ length: 300 }, (_, index) => ({ id: index, name: `customer ${index}` }));
    const events = eventsOf(
      message("list them"),
      proposed(3, { intent: "list_customers" }),
      finishedTool(3, list),
      message("how many?"),
    );
    const { events: settled, plans } = await settle(events, { tokens: 1000, keepRecent: 1, countTokens });
    expect(plans).toEqual(["compact", "ready"]);
    const body = String(contextBlocks(settled)[2]?.body);
    expect(body).toMatch(/^- id: 0\n/);
    expect(body).toMatch(/\n\[… \d+ characters left out; the whole is event 4 …\]\n/);
    expect(body).toMatch(/customer 299$/);
    // What is stored is not what is sent: the whole result is still there.
    expect(settled[3]).toMatchObject({ data: { result: list } });
  });

  it("then lookups that were made again are dropped", { tags: "F3.14" }, async () => {
    const look = { intent: "get_stock", item: "bolt" };
    const events = eventsOf(
      message("watch the stock"),
      proposed(3, look),
      finishedTool(3, `old ${"x".repeat(1700)}`),
      proposed(5, { intent: "get_stock", item: "nut" }),
      finishedTool(5, "nuts"),
      proposed(7, look),
      finishedTool(7, `new ${"x".repeat(100)}`),
      message("and now?"),
    );
    const budget = { tokens: 1000, largeResult: 900, keepRecent: 2, lookups: ["get_stock"], countTokens };
    const { events: settled } = await settle(events, budget);
    expect(settled.at(-1)).toMatchObject({ data: { from: 3, to: 4, method: "drop_superseded" } });
    expect(
      contextBlocks(settled)
        .map(({ body }) => JSON.stringify(body))
        .join(),
    ).not.toContain("old ");
    expect(contextBlocks(settled)).toHaveLength(6);
  });

  it("at last an old range is summarised: not the opening, not the latest, never a step without its outcome", {
    tags: "F3.14",
  }, async () => {
    const events = eventsOf(
      message("the goal"),
      ...[3, 5, 7, 9].flatMap((seq) => [
        proposed(seq, { intent: "note", text: `${seq}!`.repeat(250) }),
        finishedTool(seq, "ok"),
      ]),
    );
    const asked: string[] = [];
    const { events: settled } = await settle(events, { tokens: 1000, keepRecent: 2, countTokens }, (text) => {
      asked.push(text);
      return "took some notes";
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]).not.toContain("the goal");
    expect(contextBlocks(settled)).toEqual([
      { tag: "message_received", body: "the goal" },
      { tag: "summary", body: "took some notes" },
      { tag: "note", body: { text: "9!".repeat(250) } },
      { tag: "note_result", body: "ok" },
    ]);
    expect(settled.at(-1)).toMatchObject({ data: { from: 3, to: 8, method: "summarize" } });
  });

  it("a range ends before a step whose outcome stays", { tags: "F3.14" }, async () => {
    const events = eventsOf(
      message("the goal"),
      ...[3, 5, 7, 9].flatMap((seq) => [
        proposed(seq, { intent: "note", text: `${seq}!`.repeat(250) }),
        finishedTool(seq, "ok"),
      ]),
    );
    // Three blocks from the end stands the outcome of step 7, so step 7 stays with it.
    const { events: settled } = await settle(
      events,
      { tokens: 1000, keepRecent: 3, countTokens },
      () => "notes",
    );
    expect(settled.at(-1)).toMatchObject({ data: { from: 3, to: 6, method: "summarize" } });
    expect(contextBlocks(settled).map(({ tag }) => tag)).toEqual([
      "message_received",
      "summary",
      "note",
      "note_result",
      "note",
      "note_result",
    ]);
  });

  it("a summary that is too long is cut", { tags: "F3.14" }, async () => {
    const events = eventsOf(
      ...Array.from({ length: 20 }, (_, index) => message(`${index} ${"x".repeat(400)}`)),
    );
    const { events: settled } = await settle(events, { tokens: 1000, countTokens }, () =>
      "long ".repeat(5000),
    );
    expect(tokensOf(settled)).toBeLessThanOrEqual(1000);
  });

  it("with the policy of forgetting, as little as it takes is left out, with a note", {
    tags: "F3.14",
  }, async () => {
    const events = eventsOf(
      ...Array.from({ length: 20 }, (_, index) => message(`${index} ${"x".repeat(400)}`)),
    );
    const budget: TokenBudget = { tokens: 2000, policies: ["forget"], keepRecent: 2, countTokens };
    const { events: settled, plans } = await settle(events, budget);
    expect(plans).not.toContain("summarize");
    expect(contextBlocks(settled)[1]?.body).toBe("[events 3 to 16 are left out]");
    expect(contextBlocks(settled)).toHaveLength(7);
  });

  it("the plan follows from the events: replaying them gives the same text", { tags: "F12.3" }, async () => {
    const events = eventsOf(
      ...Array.from({ length: 30 }, (_, index) => message(`${index} ${"x".repeat(300)}`)),
    );
    const one = await settle(events, { tokens: 1000, countTokens });
    const other = await settle(structuredClone(events), { tokens: 1000, countTokens });
    expect(other.events).toEqual(one.events);
    expect(renderBlocks(contextBlocks(JSON.parse(JSON.stringify(one.events))))).toBe(
      renderBlocks(contextBlocks(other.events)),
    );
  });

  it("a budget that cannot be held is refused", { tags: "F3.14" }, async () => {
    for (const tokens of [999, Number.NaN, -1]) {
      await expect(planContext(eventsOf(), { tokens })).rejects.toThrow("at least 1000");
    }
  });

  it("the tokenizer counts any text in reasonable time", { tags: "F3.9" }, async () => {
    const count = await loadTokenCounter();
    expect(count("hello world")).toBe(2);
    expect(count("a <|endoftext|> b")).toBeGreaterThan(4);
    for (const text of [
      " ".repeat(100_000),
      "\n".repeat(100_000),
      "中".repeat(20_000),
      "\ud800".repeat(1000),
    ]) {
      expect(count(text)).toBeGreaterThan(0);
    }
    const english = "The quick brown fox jumps over the lazy dog. ".repeat(500);
    expect(count(english) / count(english.slice(0, 1000))).toBeCloseTo(english.length / 1000, 0);
  });
});

/** Plans with an agent's context and appends until the thread is ready. */
async function ready(context: AgentContext, start: ThreadEvent[]): Promise<ThreadEvent[]> {
  let events = start;
  for (let round = 0; round < 60; round += 1) {
    const plan = await context.plan(events);
    if (plan.kind === "ready") return events;
    const added = plan.kind === "compact" ? plan.events : [plan.event(forgottenNote(plan))];
    for (const event of added) events = next(events, event);
  }
  throw new Error("does not settle");
}

const QUOTES = eventsOf(
  message("the goal"),
  ...Array.from({ length: 40 }, (_, index) => [
    proposed(3 + 2 * index, { intent: "note", text: '"'.repeat(160) }),
    finishedTool(3 + 2 * index, "ok"),
  ]).flat(),
);

describe("the token budget of what is really sent", () => {
  it("is held for chat messages, which quote what the text shows as it is", {
    tags: ["F3.14", "F3.4"],
  }, async () => {
    for (const tokens of [1000, 2000, 4000]) {
      const context = createContext({ format: "messages", budget: { tokens, countTokens } });
      const sent = context.messages(await ready(context, QUOTES));
      expect(countTokens(sent.map(({ content }) => content).join("\n"))).toBeLessThanOrEqual(tokens);
      expect(sent.length).toBeGreaterThan(1);
    }
  });

  it("is held for formats of the agent's own, also for verbose ones", {
    tags: ["F3.14", "F3.4"],
  }, async () => {
    const events = fc.tuple(anyEvents, fc.integer({ min: 1, max: 150 }));
    await fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 1000, max: 3000 }), async ([some, words], tokens) => {
        const format: CustomFormat = (blocks) =>
          blocks.map(({ tag, body }) => `${"w ".repeat(words)}${tag}: ${JSON.stringify(body)}`).join("\n");
        const context = createContext({ format, budget: { tokens, countTokens } });
        const text = context.render(await ready(context, next(some, message("x".repeat(words * 20)))));
        expect(countTokens(text)).toBeLessThanOrEqual(tokens);
      }),
      { numRuns: propertyRuns(60) },
    );
  });

  it("nothing is sent where a format does not read what is left out: a person is asked", {
    tags: "F3.14",
  }, async () => {
    const nextStep = scriptedSteps<{ intent: "done" }>([{ intent: "done" }]);
    const agent = defineAgent(nextStep, {
      name: "verbose",
      context: {
        format: (_, events) => events.map((event) => JSON.stringify(event).repeat(20)).join("\n"),
        budget: { tokens: 1000, countTokens },
      },
      steps: { done: finish(() => "done") },
    });
    const { thread } = await runAgent(agent);
    expect(nextStep.prompts).toEqual([]);
    expect(thread.state.request).toMatchObject({
      kind: "provider",
      question: expect.stringMatching(/^the thread has \d+ tokens in the agent's own format/),
    });
  });
});
