import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { costOf } from "../../src/agent/budget.ts";
import type { ModelChoice } from "../../src/prompts/types.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { ada, eventsOf, testRuntime } from "./harness.ts";

const model: ModelChoice = {
  clients: [{ name: "small", provider: "openai-generic", options: {} }],
  strategy: "fallback",
};
const completion = (raw: string) => ({
  raw,
  client: "small",
  usage: { inputTokens: 100, outputTokens: 10, cachedInputTokens: 0 },
  durationMs: 1,
  requestDigest: raw,
});

/** A prompt function of the project beside the agent's own. */
function shorten(answers: { readonly asked: unknown[]; readonly refuse?: boolean }) {
  return {
    async call(args: readonly [text: string], options?: { defaultModel?: ModelChoice | undefined }) {
      answers.asked.push([args[0], options?.defaultModel]);
      if (answers.refuse)
        return {
          ok: false,
          reason: "empty",
          message: "The answer is empty.",
          completion: completion(""),
        } as const;
      const fidelity = { grade: "exact", reasons: [] } as const;
      return { ok: true, value: "short", fidelity, more: [], completion: completion("short") } as const;
    },
  };
}

type Step = { intent: "look" } | { intent: "done" };

describe("helper prompts", { tags: ["F8.2", "F8.3", "F8.9"] }, () => {
  it("of a tool, a summary, a prefetch and a judge ask the run's model and count in the budget", async () => {
    const asked: unknown[] = [];
    const prompt = shorten({ asked });
    const agent = defineAgent(scriptedSteps<Step>([{ intent: "look" }, { intent: "done" }]), {
      name: "helped",
      prefetch: { news: { run: ({ ask }) => ask(prompt, "news") } },
      steps: {
        look: tool((_step, { ask, thread }) => ask(prompt, `tool at ${thread.state.seq}`), {
          readOnly: true,
          judge: async (_step, { ask }) => ({ verdict: "pass", reason: await ask(prompt, "judge") }),
          summarize: (result, step, { ask, thread }) =>
            ask(prompt, `${result} ${step.intent} ${thread.id.slice(0, 3)}`),
        }),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [agent], model });
    const { threadId } = await runtime.launch({ agent: "helped", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(asked).toEqual([
      ["news", model],
      ["judge", model],
      ["tool at 5", model],
      ["short look thr", model],
    ]);
    expect(eventsOf(thread, "context_compacted")[0]?.data).toMatchObject({ replacement: "short" });
    // Four of them, and the two scripted answers, which tell no usage.
    expect(thread.state).toMatchObject({ modelCalls: 6, usage: { inputTokens: 400, outputTokens: 40 } });
    expect(costOf(thread, { "*": { input: 1_000, output: 10_000 } })).toBeCloseTo(0.8);
  });

  it("one whose answer is refused is an error of its tool, and paid for", async () => {
    const prompt = shorten({ asked: [], refuse: true });
    const agent = defineAgent(scriptedSteps<Step>([{ intent: "look" }, { intent: "done" }]), {
      name: "helped",
      budget: { tokens: 100 },
      steps: {
        look: tool((_step, { ask }) => ask(prompt, "x"), { readOnly: true }),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "helped", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(eventsOf(thread, "tool_failed")[0]?.data.error.message).toContain("The answer is empty.");
    expect(thread.state.request).toMatchObject({ kind: "budget" });
  });
});
