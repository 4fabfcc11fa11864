import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProviderRejectedError } from "../../src/prompts/errors.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { openaiChatBodies } from "./servers/wire-bodies.ts";

const MAIL =
  '{"intent":"send_mail","to":["a@x.org"],"subject":"hello","body":"a long body that comes in many parts"}';

let server: ProviderServer;
let model: ModelClient;
beforeAll(async () => {
  server = await providerServer(openaiChatBodies);
  model = {
    name: "m",
    provider: "openai-generic",
    options: { model: "m", api_key: "k", base_url: `${server.url}/v1` },
  };
});
afterAll(() => server.close());
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, retry: { attempts: 1 } });

describe("streaming", { tags: "S6" }, () => {
  it("gives partials to be shown, then the answer", async () => {
    server.will({ text: MAIL });
    const stream = next.stream(["x"], { model });
    const partials: unknown[] = [];
    for await (const partial of stream) partials.push(partial);
    const answer = await stream.answer;
    expect(partials.length).toBeGreaterThan(0);
    expect(answer).toMatchObject({ ok: true, value: { body: "a long body that comes in many parts" } });
    // A partial is never more than the beginning of the answer.
    for (const partial of partials)
      expect(MAIL).toContain(String(Reflect.get(Object(partial), "subject") ?? ""));
  });

  it("ends for those who iterate late, and may be iterated by several", async () => {
    server.will({ text: MAIL });
    const stream = next.stream(["x"], { model });
    const count = async () => {
      let seen = 0;
      for await (const _ of stream) seen += 1;
      return seen;
    };
    const both = await Promise.all([count(), count()]);
    expect(both.every((seen) => seen > 0)).toBe(true);
    expect(await count()).toBeLessThanOrEqual(1);
  });

  it("gives each partial once, however many parts of the stream change nothing in it", async () => {
    const text = '{"intent":"done_for_now","message":"hi"}';
    const events = [...text.slice(0, -1), ...Array<string>(50).fill(" "), "}"].map((content) =>
      JSON.stringify({ choices: [{ delta: { content } }] }),
    );
    const end = '{"choices":[{"delta":{},"finish_reason":"stop"}]}';
    server.will({ events: [...events, end, "[DONE]"] });
    const partials: string[] = [];
    await next.call(["x"], { model, onPartial: (partial) => partials.push(JSON.stringify(partial)) });
    expect(partials.length).toBeGreaterThan(0);
    expect(partials.filter((partial, at) => partial === partials[at - 1])).toEqual([]);
  });

  it("goes on when nobody iterates, and the answer is there", async () => {
    server.will({ text: MAIL });
    expect((await next.stream(["x"], { model }).answer).ok).toBe(true);
  });

  it("fails in the iteration and in the answer alike", async () => {
    server.will({ status: 400 });
    const stream = next.stream(["x"], { model });
    const iterate = async () => {
      for await (const _ of stream) expect.unreachable();
    };
    await expect(iterate()).rejects.toBeInstanceOf(ProviderRejectedError);
    await expect(stream.answer).rejects.toBeInstanceOf(ProviderRejectedError);
  });

  it("shows no thoughts as partials", async () => {
    server.will({ text: `<think>{"intent":"refund","order_id":"A1","amount":4000} </think>\n${MAIL}` });
    const stream = next.stream(["x"], { model });
    for await (const partial of stream) expect(JSON.stringify(partial)).not.toContain("refund");
    expect(await stream.answer).toMatchObject({ ok: true, value: { intent: "send_mail" } });
  });

  it("reads an answer that is not streamed although it was asked for", async () => {
    server.will({ status: 200, body: openaiChatBodies.whole({ text: MAIL }) });
    expect(await next.stream(["x"], { model }).answer).toMatchObject({
      ok: true,
      value: { intent: "send_mail" },
    });
  });

  it("passes on what `onPartial` throws", async () => {
    server.will({ text: MAIL });
    const broken = () => {
      throw new Error("cannot show this");
    };
    await expect(next.call(["x"], { model, onPartial: broken })).rejects.toThrow("cannot show this");
    await server.requests.at(-1)?.closed;
  });

  it("streams text as text", async () => {
    server.will({ text: "one two three four five six" });
    const stream = promptFunction(b, "Summarize", { bamlFiles: undefined }).stream(["x"], { model });
    for await (const partial of stream) expect("one two three four five six").toContain(partial);
    expect(await stream.answer).toMatchObject({ ok: true, value: "one two three four five six" });
  });

  it("understands events with comments, carriage returns and several data lines", async () => {
    const chunk = (content: string) => `{"choices":[{"delta":{"content":${JSON.stringify(content)}}}]}`;
    const [first, second] = [MAIL.slice(0, 30), MAIL.slice(30)];
    const body = [
      ": keep-alive",
      "",
      "event: message",
      `data: ${chunk(first)}`,
      "id: 1",
      "",
      `data:${chunk(second).replace("[", "[\r\ndata: ")}`,
      "",
      'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}',
      "",
      "data: [DONE]",
      "",
      "",
    ].join("\r\n");
    server.will({ bytes: Buffer.from(body), type: "text/event-stream" });
    expect(await next.stream(["x"], { model }).answer).toMatchObject({ ok: true, completion: { raw: MAIL } });
  });
});
