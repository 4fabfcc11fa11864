import { afterEach, describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import { type ExampleStep, exampleAgent } from "./example-agent.ts";

const ada = verifiedBy("terminal", "ada");
const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

function launch(script: readonly ScriptedAnswer<ExampleStep>[]) {
  const example = exampleAgent(script);
  const clock = fakeClock();
  const runtime = createRuntime({ agents: [example.agent], store: createMemoryStore() });
  runtimes.push(runtime);
  const start = async (message = "go") => {
    const { threadId } = await runtime.launch({ agent: "example", input: { message, from: ada } });
    return { threadId, thread: await runtime.settled(threadId) };
  };
  return { ...example, clock, runtime, start };
}

describe("runtime", () => {
  it("asks, runs, appends and repeats until a step ends the run", { tags: "F0.1" }, async () => {
    const { start, nextStep } = launch([
      { intent: "add", a: 3, b: 4 },
      { intent: "add", a: 7, b: 1 },
      { intent: "done", message: "8" },
    ]);
    const { thread } = await start();
    expect(thread.state.status).toEqual({ kind: "finished", result: "8" });
    expect(thread.events.map((event) => event.type)).toEqual([
      "thread_started",
      "message_received",
      "step_proposed",
      "tool_started",
      "tool_finished",
      "step_proposed",
      "tool_started",
      "tool_finished",
      "step_proposed",
      "finished",
    ]);
    nextStep.assertUsedUp();
  });

  it("an approval runs the stored call", { tags: "F7.6" }, async () => {
    const { start, runtime } = launch([
      { intent: "divide", a: 12, b: 2 },
      { intent: "done", message: "6" },
    ]);
    const { thread, threadId } = await start();
    expect(thread.state.status.kind).toBe("awaiting_approval");
    const { request } = thread.state;
    if (request?.type !== "approval") throw new Error("no approval");
    await runtime.respond(
      requestIdOf(threadId, request.seq),
      { digest: request.digest, decision: { kind: "approved" } },
      ada,
    );
    const done = await runtime.settled(threadId);
    expect(done.state.status).toEqual({ kind: "finished", result: "6" });
    expect(done.events.find((event) => event.type === "tool_finished")?.data).toMatchObject({ result: 6 });
  });
});
