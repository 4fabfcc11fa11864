import { afterEach, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { startScriptedModel } from "../../src/model/scripted-model.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { b } from "./baml_client/index.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const searching = (query: string) => ({
  content: `{"intent":"search","query":"${query}","tags":[]}`,
  usage: { promptTokens: 100, completionTokens: 20 },
});

it.each([true, false])("a token budget binds, streamed: %s", { tags: "F8.9" }, async (stream) => {
  const model = await startScriptedModel(["a", "b", "c", "d", "e"].map(searching));
  closing.push(() => model.close());
  const agent = defineAgent(promptFunction(b, "NextStep", { bamlFiles: undefined }), {
    name: "searcher",
    steps: {
      search: tool(() => "nothing found", { readOnly: true }),
      refund: tool(() => "done"),
      send_mail: tool(() => "sent"),
      transfer: tool(() => "done"),
      request_more_information: askHuman(({ message }) => message),
      done_for_now: finish(({ message }) => message),
    },
    budget: { tokens: 300 },
  });
  const runtime = createRuntime({
    agents: [agent],
    store: createMemoryStore(),
    model: localModel("scripted", model.url),
    stream,
  });
  closing.push(() => runtime.stop());
  const { threadId } = await runtime.launch({
    agent: "searcher",
    input: { message: "go", from: verifiedBy("terminal", "ada") },
  });
  const { state, events } = await runtime.settled(threadId);

  expect(model.requests.map((request) => request.stream)).toEqual([stream, stream, stream]);
  expect(state.usage).toEqual({ inputTokens: 300, outputTokens: 60, cachedInputTokens: 0 });
  const reached = events.find(({ type }) => type === "budget_reached");
  expect(reached?.data).toEqual({ budget: "tokens", limit: 300, used: 360 });
  expect(state.status).toMatchObject({ kind: "awaiting_human", request: { kind: "budget" } });
});
