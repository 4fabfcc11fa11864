import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { replayThread } from "../../src/replay/replay.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import type { HumanDecision } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { type FullStep, fullAgent } from "./full-agent.ts";
import { ada, approvalOf, bob, questionOf, testRuntime, typesOf } from "./harness.ts";

const PAY: FullStep = { intent: "pay", amount: 50, to: "Eve" };
const DONE: FullStep = { intent: "done", message: "ok" };

/** An agent that is deployed anew: the same thread, under one version after another. */
function deployments(script: readonly ScriptedAnswer<FullStep>[]) {
  const store = createMemoryStore();
  const { agent, ran } = fullAgent(script);
  let last: Runtime | undefined;
  const deploy = async (version: string | undefined, onVersionChange: Agent["onVersionChange"]) => {
    await last?.stop();
    const deployed = { ...agent, version, onVersionChange };
    const runtime = testRuntime({ agents: [deployed], store });
    last = runtime;
    return {
      agent: deployed,
      async start() {
        const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
        return runtime.settled(threadId);
      },
      async answer({ id, state: { request } }: Thread, decision: HumanDecision) {
        if (request === null) throw new Error("nothing is asked");
        const digest = request.type === "approval" ? request.digest : null;
        await runtime.respond(requestIdOf(id, request.seq), { decision, digest }, bob);
        return runtime.settled(id);
      },
    };
  };
  return { deploy, ran };
}

const YES: HumanDecision = { kind: "approved" };

describe("F6.14 waiting threads survive a deploy", { tags: "F6.14" }, () => {
  it("by default a thread goes on with the agent as it is now", async () => {
    const { deploy, ran } = deployments([PAY, DONE]);
    const waiting = await (await deploy("1", "float")).start();
    expect(waiting.state.version).toBe("1");
    const ended = await (await deploy("2", "float")).answer(waiting, YES);
    expect([ended.state.status.kind, ran.length, ended.state.version]).toEqual(["finished", 1, "1"]);
  });

  it("an agent that refuses waits for a person before anything runs, and goes on once they say so", async () => {
    const { deploy, ran } = deployments([PAY, DONE]);
    const waiting = await (await deploy("1", "refuse")).start();
    expect(approvalOf(waiting).card.intent).toBe("pay");
    const second = await deploy("2", "refuse");
    const asked = await second.answer(waiting, YES);
    expect(questionOf(asked)).toMatchObject({ kind: "version", version: { from: "1", to: "2" } });
    expect(questionOf(asked).question).toBe(
      "The agent has version 2 now, and this thread has version 1. Go on with the agent as it is now, or stop?",
    );
    expect(ran).toEqual([]);
    const ended = await second.answer(asked, YES);
    expect([ended.state.status.kind, ended.state.version, ran.length]).toEqual(["finished", "2", 1]);
    // Which version was deployed when is part of the recording.
    expect((await replayThread(ended, (await deploy("3", "refuse")).agent)).events).toEqual(ended.events);
  });

  it("is asked again if the version has changed once more, and stops if the person says so", async () => {
    const { deploy, ran } = deployments([PAY]);
    const waiting = await (await deploy(undefined, "float")).start();
    const asked = await (await deploy("2", "refuse")).answer(waiting, YES);
    expect(questionOf(asked).version).toEqual({ from: null, to: "2" });
    const third = await deploy("3", "refuse");
    const again = await third.answer(asked, YES);
    expect(questionOf(again).version).toEqual({ from: "2", to: "3" });
    const stopped = await third.answer(again, { kind: "denied", feedback: "start anew" });
    expect(stopped.state.status).toMatchObject({ kind: "failed", error: { message: "start anew" } });
    expect(ran).toEqual([]);
  });

  it("takes no guidance: whoever goes on chooses a version and nothing else", async () => {
    const { deploy } = deployments([{ intent: "ask", message: "which?" }]);
    const waiting = await (await deploy("1", "refuse")).start();
    const second = await deploy("2", "refuse");
    const asked = await second.answer(waiting, { kind: "answered", text: "this one" });
    expect(typesOf(asked).at(-1)).toBe("human_asked");
    await expect(second.answer(asked, { kind: "answered", text: "go" })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });
});
