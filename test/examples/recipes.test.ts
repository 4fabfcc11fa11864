import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { chainAgents, writeReport } from "../../examples/chain.ts";
import { improve, improvingAgents } from "../../examples/improve.ts";
import { orchestraAgents, orchestrate, type PlanStep } from "../../examples/orchestrate.ts";
import { takeTurn } from "../../examples/own-loop.ts";
import { createRouter, routeRequest } from "../../examples/route.ts";
import { answerFrom, sectionAgents } from "../../examples/sections.ts";
import { handBack, takeOver } from "../../examples/take-over.ts";
import { createVoter, vote } from "../../examples/vote.ts";
import {
  askHuman,
  defineAgent,
  finish,
  randomThreadId,
  requestIdOf,
  responseEvent,
  said,
  type Thread,
  tool,
} from "../../src/index.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { asUserWrites } from "../docs/shown-code.ts";
import { familyMember } from "../runtime/family-agents.ts";
import { ada, approvalOf, bob, eventsOf, testRuntime, typesOf } from "../runtime/harness.ts";
import { answering, killEverywhere } from "./kills.ts";

const folder = mkdtempSync(join(tmpdir(), "twelvefold-recipes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("recipes", { tags: "F10.5" }, () => {
  it("each has fewer than 40 lines", () => {
    const examples = join(import.meta.dirname, "../../examples");
    const others = ["oidc-sign-in.ts", "in-your-product.ts", "pages"];
    const recipes = readdirSync(examples).filter((name) => !others.includes(name));
    expect(recipes.length).toBe(10);
    for (const name of recipes)
      expect(readFileSync(join(examples, name), "utf8").trimEnd().split("\n").length, name).toBeLessThan(40);
  });

  it("the page shows them as they are", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/recipes.md"), "utf8");
    const shown = Array.from(page.matchAll(/<!-- file: (\S+) -->\n```ts\n(.*?)```/gs));
    expect(shown.length).toBe(8);
    for (const [, path = "", code] of shown) expect(code).toBe(asUserWrites(path));
  });

  it("chaining: nothing passes the gate that code does not let through, and nothing is asked twice", async () => {
    const outline = answering(() => ({ intent: "outline" as const, points: ["tea", "cups"] }));
    const text = answering((prompt) => ({
      intent: "text" as const,
      text: String(prompt.includes("- cups")),
    }));
    const agents = chainAgents(outline, text);
    const results = await killEverywhere(Object.values(agents), (runtime) =>
      writeReport(agents, "breakfast", { runtime, id: "r1" }),
    );
    expect(results.length).toBeGreaterThan(5);
    for (const result of results) expect(result).toEqual({ text: "true" });
    expect([outline.prompts.length, text.prompts.length]).toEqual([results.length, results.length]);
    const poor = chainAgents(
      answering(() => ({ intent: "outline", points: ["tea"] })),
      scriptedSteps([]),
    );
    const [stopped] = await killEverywhere(Object.values(poor), (runtime) =>
      writeReport(poor, "breakfast", { runtime, id: "r2" }),
    );
    expect(stopped).toEqual({ problem: "2 to 7 points are wanted, these are 1" });
  });

  it("routing: the request reaches the agent that was chosen, and what fits none of them a person", async () => {
    const router = createRouter(
      answering((prompt) => ({ intent: "route", to: prompt.includes("refund") ? "billing" : "sales" })),
    );
    const expert = (name: string) =>
      defineAgent(
        answering(() => ({ intent: "reply" as const, text: `${name} here` })),
        { name, steps: { reply: finish(({ text }) => text) } },
      );
    const experts = [expert("billing"), expert("technical")];
    const ask = (text: string) =>
      killEverywhere([router, ...experts], (runtime) =>
        routeRequest(router, experts, text, { runtime, id: "m1" }),
      );
    for (const result of await ask("a refund"))
      expect(result).toEqual({ by: "billing", result: "billing here" });
    for (const result of await ask("a quote")) expect(result).toBeNull();
  });

  it("sections: 20 documents are read at once, and a citation that stands in none of them is refused", async () => {
    const names = Array.from({ length: 20 }, (_, n) => `page-${n}.md`);
    for (const [n, name] of names.entries())
      writeFileSync(join(folder, name), `Page ${n}. The key to room ${n} is number ${n * 7}.\n`);
    const documents = new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
    const read = answering((prompt) => ({
      intent: "notes" as const,
      quotes: [/The key to room \d+ is number \d+/.exec(prompt)?.[0] ?? ""],
    }));
    const quote = (number: number) => ({
      document: "page-3.md",
      quote: `The key to room 3 is number ${number}`,
    });
    const write = answering((prompt) => ({
      intent: "answer" as const,
      text: "It is on page 3.",
      // Invents one first.
      citations: [quote(prompt.includes("is not in page-3.md") ? 21 : 99)],
    }));
    const agents = sectionAgents(read, write, documents);
    const results = await killEverywhere(
      Object.values(agents),
      (runtime) => answerFrom(agents, "Which key opens room 3?", { documents, runtime, id: "q1" }),
      { every: 13 },
    );
    expect(results.length).toBeGreaterThan(4);
    for (const result of results)
      expect(result).toEqual({ text: "It is on page 3.", citations: [quote(21)] });
    expect(read.most()).toBeGreaterThan(8);
    expect(write.prompts[0]).toContain('<event_received untrusted="documents">');
  });

  it("voting: more than half decide, and without a majority a person must look", async () => {
    let turn = 0;
    const voter = (choices: readonly string[]) =>
      createVoter(
        answering(() => ({
          intent: "vote",
          reasoning: "",
          choice: choices[turn++ % choices.length] ?? "",
        })),
      );
    const spam = voter(["spam", "spam", "spam", "ham"]);
    for (const result of await killEverywhere([spam], (runtime) =>
      vote(spam, "Win a prize", { runtime, id: "v1", voters: 5 }),
    ))
      expect(result).toBe("spam");
    const torn = voter(["a", "b", "c"]);
    turn = 0;
    const [first] = await killEverywhere([torn], (runtime) => vote(torn, "?", { runtime, id: "v2" }));
    expect(first).toBeNull();
  });

  it("orchestrator and workers: tasks are done below at the same time, and their results come together", async () => {
    const assign = (task: string): PlanStep => ({ intent: "assign", task });
    const plan = answering<PlanStep>((prompt) => {
      const results = prompt.match(/did \w+/g) ?? [];
      return results.length === 0
        ? { steps: [assign("walls"), assign("roof")] }
        : { intent: "report", text: results.sort().join(", ") };
    });
    const work = answering((prompt) => ({
      intent: "result" as const,
      text: `did ${/walls|roof/.exec(prompt)?.[0]}`,
    }));
    const agents = orchestraAgents(plan, work);
    const results = await killEverywhere(Object.values(agents), (runtime) =>
      orchestrate(agents, "a house", { runtime, id: "o1" }),
    );
    for (const result of results) expect(result).toBe("did roof, did walls");
    expect(work.most()).toBe(2);
    // At most the call that was under way in the other thread is made again.
    expect(work.prompts.length).toBeLessThanOrEqual(3 * results.length);
  });

  it("evaluator and optimiser: the advice reaches the author, and the rounds are limited", async () => {
    const author = answering((prompt) => ({
      intent: "draft" as const,
      text: prompt.includes("shorter") ? "tea" : "a long tale of tea",
    }));
    const critic = (enough: RegExp) =>
      answering((prompt) => ({
        intent: "judge" as const,
        reasoning: "",
        good: enough.test(prompt),
        advice: "shorter",
      }));
    const run = async (enough: RegExp) => {
      const agents = improvingAgents(author, critic(enough));
      return killEverywhere(Object.values(agents), (runtime) =>
        improve(agents, "write about tea", { runtime, id: "i1" }),
      );
    };
    for (const result of await run(/text: tea\n/))
      expect(result).toEqual({ text: "tea", good: true, rounds: 2 });
    const [never] = await run(/never/);
    expect(never).toEqual({ text: "tea", good: false, rounds: 3 });
  });

  it("an outer loop of one's own: killed while a tool works, it goes on from its own table", async () => {
    type Step = { intent: "pay"; amount: number } | { intent: "done"; text: string };
    const file = join(folder, "product.db");
    const keys: string[] = [];
    let database = new DatabaseSync(file);
    const nextStep = scriptedSteps<Step>([
      { intent: "pay", amount: 3 },
      { intent: "done", text: "paid" },
    ]);
    const agent = defineAgent(nextStep, {
      name: "payer",
      steps: {
        pay: tool(
          (_step, { key }) => {
            keys.push(key);
            // The process dies before the result is stored.
            if (keys.length === 1) database.close();
            return "ok";
          },
          { idempotent: true, approval: "always" },
        ),
        done: finish(({ text }) => text),
      },
    });
    const threadId = randomThreadId();
    const { signal } = new AbortController();
    const waiting = await takeTurn(agent, [said("pay 3", ada)], { database, threadId, signal });
    const { seq, digest } = approvalOf(waiting);
    const approve = (thread: Thread) => {
      const response = { decision: { kind: "approved" }, digest } as const;
      const validateEdit = () => ({ problem: "nothing is edited here" });
      return [responseEvent(thread, { seq, response, by: bob, now: Date.now(), validateEdit, people: {} })];
    };
    await expect(takeTurn(agent, approve, { database, threadId, signal })).rejects.toThrow("not open");
    database = new DatabaseSync(file);
    const thread = await takeTurn(agent, [], { database, threadId, signal });
    expect(thread.state.status).toMatchObject({ kind: "finished", result: "paid" });
    expect(keys).toEqual([keys[0], keys[0]]);
    nextStep.assertUsedUp();
    await expect(takeTurn(agent, approve, { database, threadId, signal })).rejects.toThrow("pending");
    const again = await takeTurn(agent, [], { database, threadId, signal });
    expect(again.events).toEqual(thread.events);
    database.close();
  });

  it("takeover and hand-back: the agent rests meanwhile, and goes on from what the person did", async () => {
    type Step = { intent: "ask"; text: string } | { intent: "done"; text: string };
    const model = answering(
      (prompt): Step =>
        prompt.includes("I called them")
          ? { intent: "done", text: "settled by phone" }
          : { intent: "ask", text: "How?" },
    );
    const agent = defineAgent(model, {
      name: "clerk",
      steps: { ask: askHuman(({ text }) => text), done: finish(({ text }) => text) },
    });
    const results = await killEverywhere([agent], async (runtime) => {
      const { threadId } = await runtime.launch({
        agent: "clerk",
        input: { message: "settle it", from: ada },
        once: "case 1",
      });
      const before = await runtime.settled(threadId);
      if (before.state.ended === null) {
        const taken = await takeOver({ runtime, id: threadId, person: bob });
        expect(taken.state.status.kind).toBe("paused");
      }
      return handBack({ runtime, id: threadId, person: bob }, "I called them; it is settled.");
    });
    for (const thread of results) {
      expect(thread.state.status).toMatchObject({ kind: "finished", result: "settled by phone" });
      expect(eventsOf(thread, "message_received").map(({ data }) => data.from.id)).toEqual(["ada", "bob"]);
      expect(typesOf(thread).filter((type) => type === "resumed").length).toBeGreaterThan(0);
    }
  });

  it("takeover: those that work for the thread rest too, and the same report counts as often as it is given", async () => {
    const boss = familyMember("boss", [
      { intent: "hand", task: "sweep" },
      { intent: "done", message: "ok" },
    ]);
    const helper = familyMember("helper", [
      { intent: "ask", question: "which broom?" },
      { intent: "done", message: "swept" },
    ]);
    const runtime = testRuntime({ agents: [boss.agent, helper.agent] });
    const { threadId } = await runtime.launch({ agent: "boss", input: { message: "go", from: ada } });
    const [child] = (await runtime.settled(threadId)).state.children;
    if (child === undefined) throw new Error("nothing was handed over");
    const { request } = (await runtime.settled(child.threadId)).state;
    const taken = { runtime, id: threadId, person: bob };
    for (const round of [1, 2]) {
      await takeOver(taken);
      expect((await runtime.get(child.threadId)).state.status.kind).toBe("paused");
      const back = await handBack(taken, "I swept some.");
      expect(back.state.status.kind).toBe("awaiting_child");
      expect((await runtime.settled(child.threadId)).state.status.kind).toBe("awaiting_human");
      expect(eventsOf(back, "message_received")).toHaveLength(1 + round);
    }
    await takeOver(taken);
    const answered = { decision: { kind: "answered", text: "red" }, digest: null } as const;
    await runtime.respond(requestIdOf(child.threadId, request?.seq ?? 0), answered, ada);
    expect((await runtime.settled(child.threadId)).state.ended).toBeNull();
    await handBack(taken, "I swept some.");
    expect((await runtime.settled(threadId)).state.ended).toMatchObject({ result: "ok" });
  });

  it("takeover: what only others may answer still waits for them after the hand-back", async () => {
    const { agent } = familyMember(
      "boss",
      [
        { intent: "pay", amount: 3 },
        { intent: "done", message: "ok" },
      ],
      {
        payApproval: { approvers: ["web:bob"] },
      },
    );
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "boss", input: { message: "go", from: ada } });
    await runtime.settled(threadId);
    const taken = { runtime, id: threadId, person: ada };
    await takeOver(taken);
    const back = await handBack(taken, "I looked at the bill.");
    expect(back.state.status.kind).toBe("awaiting_approval");
    expect(approvalOf(back).card.newer?.latest.at(-1)?.text).toBe("I looked at the bill.");
  });
});
