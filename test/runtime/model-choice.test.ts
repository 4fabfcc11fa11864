import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { b } from "../../baml_client/index.ts";
import {
  createMemoryStore,
  createRuntime,
  defineAgent,
  finish,
  nothing,
  promptFunction,
  type Runtime,
  verifiedBy,
} from "../../src/index.ts";
import type { ModelChoice, ModelClient } from "../../src/prompts/types.ts";
import { type ProviderServer, providerServer } from "../prompts/servers/provider-server.ts";
import { openaiChatBodies } from "../prompts/servers/wire-bodies.ts";

const OK = { text: '{"intent":"done_for_now","message":"hi"}' };
const person = verifiedBy("test", "ada");

let server: ProviderServer;
beforeAll(async () => {
  server = await providerServer(openaiChatBodies);
});
afterAll(() => server.close());
const running: Runtime[] = [];
afterEach(async () => {
  for (const runtime of running.splice(0)) await runtime.stop();
  expect(server.takeBack()).toBe(0);
});

function client(name: string, options: object = {}): ModelClient {
  return {
    name,
    provider: "openai-generic",
    options: { model: name, base_url: `${server.url}/v1`, ...options },
  };
}

function agentWith(model?: ModelClient) {
  return defineAgent(
    promptFunction(b, "DetermineNextStep", {
      ...(model === undefined ? {} : { model }),
      retry: { attempts: 1 },
    }),
    {
      name: "calm",
      steps: {
        add: nothing(() => "not needed"),
        subtract: nothing(() => "not needed"),
        multiply: nothing(() => "not needed"),
        divide: nothing(() => "not needed"),
        request_more_information: nothing(() => "not needed"),
        done_for_now: finish(({ message }) => message),
      },
    },
  );
}

const choice = (): ModelChoice => ({ clients: [client("environment")], strategy: "fallback" });

async function run(own: ModelClient | undefined, options: { watched?: boolean; stream?: boolean } = {}) {
  const { watched = false, ...rest } = options;
  const runtime = createRuntime({
    agents: [agentWith(own)],
    store: createMemoryStore(),
    model: choice(),
    ...rest,
  });
  running.push(runtime);
  if (watched) runtime.subscribe(() => {});
  const { threadId } = await runtime.launch({ agent: "calm", input: { message: "go", from: person } });
  const thread = await runtime.settled(threadId);
  return { thread, sent: JSON.parse(server.requests.at(-1)?.text ?? "null") };
}

describe("the model of a runtime", { tags: "F2.8" }, () => {
  it("answers for agents without one of their own", async () => {
    server.will(OK);
    expect((await run(undefined)).sent).toMatchObject({ model: "environment" });
  });

  it("leaves an agent's own model, with its temperature and limits, alone", async () => {
    server.will(OK);
    const { thread, sent } = await run(client("own", { temperature: 0.25, max_tokens: 99, stop: ["END"] }));
    expect(thread.state.status.kind).toBe("finished");
    expect(sent).toMatchObject({ model: "own", temperature: 0.25, max_tokens: 99, stop: ["END"] });
  });
});

describe("answers stream", { tags: "F9.9" }, () => {
  it.each([
    [{ watched: true }, true],
    [{ watched: false }, undefined],
    [{ watched: false, stream: true }, true],
    [{ watched: true, stream: false }, undefined],
  ])("while somebody watches, unless the runtime says otherwise: %j", async (options, streamed) => {
    server.will(OK);
    expect((await run(undefined, options)).sent.stream).toBe(streamed);
  });
});

describe("a prompt that is too long", { tags: "F9.9" }, () => {
  it("is not offered to be sent again as it is", async () => {
    server.will({ status: 400, body: { error: { message: "prompt is too long: 9 tokens > 8 maximum" } } });
    const { thread } = await run(undefined);
    const { request } = thread.state;
    expect(request).toMatchObject({ type: "question", kind: "provider" });
    const question = request?.type === "question" ? request.question : "";
    expect(question).toContain("prompt is too long: 9 tokens > 8 maximum");
    expect(question).toContain("Give calm a token budget");
    expect(question).not.toContain("Try again");
  });
});
