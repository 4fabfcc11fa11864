import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { ProviderRejectedError } from "../../src/prompts/errors.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type Behaviour, type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { anthropicBodies, openaiChatBodies, openaiResponsesBodies } from "./servers/wire-bodies.ts";
import { WIRES } from "./servers/wires.ts";

const DONE = '{"intent":"done_for_now","message":"grüße 👋"}';
const OK = { text: DONE };
const EXACT = { ok: true, fidelity: { grade: "exact" }, completion: { raw: DONE } };
const clock: Clock = { now: () => 0, sleep: async () => {} };
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, clock });
const onPartial = () => {};

const EVENTS = openaiChatBodies.events(OK, true);
const WHOLE = JSON.stringify(openaiChatBodies.whole(OK));
const sse = (events: readonly string[], end = "\n") =>
  events.map((event) => `data: ${event}${end}${end}`).join("");
const bytes = (text: string, type = "text/event-stream"): Behaviour => ({ bytes: Buffer.from(text), type });

let server: ProviderServer;
let model: ModelClient;
beforeAll(async () => {
  server = await providerServer(openaiChatBodies);
  model = { name: "m", provider: "openai-generic", options: { model: "m", base_url: `${server.url}/v1` } };
});
afterAll(() => server.close());
afterEach(() => expect(server.takeBack()).toBe(0));

async function expectExact(behaviour: Behaviour, streamed = true): Promise<void> {
  server.will(behaviour);
  const answer = await next.call(["x"], { model, ...(streamed ? { onPartial } : {}) });
  expect(answer).toMatchObject(EXACT);
  expect(answer.completion.failedAttempts).toBeUndefined();
}

describe("streams", () => {
  it.each([
    ["a comment as data", ": keepalive"],
    ["nothing", ""],
    ["a blank", " "],
    ["a word", "ping"],
    ["an empty object", "{}"],
  ])("go on after an event that keeps the connection alive: %s", { tags: "F9.9" }, async (_, alive) => {
    const events = EVENTS.flatMap((event) => [alive, event]);
    await expectExact(bytes(sse(events)));
  });

  it("go on after comments, other fields and a byte order mark", { tags: "F9.9" }, async () => {
    const text = EVENTS.map(
      (event) => `: OPENROUTER PROCESSING\n\nevent: message\nid: 1\ndata\ndata:${event}\n\n`,
    );
    await expectExact(bytes(`\ufeff${text.join("")}`));
  });

  it.each([
    ["CR", "\r"],
    ["LF", "\n"],
    ["CR LF", "\r\n"],
  ])("may end their lines with %s, wherever their parts are cut", { tags: "F9.9" }, async (_, end) => {
    const text = Buffer.from(sse(EVENTS, end));
    await expectExact({ bytes: text, type: "text/event-stream" });
    for (const size of [1, 7]) {
      const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        text.subarray(at * size, (at + 1) * size),
      );
      await expectExact({ bytes: parts, type: "text/event-stream" });
    }
  });

  it("that end their lines with CR end with their last event, not with their connection", async () => {
    await expectExact({ bytes: [Buffer.from(sse(EVENTS, "\r"))], type: "text/event-stream", atEnd: "hang" });
  });

  it.each(["text/plain", "application/x-ndjson", "application/json", "application/octet-stream"])(
    "are read as such under %s",
    { tags: "F9.9" },
    (type) => expectExact(bytes(sse(EVENTS), type)),
  );

  it.each([
    { code: 0, message: "Success" },
    { error: "" },
    { error: null },
    { error: {} },
    { error: false, code: "200", message: "OK" },
  ])("may have %j in each event", { tags: "F9.9" }, async (more) => {
    const events = EVENTS.map((event) =>
      event === "[DONE]" ? event : JSON.stringify({ ...JSON.parse(event), ...more }),
    );
    await expectExact(bytes(sse(events)));
    server.will({ status: 200, body: { ...JSON.parse(WHOLE), ...more } });
    expect(await next.call(["x"], { model })).toMatchObject(EXACT);
  });

  it("may repeat the whole answer in their last event", async () => {
    const last = JSON.stringify({ choices: [{ message: { content: DONE }, finish_reason: "stop" }] });
    await expectExact(bytes(sse([...EVENTS.slice(0, -3), last, "[DONE]"])));
  });

  it("with half of an event in them are failed attempts", { tags: "F9.9" }, async () => {
    const events = [...EVENTS];
    events.splice(3, 1, (events[3] ?? "").slice(0, -4));
    server.will(bytes(sse(events)), OK);
    const answer = await next.call(["x"], { model, onPartial });
    expect(answer.completion.failedAttempts).toEqual(["m: a part of the stream cannot be read"]);
  });
});

describe("whole bodies as streams", () => {
  it.each([
    ["plain", WHOLE],
    ["in several lines", JSON.stringify(JSON.parse(WHOLE), null, 2)],
    ["with [DONE] after it", `${WHOLE}\n\ndata: [DONE]\n\n`],
    ["as an event", sse([WHOLE])],
    ["as an event, with [DONE]", sse([WHOLE, "[DONE]"])],
  ])("are read: %s", { tags: "F9.9" }, async (_, text) => {
    await expectExact(bytes(text));
    await expectExact(bytes(text), false);
  });

  it.each([
    ["anthropic", anthropicBodies],
    ["openai-responses", openaiResponsesBodies],
  ])("are read from %s too", { tags: "F9.9" }, async (name, bodies) => {
    const client = WIRES.find((wire) => wire.name === name)?.client(server.url);
    server.will(bytes(sse([JSON.stringify(bodies.whole(OK))])));
    expect(await next.call(["x"], { model: client ?? model, onPartial })).toMatchObject(EXACT);
  });

  it.each([
    ["plain", '{"error":{"message":"no such model","code":404}}'],
    ["with [DONE] after it", '{"error":{"message":"no such model","code":404}}\n\ndata: [DONE]\n\n'],
    ["as an event", sse(['{"error":{"message":"no such model","code":"404"}}'])],
    ["as an event, with [DONE]", sse(['{"error":{"message":"no such model","code":404}}', "[DONE]"])],
    ["as an event of its own kind", `event: error\n${sse(['{"code":404,"message":"no such model"}'])}`],
  ])("that report an error are errors: %s", { tags: "F9.9" }, async (_, text) => {
    for (const options of [{ model }, { model, onPartial }]) {
      server.will(bytes(text));
      const error = await next.call(["x"], options).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ProviderRejectedError);
      expect(error).toMatchObject({ status: 404, message: expect.stringContaining("no such model") });
    }
  });

  it("an error status has its words in a stream as well", { tags: "F9.9" }, async () => {
    const headers = { "content-type": "text/event-stream" };
    server.will({ status: 401, headers, body: `event: error\n${sse(['{"error":{"message":"bad key"}}'])}` });
    await expect(next.call(["x"], { model, onPartial })).rejects.toThrow("401 bad key (check the key)");
  });
});

describe("compressed answers that nobody asked for", () => {
  const ways = [
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["br", brotliCompressSync],
  ] as const;

  it.each(ways)("are read: %s", { tags: "F9.9" }, async (encoding, compress) => {
    const headers = { "content-encoding": encoding };
    await expectExact({ bytes: compress(Buffer.from(WHOLE)), headers }, false);
    await expectExact({ bytes: compress(Buffer.from(sse(EVENTS))), type: "text/event-stream", headers });
  });

  it("are read where no header says so", { tags: "F9.9" }, () =>
    expectExact({ bytes: gzipSync(Buffer.from(WHOLE)) }, false),
  );

  it("that are cut are failed attempts", { tags: "F9.9" }, async () => {
    const zipped = gzipSync(Buffer.from(WHOLE));
    server.will({ bytes: zipped.subarray(0, -20), headers: { "content-encoding": "gzip" } }, OK);
    const answer = await next.call(["x"], { model });
    expect(answer.completion.failedAttempts).toEqual(["m: the compressed answer is cut or damaged"]);
  });

  it("do not grow without end", { tags: "S1" }, async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
    server.will({ bytes: bomb, headers: { "content-encoding": "gzip" } });
    await expect(next.call(["x"], { model })).rejects.toThrow("the answer is larger than 33554432 bytes");
  });

  it("in a way that nobody knows are named", async () => {
    server.will({ bytes: Buffer.from(WHOLE), headers: { "content-encoding": "zstd" } }, OK);
    const answer = await next.call(["x"], { model });
    expect(answer.completion.failedAttempts?.[0]).toContain("(zstd)");
  });
});
