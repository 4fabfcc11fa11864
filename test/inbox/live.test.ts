import { afterEach, describe, expect, it } from "vitest";
import { defineAgent, type NextStepFunction } from "../../src/agent/agent.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { finish } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { ada, settled, testInbox } from "./inbox-server.ts";

type Step = { intent: "done"; message: string };

const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

/** An agent whose model writes a part of its answer, and the rest, when it is told to. */
function writingAgent() {
  const scripted = scriptedSteps<Step>([{ intent: "done", message: "All <b>written</b>" }]);
  const rest = Promise.withResolvers<void>();
  const started = Promise.withResolvers<(partial: unknown) => void>();
  const nextStep: NextStepFunction<[thread: string], Step> = {
    ...scripted,
    async call(args, options) {
      started.resolve((partial) => options?.onPartial?.(partial));
      await rest.promise;
      return scripted.call(args, options);
    },
  };
  const agent = defineAgent(nextStep, { name: "writer", steps: { done: finish(({ message }) => message) } });
  const write = async (partial: unknown) => (await started.promise)(partial);
  return { agent, write, goOn: rest.resolve };
}

describe("the live thread page", () => {
  it("shows what the model is writing, then what it wrote, escaped", { tags: "F6.2" }, async () => {
    const { agent, goOn, write } = writingAgent();
    const { app, runtime } = testInbox([agent]);
    runtimes.push(runtime);
    const { threadId } = await runtime.launch({ agent: "writer", input: { message: "Write", from: ada } });
    const response = await app.request(`/inbox/threads/${threadId}/stream?after=0`);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    const until = async (text: string) => {
      while (!seen.includes(text)) seen += (await reader?.read())?.value ?? "";
    };
    await until("Started with writer");
    await write({ intent: "done", message: "All <b>wri" });
    await until("All &lt;b&gt;wri");
    expect(seen).not.toContain("Finished");
    goOn();
    await until("All &lt;b&gt;written&lt;/b&gt;");
    await until("Finished");
    expect(seen).not.toContain("<b>");
    await reader?.cancel();
  });

  it("a stream of an unknown thread is refused, and a strange place to go on from is the beginning", {
    tags: "F6.2",
  }, async () => {
    const { agent, goOn } = writingAgent();
    goOn();
    const { app, runtime } = testInbox([agent]);
    runtimes.push(runtime);
    expect((await app.request("/inbox/threads/thr_nowhere/stream")).status).toBe(404);
    const { threadId } = await runtime.launch({ agent: "writer", input: { message: "Write", from: ada } });
    await settled(runtime, threadId);
    const response = await app.request(`/inbox/threads/${threadId}/stream?after=x`);
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toContain('id="entry-1"');
    await reader?.cancel();
  });
});
