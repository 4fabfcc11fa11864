import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import type { AgentContextOptions } from "../../src/agent/agent-context.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { createVault } from "../../src/context/redaction/redaction.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import type { StepDefinition } from "../../src/steps/definitions.ts";
import { askHuman, delegate, finish, progress, sleep, tool, waitForEvent } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";

const PASSWORD = "correct horse battery 7";
const HUGE = "x".repeat(10_000_001);

interface Act {
  readonly intent: "act";
}
interface Done {
  readonly intent: "done";
}

/** Runs an agent whose step `act` is this, and then one that ends the run. */
async function run(act: StepDefinition<Act>, context: AgentContextOptions = {}) {
  const agent = defineAgent(scriptedSteps<Act | Done>([{ intent: "act" }, { intent: "done" }]), {
    name: "keeper",
    context,
    prefetch: context.keepOutOfStore ? {} : { news: { run: () => HUGE } },
    steps: { act, done: finish(() => "done") },
  });
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
  const event = { name: "login", source: "test", payload: { password: PASSWORD } };
  const { threadId } = await runtime.launch({ agent: "keeper", input: { event } });
  return { runtime, threadId, settled: () => runtime.settled(threadId) };
}

/** What a program without types, or with wrong ones, may return. */
const untyped = (value: unknown) => () => value as never;

describe("what an agent's own code returns", { tags: "S8" }, () => {
  const refusals: readonly (readonly [title: string, act: StepDefinition<Act>, message: string])[] = [
    ["no question", askHuman(untyped({})), "question: must be some text"],
    ["a blank question", askHuman(() => " "), "question: must be some text"],
    [
      "an urgency that does not exist",
      askHuman(untyped({ question: "so?", options: { urgency: PASSWORD } })),
      'options.urgency: must be one of: "low", "medium", "high"',
    ],
    [
      "a choice among nothing",
      askHuman(() => ({ question: "so?", options: { format: "multiple_choice", choices: [] } })),
      "multiple_choice needs choices",
    ],
    [
      "choices that are no text",
      askHuman(untyped({ question: "so?", options: { choices: [1] } })),
      "options.choices.0: must be some text",
    ],
    ["no news", progress(untyped(undefined)), "must be text"],
    ["an event without a name", waitForEvent(() => ({ name: "" })), "must be text"],
    ["an event that is named after a secret", waitForEvent(() => ({ name: PASSWORD })), "[secret:1]"],
    ["no time to sleep", sleep(() => ({ seconds: Number.NaN })), "Invalid time value"],
    ["a check that does not say what is wrong", tool(() => 1, { check: untyped(7) }), "must be text"],
  ];

  it.each(refusals)("refuses the step, and the thread goes on: %s", async (_title, act, message) => {
    const { runtime, settled } = await run(act, { redact: {}, vault: createVault(), keepOutOfStore: true });
    const { events, state } = await settled();
    await runtime.stop();
    expect(state.status).toMatchObject({ kind: "finished" });
    const refused = events.find(({ type }) => type === "step_refused");
    expect(refused?.data).toMatchObject({
      reason: "invalid_arguments",
      message: expect.stringContaining(message),
    });
    expect(JSON.stringify(events)).not.toContain(PASSWORD);
  });

  it("is refused where it is too long to be asked, told or handed on", async () => {
    const acts: readonly StepDefinition<Act>[] = [
      askHuman(() => HUGE),
      progress(() => HUGE),
      delegate({ agent: "keeper", input: () => HUGE }),
    ];
    for (const act of acts) {
      const { runtime, settled } = await run(act);
      const { events, state } = await settled();
      await runtime.stop();
      expect(state.status).toMatchObject({ kind: "finished" });
      expect(events.find(({ type }) => type === "step_refused")?.data).toMatchObject({
        message: expect.stringContaining("at most 10000000 are taken"),
      });
    }
  });

  it("is cut where it is too large to be stored, or the thread could not go on", async () => {
    const acts: readonly StepDefinition<Act>[] = [
      tool(() => HUGE),
      tool(() => 1, { judge: () => ({ verdict: "refuse", reason: HUGE }) }),
      tool(() => 1, { check: () => HUGE }),
    ];
    for (const act of acts) {
      const { runtime, settled } = await run(act);
      const { events, state } = await settled();
      await runtime.stop();
      expect(state.status).toMatchObject({ kind: "finished" });
      expect(JSON.stringify(events).length).toBeLessThan(100_000);
      expect(events.find(({ type }) => type === "prefetched")?.data).toMatchObject({
        outcome: { kind: "result", result: { too_large: expect.any(String) } },
      });
    }
  });

  it("stands on the card in part where it is too large, and can be approved", async () => {
    const { runtime, threadId, settled } = await run(
      tool(() => "ran", { approval: "always", preview: () => ({ plan: HUGE }) }),
    );
    const { request } = (await settled()).state;
    if (request?.type !== "approval") throw new Error("no approval");
    expect(request.card.preview).toMatchObject({ too_large: expect.any(String) });
    const approved = { decision: { kind: "approved" }, digest: request.digest } as const;
    await runtime.respond(requestIdOf(threadId, request.seq), approved, verifiedBy("web", "ada"));
    const { events, state } = await settled();
    await runtime.stop();
    expect(state.status).toMatchObject({ kind: "finished" });
    expect(events.find(({ type }) => type === "tool_finished")?.data).toMatchObject({ result: "ran" });
  });
});
