import { expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { follow } from "../../src/cli/follow.ts";
import { createSession } from "../../src/cli/session.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy } from "../../src/thread/event-parts.ts";

type Step = { intent: "deploy"; tag: string } | { intent: "done"; message: string };

it("a step is shown while it runs, not once the thread has ended", { tags: "F0.3" }, async () => {
  const lines: string[] = [];
  const seen = Promise.withResolvers<void>();
  const show = (line: string) => {
    lines.push(line);
    if (line.includes("deploy")) seen.resolve();
  };
  const terminal = { interactive: false, colors: false, out: show, err: show, ask: async () => undefined };
  const { session, close } = createSession({ terminal, env: {}, folder: ".", json: false });
  const nextStep = scriptedSteps<Step>([
    { intent: "deploy", tag: "v2" },
    { intent: "done", message: "out" },
  ]);
  const agent = defineAgent(nextStep, {
    name: "releases",
    steps: {
      // It ends when somebody has seen that it runs.
      deploy: tool(() => seen.promise.then(() => "deployed"), { readOnly: true }),
      done: finish(({ message }) => message),
    },
  });
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
  const { threadId } = await runtime.launch({
    agent: "releases",
    input: { message: "release it", from: session.person },
  });
  expect(await follow(session, runtime, threadId)).toBe(0);
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["○", "▸", "→", "=", "→", "out"]);
  await runtime.stop();
  await close();
});

it("whoever may not approve is told so and not asked to; who may deny may do that", {
  tags: "F7.8",
}, async () => {
  const lines: string[] = [];
  const asked: string[] = [];
  const answers = ["", "", "not today"];
  const show = (line: string) => lines.push(line);
  const ask = async (question: string) => {
    asked.push(question);
    return answers.shift();
  };
  const terminal = { interactive: true, colors: false, out: show, err: show, ask };
  const { session, close } = createSession({ terminal, env: {}, folder: ".", json: false });
  const agentFor = (approval: ApprovalPolicy, name: string) => {
    const steps: Step[] = [
      { intent: "deploy", tag: "v2" },
      { intent: "done", message: "Then not." },
    ];
    return defineAgent(scriptedSteps<Step>(steps), {
      name,
      steps: { deploy: tool(() => "deployed", { approval }), done: finish(({ message }) => message) },
    });
  };
  const agents = [agentFor({ approvers: ["web:ada"] }, "others"), agentFor({ needed: 2 }, "two")];
  const runtime = createRuntime({ agents, store: createMemoryStore() });
  const launch = async (agent: string) =>
    (await runtime.launch({ agent, input: { message: "release it", from: session.person } })).threadId;

  await follow(session, runtime, await launch("others"));
  expect(asked).toEqual([]);
  expect(lines.join("\n")).toMatch(/may not decide on this; web:ada may\nthread thr_\w+ waits for a person/);
  const threadId = await launch("two");
  await follow(session, runtime, threadId);
  expect(asked).toEqual([
    "  Press Enter to approve, or type feedback to deny: ",
    "  Press Enter to leave it open, or type feedback to deny: ",
  ]);
  expect((await runtime.get(threadId)).state.status.kind).toBe("awaiting_approval");
  await follow(session, runtime, threadId);
  expect(lines.at(-1)).toBe("Then not.");
  await runtime.stop();
  await close();
});
