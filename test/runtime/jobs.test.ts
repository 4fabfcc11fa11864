import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { startJob } from "../../src/steps/start-job.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { ada, eventsOf, testRuntime } from "./harness.ts";

type Step = { intent: "deploy" } | { intent: "done" };

function deployer(tokens: string[], script: Step[] = [{ intent: "deploy" }, { intent: "done" }]) {
  const nextStep = scriptedSteps<Step>(script);
  const agent = defineAgent(nextStep, {
    name: "deployer",
    steps: {
      deploy: tool(() => startJob((token) => tokens.push(token), { timeoutSeconds: 60 })),
      done: finish(() => "done"),
    },
  });
  return { agent, nextStep };
}

const SECRET = "the-same-secret-in-every-process-of-it";

async function waiting() {
  const tokens: string[] = [];
  const { agent, nextStep } = deployer(tokens);
  const store = createMemoryStore();
  const clock = fakeClock();
  const runtime = testRuntime({ agents: [agent], store, clock, secret: SECRET });
  const { threadId } = await runtime.launch({ agent: "deployer", input: { message: "go", from: ada } });
  const thread = await runtime.settled(threadId);
  return { runtime, store, clock, thread, token: tokens[0] ?? "", nextStep };
}

describe("startJob", () => {
  it.each<[object, string]>([
    [{ timeoutSeconds: Number.NaN }, "timeoutSeconds:"],
    [{ timeoutSeconds: -1 }, "timeoutSeconds:"],
    [{ timeoutSeconds: Number.POSITIVE_INFINITY }, "timeoutSeconds:"],
    [{ name: "" }, "name:"],
    [{ timeout: 5 }, 'unknown option "timeout"'],
  ])("%j is refused before the job begins", (options, message) => {
    const started: string[] = [];
    expect(() => startJob((token) => started.push(token), options)).toThrow(message);
    expect(started).toEqual([]);
  });
});

describe("long-running jobs", () => {
  it("a result comes back with nothing but the token, to another process, once", {
    tags: "F6.6",
  }, async () => {
    const { runtime, store, clock, thread, token } = await waiting();
    expect(thread.state.status.kind).toBe("awaiting_event");
    expect(JSON.stringify(thread.events)).not.toContain(token);
    await runtime.stop();
    const { agent, nextStep } = deployer([], [{ intent: "done" }]);
    const second = testRuntime({ agents: [agent], store, clock, secret: SECRET });
    await second.finishJob(token, { result: { version: 7 } });
    expect((await second.settled(thread.id)).state.status.kind).toBe("finished");
    expect(nextStep.prompts[0]).toContain("version: 7");
    await expect(second.finishJob(token, { result: 8 })).rejects.toMatchObject({ code: "expired" });
  });

  it("a wrong token is refused at once, while the job is being started too", {
    tags: ["F6.6", "S7"],
  }, async () => {
    const clock = fakeClock();
    const started = Promise.withResolvers<string>();
    const ready = Promise.withResolvers<void>();
    const agent = defineAgent(scriptedSteps<Step>([{ intent: "deploy" }, { intent: "done" }]), {
      name: "deployer",
      steps: {
        deploy: tool(() =>
          startJob((token) => {
            started.resolve(token);
            return ready.promise;
          }),
        ),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [agent], store: createMemoryStore(), clock });
    const { threadId } = await runtime.launch({ agent: "deployer", input: { message: "go", from: ada } });
    const token = await started.promise;
    const wrong = `${token.slice(0, -43)}${"A".repeat(43)}`;
    // The clock stands still: whoever waited would wait for ever.
    await expect(runtime.finishJob(wrong, { result: 1 })).rejects.toThrow("there is no job with this token");
    const early = runtime.finishJob(token, { result: 1 });
    ready.resolve();
    await clock.advance(25);
    await early;
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
  });

  it("a job that fails is the tool's error", { tags: "F6.6" }, async () => {
    const { runtime, thread, token, nextStep } = await waiting();
    await runtime.finishJob(token, { error: "no disk space" });
    const ended = await runtime.settled(thread.id);
    expect(eventsOf(ended, "tool_failed")).toHaveLength(1);
    expect(nextStep.prompts[1]).toContain("no disk space");
  });

  it("who knows the thread, the call and the name, but not the token, cannot answer", {
    tags: "F6.6",
  }, async () => {
    const { runtime, thread, token } = await waiting();
    const { status } = thread.state;
    if (status.kind !== "awaiting_event") throw new Error(status.kind);
    const { callId, name } = status;
    const event = { name, source: "webhook", payload: "forged" };
    await expect(runtime.receive(thread.id, { ...event, callId })).rejects.toMatchObject({
      code: "forbidden",
    });
    const heard = await runtime.receive(thread.id, event);
    expect(heard.state.status.kind).toBe("awaiting_event");
    expect(await runtime.emit(event)).toEqual([]);
    const last = token.endsWith("A") ? "B" : "A";
    await expect(runtime.finishJob(token.slice(0, -1) + last, { result: 1 })).rejects.toMatchObject({
      code: "not_found",
    });
    expect((await runtime.settled(thread.id)).state.status.kind).toBe("awaiting_event");
  });
});
