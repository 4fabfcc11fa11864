import { describe, expect, it } from "vitest";
import { defineAgent, type ErrorLimits } from "../../src/agent/agent.ts";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";

type Step =
  | { intent: "fetch"; url: string }
  | { intent: "look"; at: string }
  | { intent: "done"; message: string };

const ada = verifiedBy("terminal", "ada");
const FETCH: Step = { intent: "fetch", url: "a" };
const LOOK: Step = { intent: "look", at: "the sky" };
const DONE: Step = { intent: "done", message: "done" };
const BAD = { unparseable: "I will not say." };

/**
 * Each script is the life of one process: when it holds no further answer, the process ends in the middle of that model
 * call, and the next one goes on from the store alone.
 */
async function lives(scripts: readonly (readonly ScriptedAnswer<Step>[])[], limits: ErrorLimits = {}) {
  const store = createMemoryStore();
  let threadId: ThreadId | undefined;
  const prompts: string[] = [];
  for (const script of scripts) {
    const nextStep = scriptedSteps<Step>(script);
    const silent = Promise.withResolvers<void>();
    const call: typeof nextStep.call = (args, options) => {
      if (nextStep.remaining > 0) return nextStep.call(args, options);
      silent.resolve();
      return new Promise((_, reject) =>
        options?.signal?.addEventListener("abort", () => reject(new Error("cut off"))),
      );
    };
    const agent = defineAgent(
      { ...nextStep, call },
      {
        name: "fetcher",
        limits,
        steps: {
          fetch: tool(({ url }) => Promise.reject(new Error(`${url} is down`))),
          look: tool(() => "blue", { readOnly: true }),
          done: finish(({ message }) => message),
        },
      },
    );
    const runtime = createRuntime({ agents: [agent], store });
    if (threadId === undefined) {
      threadId = (await runtime.launch({ agent: "fetcher", input: { message: "go", from: ada } })).threadId;
    } else {
      const { state } = await runtime.get(threadId);
      if (state.request !== null) {
        const decision = { kind: "approved" } as const;
        await runtime.respond(requestIdOf(threadId, state.request.seq), { decision, digest: null }, ada);
      }
    }
    const given = new AbortController();
    const settled = runtime.settled(threadId, given.signal).catch(() => {});
    await Promise.race([settled, silent.promise]);
    await runtime.stop();
    given.abort();
    await settled;
    prompts.push(...nextStep.prompts);
  }
  if (threadId === undefined) throw new Error("no life");
  const runtime = createRuntime({ agents: [], store });
  return { thread: await runtime.get(threadId), prompts };
}

describe("limits on what goes wrong, counted from the events, whoever runs the thread", () => {
  it("errors in a row are counted across processes and end with a question", { tags: "F9.3" }, async () => {
    const { thread } = await lives([[BAD, BAD], [BAD]]);
    expect(thread.state.status).toMatchObject({ kind: "awaiting_human", request: { kind: "escalation" } });
    expect(thread.state.consecutiveErrors).toBe(3);
    expect(thread.events.filter(({ type }) => type === "step_refused")).toHaveLength(3);
  });

  it("a success sets the counter back", { tags: "F9.3" }, async () => {
    const { thread } = await lives([[BAD, BAD, LOOK, BAD, BAD, DONE]]);
    expect(thread.state.status.kind).toBe("finished");
  });

  it("a tool that fails again and again is given up, also with successes of others between", {
    tags: ["F9.4", "F9.5"],
  }, async () => {
    const { thread } = await lives([[FETCH, LOOK, FETCH, LOOK, FETCH]]);
    expect(thread.state.status).toMatchObject({
      kind: "awaiting_human",
      request: { kind: "escalation", question: expect.stringContaining("fetch failed 3 times") },
    });
  });

  it("stops instead of asking where the agent says so", { tags: "F9.5" }, async () => {
    const { thread } = await lives([[BAD, BAD, BAD]], { onLimit: "stop" });
    expect(thread.state.status).toMatchObject({ kind: "failed", error: { name: "ErrorLimit" } });
  });

  it("a person who says to go on gives the agent as many tries again", { tags: "F9.5" }, async () => {
    const { thread } = await lives([
      [BAD, BAD, BAD],
      [BAD, BAD, LOOK, DONE],
    ]);
    expect(thread.state.status.kind).toBe("finished");
  });

  it("the same step with the same outcome is pointed out once and then given to a person", {
    tags: "F9.7",
  }, async () => {
    const { thread, prompts } = await lives([[LOOK, LOOK, LOOK, LOOK, LOOK, LOOK]]);
    expect(prompts[3]).toContain("3 times with the same outcome");
    expect(thread.state.status).toMatchObject({ kind: "awaiting_human", request: { kind: "escalation" } });
    expect(thread.events.filter(({ type }) => type === "tool_finished")).toHaveLength(3);
  });
});
