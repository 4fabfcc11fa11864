import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { startJob } from "../../src/steps/start-job.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { ada, testRuntime, typesOf } from "./harness.ts";

type Step =
  | { intent: "render"; scene: string }
  | { intent: "read"; page: number }
  | { intent: "publish"; text: string }
  | { intent: "done" };

/** An agent whose every effect is counted: a replay must count none. */
function effectful(script: readonly ScriptedAnswer<Step>[], more: { readonly prefetch?: boolean } = {}) {
  const effects: string[] = [];
  const tokens: string[] = [];
  const did = <T>(what: string, value: T): T => {
    effects.push(what);
    return value;
  };
  const agent = defineAgent(scriptedSteps<Step>(script), {
    name: "studio",
    context: { budget: { tokens: 1000 } },
    summarize: async () => did("summarize thread", { summary: "pages were read" }),
    prefetch: more.prefetch === false ? {} : { news: { run: () => did("prefetch", ["it rains"]) } },
    steps: {
      render: tool(() => startJob((token) => did("start job", tokens.push(token)))),
      read: tool(({ page }) => did("read", `page ${page}: ${"word ".repeat(700)}`), {
        readOnly: true,
        cacheSeconds: 3600,
        summarize: () => did("summarize result", undefined),
      }),
      publish: tool(() => did("publish", "published"), {
        approval: "always",
        check: () => did("check", undefined),
        preview: () => did("preview", { readers: 3 }),
        judge: () => did("judge", { verdict: "pass" as const, reason: "fine" }),
      }),
      done: finish(() => "done"),
    },
  });
  return { agent, effects, tokens };
}

async function recorded() {
  const { agent, effects, tokens } = effectful([
    { intent: "render", scene: "rain" },
    { intent: "read", page: 1 },
    { intent: "read", page: 1 },
    { intent: "read", page: 2 },
    { intent: "read", page: 3 },
    { intent: "publish", text: "rain" },
  ]);
  const runtime = testRuntime({ agents: [agent] });
  const { threadId } = await runtime.launch({ agent: "studio", input: { message: "go", from: ada } });
  await runtime.settled(threadId);
  await runtime.finishJob(tokens[0] ?? "", { result: "rain.png" });
  const thread = await runtime.settled(threadId);
  expect(thread.state.status.kind).toBe("awaiting_approval");
  return { thread, effects };
}

describe("replaying effects", () => {
  it("jobs, pre-fetches, caches, compactions, judges, checks and previews are taken from the recording", {
    tags: "F12.3",
  }, async () => {
    const { thread, effects } = await recorded();
    expect(typesOf(thread)).toEqual(
      expect.arrayContaining(["prefetched", "event_awaited", "context_compacted", "step_judged"]),
    );
    const kinds = ["prefetch", "start job", "read", "summarize result", "judge", "check", "preview"];
    expect(effects).toEqual(expect.arrayContaining(kinds));
    const again = effectful([]);
    const copy = await replayThread(thread, again.agent);
    expect(canonicalJson(toJson(copy))).toBe(canonicalJson(toJson(thread)));
    expect(again.effects).toEqual([]);
  });

  it("something fetched beforehand that is not recorded is found, and not fetched", {
    tags: "F12.3",
  }, async () => {
    const { agent } = effectful([{ intent: "done" }], { prefetch: false });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "studio", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    const other = effectful([]);
    await expect(replayThread(thread, other.agent)).rejects.toThrow("event 3 (step_proposed)");
    expect(other.effects).toEqual([]);
  });

  it("a judge that was added since is found, and not asked", { tags: "F12.3" }, async () => {
    const { agent } = effectful([{ intent: "publish", text: "rain" }]);
    const publish = agent.steps.get("publish");
    if (publish?.kind !== "tool") throw new Error("no tool");
    const { judge: _, ...options } = publish.options;
    const steps = new Map([...agent.steps, ["publish", { ...publish, options }]]);
    const runtime = testRuntime({ agents: [{ ...agent, steps }] });
    const { threadId } = await runtime.launch({ agent: "studio", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    const other = effectful([]);
    await expect(replayThread(thread, other.agent)).rejects.toThrow("(approval_requested)");
    expect(other.effects).toEqual([]);
  });
});
