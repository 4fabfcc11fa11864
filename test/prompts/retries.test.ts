import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import {
  CallAbortedError,
  PromptTooLongError,
  ProviderRejectedError,
  ProviderUnavailableError,
} from "../../src/prompts/errors.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelChoice, ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type Behaviour, type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { openaiChatBodies } from "./servers/wire-bodies.ts";

const NOW = Date.UTC(2026, 0, 1);
const DONE = '{"intent":"done_for_now","message":"hi"}';
const OK = { text: DONE };

const waits: number[] = [];
const clock: Clock = {
  now: () => NOW,
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    waits.push(ms);
  },
};
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, clock, random: () => 0 });

let first: ProviderServer;
let second: ProviderServer;
let client: ModelClient;
let other: ModelClient;
beforeAll(async () => {
  first = await providerServer(openaiChatBodies);
  second = await providerServer(openaiChatBodies);
  client = clientFor("first", first.url);
  other = clientFor("second", second.url);
});
afterAll(() => Promise.all([first.close(), second.close()]));
beforeEach(() => {
  waits.length = 0;
});
afterEach(() => {
  expect([first.takeBack(), second.takeBack()]).toEqual([0, 0]);
});

function clientFor(name: string, url: string): ModelClient {
  return { name, provider: "openai-generic", options: { model: "m", api_key: "k", base_url: `${url}/v1` } };
}

function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.unreachable("the call succeeded"),
    (error: unknown) => error,
  );
}

describe("waits", () => {
  it("waits as long as Retry-After says, in seconds", { tags: "F9.9" }, async () => {
    first.will({ status: 429, headers: { "retry-after": "7" } }, OK);
    await next.call(["x"], { model: client });
    expect(waits).toEqual([7000]);
  });

  it("reads Retry-After as a date", { tags: "F9.9" }, async () => {
    first.will({ status: 503, headers: { "retry-after": new Date(NOW + 9000).toUTCString() } }, OK);
    await next.call(["x"], { model: client });
    expect(waits).toEqual([9000]);
  });

  it("reads retry-after-ms and Google's RetryInfo", { tags: "F9.9" }, async () => {
    first.will(
      { status: 429, headers: { "retry-after-ms": "1500", "retry-after": "2" } },
      { status: 429, body: { error: { message: "slow", details: [{ retryDelay: "3.5s" }] } } },
      OK,
    );
    await next.call(["x"], { model: client });
    expect(waits).toEqual([1500, 3500]);
  });

  it("never waits less than the back-off, which doubles, between half of it and all of it", {
    tags: "F9.9",
  }, async () => {
    first.will({ status: 429, headers: { "retry-after": "0" } }, { status: 500 }, { status: 500 }, OK);
    await next.call(["x"], { model: client, retry: { attempts: 4 } });
    expect(waits).toEqual([250, 500, 1000]);
    waits.length = 0;
    const late = promptFunction(b, "NextStep", {
      bamlFiles: undefined,
      clock,
      random: () => 1,
      retry: { attempts: 9, maxDelay: 3000 },
    });
    first.will(...Array<Behaviour>(8).fill({ status: 500 }), OK);
    await late.call(["x"], { model: client });
    expect(waits).toEqual([500, 1000, 2000, 3000, 3000, 3000, 3000, 3000]);
  });

  it("does not wait longer than allowed, and says how long the provider wants", {
    tags: "F9.9",
  }, async () => {
    first.will({ status: 429, headers: { "retry-after": "3600" } });
    const error = await failureOf(next.call(["x"], { model: client }));
    expect(error).toBeInstanceOf(ProviderUnavailableError);
    expect(error).toMatchObject({ retryAfterMs: 3_600_000, status: 429 });
    expect(waits).toEqual([]);
  });

  it("takes an empty account for what it is, not for too many requests", { tags: "F9.9" }, async () => {
    first.will({
      status: 429,
      body: { error: { message: "You exceeded your quota", code: "insufficient_quota" } },
    });
    expect(await failureOf(next.call(["x"], { model: client }))).toBeInstanceOf(ProviderRejectedError);
  });

  it("gives a 4xx error a message that says what to do", { tags: "F9.9" }, async () => {
    first.will({ status: 401 }, { status: 404 });
    const key = await failureOf(next.call(["x"], { model: client }));
    expect(String(key)).toBe(
      "ProviderRejectedError: first refuses the request: 401 status 401 (check the key)",
    );
    const model = await failureOf(next.call(["x"], { model: client }));
    expect(String(model)).toContain("check the model's name and the base URL");
  });
});

describe("a server that is still loading its model", () => {
  const LOADING: Behaviour = {
    status: 503,
    body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
  };

  it("is waited for, however many tries that takes", { tags: "F9.9" }, async () => {
    first.will(...Array<Behaviour>(7).fill(LOADING), OK);
    const answer = await next.call(["x"], { model: client });
    expect(answer.ok).toBe(true);
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000]);
  });

  it("is given up after the time for it", { tags: "F9.9" }, async () => {
    first.will(...Array<Behaviour>(4).fill(LOADING));
    const options = { model: client, retry: { maxLoading: 2000 } };
    expect(await failureOf(next.call(["x"], options))).toBeInstanceOf(ProviderUnavailableError);
    expect(waits).toEqual([250, 500, 1000]);
  });

  it("any other 503 is tried three times as ever", { tags: "F9.9" }, async () => {
    first.will(...Array<Behaviour>(3).fill({ status: 503 }));
    expect(await failureOf(next.call(["x"], { model: client }))).toBeInstanceOf(ProviderUnavailableError);
    expect(waits).toEqual([250, 500]);
  });
});

describe("a prompt that is longer than the server reads", () => {
  it.each<[string, number, string, object]>([
    [
      "OpenAI",
      400,
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
      { type: "invalid_request_error", code: "context_length_exceeded" },
    ],
    [
      "vLLM",
      400,
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
      { type: "BadRequestError", code: 400 },
    ],
    [
      "llama.cpp",
      400,
      "the request exceeds the available context size, try increasing it",
      { code: 400, type: "exceed_context_size_error", n_ctx: 4096 },
    ],
    ["llama.cpp before", 500, "the request exceeds the available context size. try increasing it", {}],
    [
      "Anthropic",
      400,
      "prompt is too long: 210000 tokens > 200000 maximum",
      { type: "invalid_request_error" },
    ],
    ["Anthropic by size", 413, "Request exceeds the maximum size", { type: "request_too_large" }],
    [
      "Google",
      400,
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      { code: 400, status: "INVALID_ARGUMENT" },
    ],
    ["Bedrock", 400, "Input is too long for requested model.", {}],
    [
      "Mistral",
      400,
      "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      {},
    ],
    ["xAI", 400, "This model's maximum prompt length is 131072 but the request contains 140000 tokens.", {}],
    [
      "LM Studio",
      400,
      "The number of tokens to keep from the initial prompt is greater than the context length",
      {},
    ],
    ["a gateway", 200, "maximum context length exceeded", { code: 400 }],
  ])("is an error of its own, never tried again: %s", { tags: "F9.9" }, async (_, status, message, more) => {
    first.will({ status, body: { error: { ...more, message } } });
    const error = await failureOf(next.call(["x"], { model: client }));
    expect(error).toBeInstanceOf(PromptTooLongError);
    expect(error).toMatchObject({ code: "prompt_too_long", client: "first" });
    expect(String(error)).toContain(message);
    expect(waits).toEqual([]);
  });

  it.each([
    ["max_tokens is too large: 100000. This model supports at most 16384 completion tokens", 400],
    ["Too many tokens, please wait before trying again", 429],
  ])("is not taken for another refusal: %s", { tags: "F9.9" }, async (message, status) => {
    first.will({ status, body: { error: { message } } });
    const error = await failureOf(next.call(["x"], { model: client, retry: { attempts: 1 } }));
    expect(error).not.toBeInstanceOf(PromptTooLongError);
  });

  it("is not looked for longer because a provider repeats itself", { tags: "F9.9" }, async () => {
    const message = "exceed".repeat(100_000);
    first.will({ status: 400, body: { error: { message } } });
    const error = await failureOf(next.call(["x"], { model: client, retry: { attempts: 1 } }));
    expect(error).not.toBeInstanceOf(PromptTooLongError);
  });

  it("may fit the next client", { tags: "F2.8" }, async () => {
    first.will({ status: 400, body: { error: { message: "", code: "context_length_exceeded" } } });
    second.will(OK);
    const answer = await next.call(["x"], { model: { clients: [client, other], strategy: "fallback" } });
    expect(answer.completion.client).toBe("second");
  });
});

describe("answers that are none", () => {
  it.each<[string, Behaviour, string]>([
    ["an empty body", { status: 200, body: "" }, "an empty body"],
    [
      "an HTML page",
      { status: 200, body: "<html><title>Log in</title><script>x()</script></html>" },
      '"Log in"',
    ],
    ["JSON of another kind", { status: 200, body: { ok: true } }, "no completion"],
    ["half of the JSON", { status: 200, body: '{"choices":[{"mess' }, "no completion"],
    [
      "an error with status 200",
      { status: 200, body: { error: { message: "overloaded", code: 503 } } },
      "503 overloaded",
    ],
  ])("tries again after %s with status 200", { tags: "F9.9" }, async (_, behaviour, message) => {
    first.will(behaviour, OK);
    const answer = await next.call(["x"], { model: client });
    expect(answer.ok).toBe(true);
    expect(answer.completion.failedAttempts?.[0]).toContain(message);
  });

  it("takes an error that a gateway reports with status 200 as final where its code says so", async () => {
    first.will({ status: 200, body: { error: { message: "no such model", code: 404 } } });
    const error = await failureOf(next.call(["x"], { model: client }));
    expect(error).toBeInstanceOf(ProviderRejectedError);
    expect(error).toMatchObject({ status: 404 });
  });

  it("does not follow a redirect, which would carry the key away", async () => {
    first.will({ status: 307, headers: { location: `${second.url}/v1/chat/completions` } });
    const before = second.requests.length;
    expect(await failureOf(next.call(["x"], { model: client }))).toMatchObject({ status: 307 });
    expect(second.requests.length).toBe(before);
  });

  it("reports an error in the middle of a stream and tries again", async () => {
    first.will(
      { events: ['{"choices":[{"delta":{"content":"{"}}]}', '{"error":{"message":"boom","code":500}}'] },
      OK,
    );
    const answer = await next.call(["x"], { model: client, onPartial: () => {} });
    expect(answer.completion.failedAttempts).toEqual(["first: 500 boom"]);
  });

  it.each(["hang", "reset"] as const)(
    "takes a stream that said how it finished for whole, although its connection does not end: %s",
    { tags: "S6" },
    async (atEnd) => {
      const events = openaiChatBodies.events(OK, true).filter((event) => event !== "[DONE]");
      first.will({ events, atEnd });
      const answer = await next.call(["x"], { model: client, timeouts: { idle: 300 }, onPartial: () => {} });
      expect(answer).toMatchObject({ ok: true, completion: { raw: DONE, usage: { outputTokens: 7 } } });
      expect(answer.completion.failedAttempts).toBeUndefined();
      first.will({ events: events.slice(0, 4), atEnd }, OK);
      const again = await next.call(["x"], { model: client, timeouts: { idle: 300 }, onPartial: () => {} });
      expect(again.completion.failedAttempts).toHaveLength(1);
    },
  );

  it.each(["length", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens", "token_limit"])(
    "a compatible server may call the token limit %s",
    { tags: "S4" },
    async (reason) => {
      first.will({ status: 200, body: { choices: [{ message: { content: DONE }, finish_reason: reason }] } });
      expect(await next.call(["x"], { model: client })).toMatchObject({ ok: false, reason: "cut_off" });
    },
  );

  it("refuses an answer without text, which is the model's mistake", async () => {
    first.will({
      status: 200,
      body: { choices: [{ message: { content: null }, finish_reason: "tool_calls" }] },
    });
    expect(await next.call(["x"], { model: client })).toMatchObject({ ok: false, reason: "empty" });
  });
});

describe("broken connections", () => {
  it.each<[string, Behaviour]>([
    ["before the answer", { reset: "head" }],
    ["in the middle of the body", { reset: "middle" }],
  ])("tries again after a reset %s", { tags: "F9.9" }, async (_, behaviour) => {
    first.will(behaviour, behaviour, OK);
    const answer = await next.call(["x"], { model: client });
    expect(answer.ok).toBe(true);
    expect(answer.completion.failedAttempts?.join()).toMatch(/reset|broke|kept-alive/);
  });

  it("tries again after a reset in the middle of a stream", { tags: "F9.9" }, async () => {
    first.will({ reset: "middle" }, OK);
    const answer = await next.call(["x"], { model: client, onPartial: () => {} });
    expect(answer.completion.failedAttempts).toEqual([
      "first: the connection broke in the middle of the answer",
    ]);
  });

  it("a kept-alive connection that the server has closed costs no attempt", async () => {
    const sockets = new Set<{ destroy(): void }>();
    let requests = 0;
    const body = JSON.stringify(openaiChatBodies.whole(OK));
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    // Answers once on each connection and resets it at the next request, as a server that has just timed it out.
    const server = createServer((socket) => {
      sockets.add(socket);
      let seen = 0;
      socket.on("error", () => {});
      socket.on("data", (data) => {
        if (!data.includes("POST")) return;
        requests += 1;
        seen += 1;
        if (seen === 1) socket.write(head + body);
        else socket.resetAndDestroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const model = clientFor("closing", `http://127.0.0.1:${port}`);
    await next.call(["x"], { model });
    const again = await next.call(["x"], { model });
    expect(again.ok).toBe(true);
    expect(again.completion.failedAttempts).toBeUndefined();
    expect(waits).toEqual([]);
    expect(requests).toBe(3);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it("says that nobody listens, after trying", async () => {
    const model = clientFor("nobody", "http://127.0.0.1:1");
    const error = await failureOf(next.call(["x"], { model }));
    expect(error).toBeInstanceOf(ProviderUnavailableError);
    expect(String(error)).toContain("no connection to 127.0.0.1:1 (ECONNREFUSED)");
    expect(error).toMatchObject({ status: undefined });
  });
});

describe("time-outs", () => {
  const once = { attempts: 1 };
  it.each<[string, Behaviour, object]>([
    ["the first token", { hang: "head" }, { firstToken: 200 }],
    ["the first token", { hang: "body" }, { firstToken: 200 }],
    ["the next part of the answer", { hang: "middle" }, { idle: 200 }],
    ["the whole answer", { drip: "x", everyMs: 5 }, { total: 400, idle: 1000 }],
  ])("ends a wait for %s of a stream: %o", { tags: "F9.9" }, async (awaited, behaviour, timeouts) => {
    first.will(behaviour);
    const options = { model: client, retry: once, timeouts, onPartial: () => {} };
    const error = await failureOf(next.call(["x"], options));
    expect(error).toBeInstanceOf(ProviderUnavailableError);
    expect(String(error)).toContain(`no sign of ${awaited}`);
    await first.requests.at(-1)?.closed;
  });

  it("an answer that is not streamed may take all of its time before its first byte", {
    tags: "F9.9",
  }, async () => {
    first.will({ hang: "head" });
    const timeouts = { firstToken: 10, total: 60 };
    const error = await failureOf(next.call(["x"], { model: client, timeouts }));
    expect(String(error)).toContain("no sign of the whole answer within 60 ms");
    await first.requests.at(-1)?.closed;
  });

  it.each([true, false])(
    "what took longer than all of its time is not asked for again (streamed: %s)",
    {
      tags: "F9.9",
    },
    async (streamed) => {
      first.will({ drip: "x", everyMs: 5 });
      second.will(OK);
      const before = first.requests.length;
      const options = { timeouts: { total: 500, idle: 1000 }, ...(streamed ? { onPartial: () => {} } : {}) };
      const model: ModelChoice = { clients: [client, other], strategy: "fallback" };
      const answer = await next.call(["x"], { ...options, model });
      expect(answer.completion).toMatchObject({
        client: "second",
        failedAttempts: ["first: no sign of the whole answer within 500 ms"],
      });
      expect(first.requests.length - before).toBe(1);
      expect(waits).toEqual([]);
    },
  );

  it("ends a wait for a connection", { tags: "F9.9" }, async () => {
    // TLS is never answered: the connection is not made.
    const server = createServer((socket) => socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const model = clientFor("mute", `https://127.0.0.1:${port}`);
    const error = await failureOf(next.call(["x"], { model, retry: once, timeouts: { connect: 40 } }));
    expect(String(error)).toContain("no sign of a connection within 40 ms");
    await new Promise((resolve) => server.close(resolve));
  });

  it("tries again after a time-out", { tags: "F9.9" }, async () => {
    first.will({ hang: "head" }, OK);
    const options = { model: client, timeouts: { firstToken: 40 }, onPartial: () => {} };
    const answer = await next.call(["x"], options);
    expect(answer.ok).toBe(true);
    expect(waits).toEqual([250]);
  });

  it("an answer that keeps coming may take longer than each of its parts", async () => {
    const events = openaiChatBodies.events({ text: DONE.padEnd(3000) });
    first.will({ events });
    const timeouts = { idle: 2000, firstToken: 2000 };
    expect((await next.call(["x"], { model: client, timeouts, onPartial: () => {} })).ok).toBe(true);
  });
});

describe("connections", () => {
  it("are used again after a whole answer, after a stream and after an error", async () => {
    const ports = new Set<number | undefined>();
    first.will(OK, OK, { status: 400 }, OK);
    await next.call(["x"], { model: client });
    await next.call(["x"], { model: client, onPartial: () => {} });
    // The end of a stream comes right after its last event, not with it.
    await first.requests.at(-1)?.closed;
    await new Promise((resolve) => setImmediate(resolve));
    await failureOf(next.call(["x"], { model: client }));
    await next.call(["x"], { model: client });
    for (const { port } of first.requests.slice(-4)) ports.add(port);
    expect(ports.size).toBe(1);
  });
});

describe("several clients", () => {
  it("falls back to the next client when one is down, and says so on the answer", {
    tags: "F2.8",
  }, async () => {
    first.will({ status: 500 }, { status: 500 }, { status: 500 });
    second.will(OK);
    const model: ModelChoice = { clients: [client, other], strategy: "fallback" };
    const answer = await next.call(["x"], { model });
    expect(answer).toMatchObject({ ok: true, completion: { client: "second" } });
    expect(answer.completion.failedAttempts).toHaveLength(3);
  });

  it("a client that refuses is not asked again, but the next one is", { tags: "F2.8" }, async () => {
    first.will({ status: 401 });
    second.will(OK);
    const answer = await next.call(["x"], { model: { clients: [client, other], strategy: "fallback" } });
    expect(answer.completion).toMatchObject({
      client: "second",
      failedAttempts: ["first: 401 status 401 (check the key)"],
    });
  });

  it("lists every attempt when all clients fail", { tags: "F2.8" }, async () => {
    first.will({ status: 500 }, { status: 500 }, { status: 500 });
    second.will({ status: 403 });
    const error = await failureOf(
      next.call(["x"], { model: { clients: [client, other], strategy: "fallback" } }),
    );
    expect(error).toBeInstanceOf(ProviderRejectedError);
    expect(error).toMatchObject({ client: "second", status: 403 });
    expect(error).toHaveProperty("attempts.length", 4);
  });

  it("round-robin takes turns, and goes on to the next when one is down", { tags: "F2.8" }, async () => {
    const model: ModelChoice = { clients: [client, other], strategy: "round_robin" };
    first.will(OK, OK);
    second.will(OK, OK, OK);
    const clients: string[] = [];
    // Looking at a request takes no turn.
    for (let look = 0; look < 3; look += 1)
      expect((await next.request(["x"], { model })).client).toBe("first");
    for (let turn = 0; turn < 4; turn += 1)
      clients.push((await next.call(["x"], { model })).completion.client);
    expect(clients).toEqual(["first", "second", "first", "second"]);
    first.will({ status: 400 });
    expect((await next.call(["x"], { model })).completion.client).toBe("second");
  });
});

describe("abort", () => {
  it("closes the connection and says that it was aborted", { tags: "F6.4" }, async () => {
    first.will({ hang: "head" });
    const controller = new AbortController();
    const before = first.requests.length;
    const call = failureOf(next.call(["x"], { model: client, signal: controller.signal }));
    await expect.poll(() => first.requests.length).toBe(before + 1);
    controller.abort(new Error("enough"));
    const error = await call;
    expect(error).toBeInstanceOf(CallAbortedError);
    expect(error).toMatchObject({ code: "aborted", cause: { message: "enough" } });
    await first.requests.at(-1)?.closed;
  });

  it("closes the connection in the middle of a stream", { tags: "F6.4" }, async () => {
    first.will({ hang: "middle" });
    const controller = new AbortController();
    const before = first.requests.length;
    const call = failureOf(
      next.call(["x"], { model: client, signal: controller.signal, onPartial: () => {} }),
    );
    await expect.poll(() => first.requests.length).toBe(before + 1);
    controller.abort();
    expect(await call).toBeInstanceOf(CallAbortedError);
    await first.requests.at(-1)?.closed;
  });

  it("ends a wait between two attempts", { tags: "F6.4" }, async () => {
    const controller = new AbortController();
    const waiting: Clock = {
      now: () => NOW,
      sleep: (_, signal) => {
        queueMicrotask(() => controller.abort());
        return new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason)),
        );
      },
    };
    first.will({ status: 500 });
    const patient = promptFunction(b, "NextStep", { bamlFiles: undefined, clock: waiting });
    const error = await failureOf(patient.call(["x"], { model: client, signal: controller.signal }));
    expect(error).toBeInstanceOf(CallAbortedError);
  });

  it("sends nothing when it is aborted already", { tags: "F6.4" }, async () => {
    const before = first.requests.length;
    const error = await failureOf(next.call(["x"], { model: client, signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(CallAbortedError);
    expect(first.requests.length).toBe(before);
  });
});
