import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { ProviderRejectedError } from "../../src/prompts/errors.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type Behaviour, type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { openaiChatBodies } from "./servers/wire-bodies.ts";
import { WIRES } from "./servers/wires.ts";

const DONE = '{"intent":"done_for_now","message":"hi"}';
const OK = { text: DONE };
const USAGE = { inputTokens: 11, outputTokens: 7, cachedInputTokens: 3 };
const ASKED = { stream: true, stream_options: { include_usage: true } };
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, retry: { attempts: 1 } });
const onPartial = () => {};

describe.each(WIRES)("$name, streamed", (wire) => {
  let server: ProviderServer;
  let model: ModelClient;
  beforeAll(async () => {
    server = await providerServer(wire.bodies);
    model = wire.client(server.url);
  });
  afterAll(() => server.close());

  it("has the tokens that the provider counted, and asks for them where it has to", {
    tags: "F8.9",
  }, async () => {
    const plain = await next.request(["hello"], { model });
    const shown = await next.request(["hello"], { model, onPartial });
    server.will(OK);
    const answer = await next.call(["hello"], { model, onPartial });
    expect(answer).toMatchObject({ ok: true, value: { message: "hi" } });
    expect(answer.completion.usage).toEqual(USAGE);
    expect(answer.completion.requestDigest).toBe(shown.digest);
    const sent = server.requests.at(-1);
    expect(sent?.text).toBe(shown.body);
    expect(sent?.path).toBe(wire.streams ? (wire.streamPath ?? wire.path) : wire.path);
    // The streamed request differs from the plain one in nothing else.
    const more =
      !wire.streams || wire.name === "google"
        ? {}
        : wire.bodies === openaiChatBodies
          ? ASKED
          : { stream: true };
    expect(sent?.body).toEqual({ ...JSON.parse(plain.body), ...more });
  });
});

describe("a server that does not know stream_options", { tags: "F8.9" }, () => {
  let server: ProviderServer;
  beforeAll(async () => {
    server = await providerServer(openaiChatBodies);
  });
  afterAll(() => server.close());
  afterEach(() => expect(server.takeBack()).toBe(0));
  const clientWith = (options: object = {}): ModelClient => ({
    name: "old",
    provider: "openai-generic",
    options: { model: "m", api_key: "k", base_url: `${server.url}/v1`, ...options },
  });
  const bodies = (from: number) => server.requests.slice(from).map(({ text }) => JSON.parse(text));

  it.each<[string, Behaviour]>([
    ["400", { status: 400, body: { error: { message: "Unknown parameter: 'stream_options'." } } }],
    [
      "422",
      {
        status: 422,
        body: {
          detail: [{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Not permitted" }],
        },
      },
    ],
    ["plain text", { status: 400, body: "include_usage is not supported" }],
  ])("is asked at once without them, and never with them again: %s", async (_, refusal) => {
    const model = clientWith();
    const before = server.requests.length;
    server.will(refusal, OK, OK);
    const answer = await next.call(["x"], { model, onPartial });
    expect(answer).toMatchObject({ ok: true, completion: { usage: null } });
    // Nothing went wrong that anybody need know of.
    expect(answer.completion.failedAttempts).toBeUndefined();
    expect(answer.completion.requestDigest).toBe(sha256(server.requests.at(-1)?.text ?? ""));
    expect((await next.request(["x"], { model, onPartial })).digest).toBe(answer.completion.requestDigest);
    await next.call(["x"], { model, onPartial });
    const asked = bodies(before).map((body) => body.stream_options);
    expect(asked).toEqual([{ include_usage: true }, undefined, undefined]);
  });

  it("is asked once more only: what it says then is final", async () => {
    const before = server.requests.length;
    const refusal = { status: 400, body: { error: { message: "no, and no stream_options either" } } };
    server.will(refusal, refusal);
    await expect(next.call(["x"], { model: clientWith(), onPartial })).rejects.toBeInstanceOf(
      ProviderRejectedError,
    );
    expect(server.requests.length - before).toBe(2);
  });

  it("another 400 is final at once", async () => {
    const before = server.requests.length;
    server.will({ status: 400, body: { error: { message: "no such model" } } });
    await expect(next.call(["x"], { model: clientWith(), onPartial })).rejects.toThrow("no such model");
    expect(server.requests.length - before).toBe(1);
  });

  it("other failures count as ever before and after", async () => {
    const refusal = { status: 400, body: { error: { message: "stream_options?" } } };
    const patient = promptFunction(b, "NextStep", {
      bamlFiles: undefined,
      retry: { attempts: 2, firstDelay: 0 },
    });
    server.will({ status: 500 }, refusal, OK);
    const answer = await patient.call(["x"], { model: clientWith(), onPartial });
    expect(answer.completion.failedAttempts).toEqual(["old: 500 status 500"]);
  });

  it("keeps the stream_options that the client sets itself", async () => {
    const before = server.requests.length;
    server.will(OK);
    await next.call(["x"], { model: clientWith({ stream_options: { include_usage: false } }), onPartial });
    expect(bodies(before)[0].stream_options).toEqual({ include_usage: false });
  });

  it("a thread that mentions stream_options is asked with them all the same", async () => {
    const before = server.requests.length;
    server.will(OK);
    const model = clientWith();
    const answer = await next.call(['"stream_options":{"include_usage":false}'], { model, onPartial });
    expect(bodies(before)[0].stream_options).toEqual({ include_usage: true });
    expect(answer.completion.usage).toEqual(USAGE);
  });

  it("reads counts that come with every chunk, or with the last one that has a choice", async () => {
    const chunk = (content: string, finish: string | null, output: number) =>
      JSON.stringify({
        choices: [{ index: 0, delta: { content }, finish_reason: finish }],
        usage: { prompt_tokens: 11, completion_tokens: output, prompt_tokens_details: { cached_tokens: 3 } },
      });
    server.will({ events: [chunk(DONE.slice(0, 9), null, 2), chunk(DONE.slice(9), "stop", 7), "[DONE]"] });
    const answer = await next.call(["x"], { model: clientWith(), onPartial });
    expect(answer.completion).toMatchObject({ raw: DONE, usage: USAGE });
  });
});
