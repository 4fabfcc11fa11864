import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
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
import { b } from "../prompts/baml_client/index.ts";
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
    promptFunction(b, "NextStep", {
      bamlFiles: undefined,
      ...(model === undefined ? {} : { model }),
      retry: { attempts: 1 },
    }),
    {
      name: "calm",
      steps: {
        refund: nothing(() => "not needed"),
        search: nothing(() => "not needed"),
        send_mail: nothing(() => "not needed"),
        transfer: nothing(() => "not needed"),
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
  const TOO_LONG = { status: 400, body: { error: { message: "prompt is too long: 9 tokens > 8 maximum" } } };
  const message = `compute\n${"one and two and three\n".repeat(900)}the sum`;

  it("is shortened once a person agrees, and never sent again as it is", async () => {
    server.will(TOO_LONG, TOO_LONG, OK);
    const runtime = createRuntime({ agents: [agentWith()], store: createMemoryStore(), model: choice() });
    running.push(runtime);
    const before = server.requests.length;
    const { threadId } = await runtime.launch({ agent: "calm", input: { message, from: person } });
    const asked: string[] = [];
    let thread = await runtime.settled(threadId);
    for (let { request } = thread.state; request?.type === "question"; request = thread.state.request) {
      asked.push(request.question);
      const goOn = { decision: { kind: "approved" }, digest: null } as const;
      await runtime.respond(requestIdOf(threadId, request.seq), goOn, person);
      thread = await runtime.settled(threadId);
    }
    expect(thread.state.status.kind).toBe("finished");
    const shorten = /prompt is too long: 9 tokens > 8 maximum.*Shorten what it reads of the thread to half/;
    expect(asked).toEqual([
      expect.stringMatching(shorten),
      expect.stringMatching(shorten),
      expect.stringMatching(/cannot be made shorter: take one that reads more\. Try again, or stop\?$/),
    ]);
    const lengths = server.requests.slice(before).map(({ text }) => text.length);
    expect(lengths).toHaveLength(3);
    expect(lengths[1]).toBeLessThan((lengths[0] ?? 0) / 2);
  });

  it("stops when the person says so", async () => {
    server.will(TOO_LONG);
    const runtime = createRuntime({ agents: [agentWith()], store: createMemoryStore(), model: choice() });
    running.push(runtime);
    const { threadId } = await runtime.launch({ agent: "calm", input: { message, from: person } });
    const { request } = (await runtime.settled(threadId)).state;
    const stop = { decision: { kind: "denied", feedback: "enough" }, digest: null } as const;
    await runtime.respond(requestIdOf(threadId, request?.seq ?? 0), stop, person);
    expect((await runtime.settled(threadId)).state.status.kind).toBe("failed");
  });
});
