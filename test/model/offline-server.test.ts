import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { b } from "../../baml_client/index.ts";
import { OFFLINE_MODEL_NAME, type OfflineModel, startOfflineModel } from "../../src/model/index.ts";
import { JSON_STYLES, looseJson } from "../../src/model/offline/loose-json.ts";
import { localModel, promptFunction } from "../../src/prompts/index.ts";

/** The text of a completion. */
function contentOf(body: unknown): string {
  const text: string = JSON.parse(JSON.stringify(body)).choices[0].message.content;
  return text;
}

describe("the offline model's server", () => {
  let model: OfflineModel;
  beforeAll(async () => {
    model = await startOfflineModel();
  });
  afterAll(() => model.close());

  const chat = (body: object | string) =>
    fetch(`${model.url}/chat/completions`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const hello = { model: OFFLINE_MODEL_NAME, messages: [{ role: "user", content: "hello" }] };

  /** The request that the generated client builds for a thread. */
  const bamlRequest = async (thread: string, url = model.url) => {
    const env = {
      TWELVEFOLD_BASE_URL: url,
      TWELVEFOLD_API_KEY: "none",
      TWELVEFOLD_MODEL_NAME: OFFLINE_MODEL_NAME,
    };
    const request = await b.request.DetermineNextStep(thread, { env });
    const response = await fetch(request.url, { method: request.method, body: request.body.text() });
    return contentOf(await response.json());
  };

  it("answers the generated client's own request in a way that BAML parses", { tags: "E3" }, async () => {
    const content = await bamlRequest("<message_received>\nmultiply 3 and 4\n</message_received>");
    expect(JSON.parse(content)).toEqual({ intent: "multiply", a: 3, b: 4 });
    expect(b.parse.DetermineNextStep(content)).toEqual({ intent: "multiply", a: 3, b: 4 });
  });

  it("operands are whole numbers or decimals", { tags: "F1.6" }, async () => {
    const step = async (text: string) =>
      b.parse.DetermineNextStep(await bamlRequest(`<message_received>\n${text}\n</message_received>`));
    expect(await step("divide 7 by 0.25")).toEqual({ intent: "divide", a: 7, b: 0.25 });
    expect(await step("add -12.125 to 1,000,000")).toEqual({ intent: "add", a: 1_000_000, b: -12.125 });
  });

  it("is one JSON value and nothing else, graded exact", async () => {
    const nextStep = promptFunction(b, "DetermineNextStep", { bamlFiles: undefined, model: model.choice });
    for (let a = 1; a <= 10; a += 1) {
      const thread = `<message_received>\nsubtract ${a} from {-2.5} [y] \`z\`\n</message_received>`;
      expect(await nextStep.call([thread])).toMatchObject({ ok: true, fidelity: { grade: "exact" } });
    }
  });

  it("writes JSON in each loose style over a few requests when asked to, and BAML reads them all", async () => {
    const untidy = await startOfflineModel({ untidy: true });
    const seen = new Set<string>();
    for (let a = 1; a <= 30; a += 1) {
      const thread = `<message_received>\nsubtract ${a} from -2.5\n</message_received>`;
      const content = await bamlRequest(thread, untidy.url);
      const step = { intent: "subtract", a: -2.5, b: a };
      expect(b.parse.DetermineNextStep(content)).toEqual(step);
      expect(content.slice(0, content.search(/[[{`]/))).toMatch(/^[^{}[\]]+\n\n$/);
      for (const style of JSON_STYLES) if (content.endsWith(looseJson(step, style))) seen.add(style);
    }
    await untidy.close();
    expect([...seen].sort()).toEqual([...JSON_STYLES].sort());
  });

  it("answers in OpenAI's format, the same every time", { tags: "E3" }, async () => {
    const answers = [await chat(hello), await chat(hello)].map((response) => response.json());
    const [first, second] = await Promise.all(answers);
    expect(first).toMatchObject({
      object: "chat.completion",
      model: OFFLINE_MODEL_NAME,
      system_fingerprint: OFFLINE_MODEL_NAME,
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant" } }],
    });
    expect(first).toMatchObject({
      usage: { prompt_tokens: 2, completion_tokens: expect.any(Number), total_tokens: expect.any(Number) },
    });
    expect(second).toEqual(first);
  });

  it("streams the same text in pieces, with usage when asked", { tags: "E3" }, async () => {
    const whole = contentOf(await (await chat(hello)).json());
    const response = await chat({ ...hello, stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const lines = (await response.text()).split("\n\n").filter((line) => line !== "");
    expect(lines.at(-1)).toBe("data: [DONE]");
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice("data: ".length)));
    const deltas = chunks.flatMap((chunk) => chunk.choices).map((choice) => choice.delta.content ?? "");
    expect(deltas.join("")).toBe(whole);
    expect(chunks.at(-2).choices[0].finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });

    const plain = await (await chat({ ...hello, stream: true })).text();
    expect(plain).not.toContain('"usage"');
  });

  it("streams to the generated client", { tags: "E3" }, async () => {
    const env = {
      TWELVEFOLD_BASE_URL: model.url,
      TWELVEFOLD_API_KEY: "none",
      TWELVEFOLD_MODEL_NAME: OFFLINE_MODEL_NAME,
    };
    const stream = b.stream.DetermineNextStep("<message_received>\nmultiply 21 by 2\n</message_received>", {
      env,
    });
    expect(await stream.getFinalResponse()).toEqual({ intent: "multiply", a: 21, b: 2 });
  });

  it("lists its model", async () => {
    const models = await (await fetch(`${model.url}/models`)).json();
    expect(models).toMatchObject({ object: "list", data: [{ id: OFFLINE_MODEL_NAME, object: "model" }] });
  });

  it.each([
    ["not JSON", "{", 400, "invalid_json"],
    ["no object", "[]", 400, null],
    ["no messages", {}, 400, "missing_required_parameter"],
    ["empty messages", { messages: [] }, 400, "invalid_type"],
    ["a message without a role", { messages: [{ content: "x" }] }, 400, "invalid_type"],
  ])("answers %s with an error in OpenAI's shape", async (_, body, status, code) => {
    const response = await chat(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: {
        message: expect.any(String),
        type: "invalid_request_error",
        param: code === null || code === "invalid_json" ? null : "messages",
        code,
      },
    });
  });

  it("answers unknown URLs with 404 and wrong methods with 405", async () => {
    expect((await fetch(`${model.url}/embeddings`, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await fetch(`${model.url}/chat/completions`)).status).toBe(405);
  });

  it("listens on loopback only, and a taken port is a usage error", async () => {
    expect(model.url).toBe(`http://127.0.0.1:${model.port}/v1`);
    await expect(startOfflineModel({ port: model.port })).rejects.toMatchObject({
      code: "invalid_configuration",
      message: expect.stringContaining(String(model.port)),
    });
  });

  it("closes with connections open", async () => {
    const other = await startOfflineModel();
    await fetch(`${other.url}/models`);
    await other.close();
    await expect(fetch(`${other.url}/models`)).rejects.toThrow();
  });
});

it("its choice is what a prompt function takes as its model", { tags: "E3" }, async () => {
  const model = await startOfflineModel();
  expect(model.choice).toEqual(localModel(OFFLINE_MODEL_NAME, model.url));
  await model.close();
});
