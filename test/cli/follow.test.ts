import { expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { follow } from "../../src/cli/follow.ts";
import { createSession } from "../../src/cli/session.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";

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
