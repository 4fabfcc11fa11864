import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { sha256 } from "../../src/base/digest.ts";
import { ProviderRejectedError, ProviderUnavailableError } from "../../src/prompts/errors.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { KEY, WIRES } from "./servers/wires.ts";

const DONE = '{"intent":"done_for_now","message":"grüße 👋"}';
const VALUE = { intent: "done_for_now", message: "grüße 👋" };

/** Waits are recorded, not waited for. */
const waits: number[] = [];
const clock: Clock = {
  now: () => Date.UTC(2026, 0, 1),
  sleep: async (ms) => {
    waits.push(ms);
  },
};
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, clock, random: () => 1 });

describe.each(WIRES)("$name", (wire) => {
  let server: ProviderServer;
  let client: ModelClient;
  beforeAll(async () => {
    server = await providerServer(wire.bodies);
    client = wire.client(server.url);
  });
  afterAll(() => server.close());
  beforeEach(() => {
    waits.length = 0;
  });
  const latest = () => server.requests.at(-1);

  it("asks with the exact request that `request` shows, and reads the answer with its usage", {
    tags: "F2.8",
  }, async () => {
    const shown = await next.request(["hello"], { model: client });
    server.will({ text: DONE });
    const answer = await next.call(["hello"], { model: client });

    expect(answer).toMatchObject({ ok: true, value: VALUE, fidelity: { grade: "exact" }, more: [] });
    expect(answer.completion).toMatchObject({
      raw: DONE,
      client: client.name,
      usage: { inputTokens: 11, outputTokens: 7, cachedInputTokens: 3 },
      requestDigest: shown.digest,
    });
    expect(latest()).toMatchObject({ method: "POST", path: wire.path, text: shown.body });
    expect(shown.digest).toBe(sha256(shown.body));
    expect(shown.url).toBe(server.url + wire.path);
    if (wire.auth !== undefined) expect(latest()?.headers[wire.auth[0]]).toBe(wire.auth[1]);
    for (const [name, value] of Object.entries(shown.headers)) expect(latest()?.headers[name]).toBe(value);
    expect(latest()?.headers["baml-original-url"]).toBeUndefined();
    expect(JSON.stringify(shown)).not.toContain(KEY);
  });

  it("keeps the model's thoughts out of the answer", { tags: "F2.8" }, async () => {
    server.will({ text: DONE, thoughts: '{"intent":"refund","order_id":"A1","amount":4000}' });
    const answer = await next.call(["hello"], { model: client });
    expect(answer).toMatchObject({ ok: true, value: VALUE, completion: { raw: DONE } });
  });

  it("refuses an answer that was cut at the token limit", { tags: "S4" }, async () => {
    server.will({ text: DONE, finish: "length" });
    const answer = await next.call(["hello"], { model: client });
    expect(answer).toMatchObject({ ok: false, reason: "cut_off", completion: { raw: DONE } });
  });

  it("refuses an answer that a content filter stopped", async () => {
    server.will({ text: "", finish: "filtered" });
    const answer = await next.call(["hello"], { model: client });
    expect(answer).toMatchObject({ ok: false, reason: "content_filtered" });
  });

  it.each([400, 401, 403, 404, 422])(
    "takes %i as final, with the provider's words",
    { tags: "F9.9" },
    async (status) => {
      server.will({ status, body: { error: { message: `no, because ${KEY} is bad` } } });
      const before = server.requests.length;
      const error = await next.call(["hello"], { model: client }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ProviderRejectedError);
      expect(error).toMatchObject({ code: "provider_rejected", status, client: client.name });
      expect(String(error)).toContain("no, because");
      if (wire.auth !== undefined) expect(JSON.stringify([error, String(error)])).not.toContain(KEY);
      expect(server.requests.length - before).toBe(1);
    },
  );

  it.each([429, 500, 503, 529])("asks again after %i", { tags: "F9.9" }, async (status) => {
    server.will({ status }, { text: DONE });
    const answer = await next.call(["hello"], { model: client });
    expect(answer).toMatchObject({ ok: true, value: VALUE });
    expect(answer.completion.failedAttempts).toEqual([`${client.name}: ${status} status ${status}`]);
    expect(waits).toEqual([500]);
  });

  it("gives up after three attempts", { tags: "F9.9" }, async () => {
    server.will({ status: 500 }, { status: 502 }, { status: 503 });
    const error = await next.call(["hello"], { model: client }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProviderUnavailableError);
    expect(error).toMatchObject({ code: "provider_unavailable", status: 503 });
    expect(error).toHaveProperty("attempts.length", 3);
    expect(waits).toEqual([500, 1000]);
  });
});

describe.each(WIRES.filter(({ streams }) => streams))("$name, streamed", (wire) => {
  let server: ProviderServer;
  let client: ModelClient;
  beforeAll(async () => {
    server = await providerServer(wire.bodies);
    client = wire.client(server.url);
  });
  afterAll(() => server.close());

  it("streams partials and then gives the same answer", { tags: "S6" }, async () => {
    server.will({ text: DONE, thoughts: "hm" });
    const partials: unknown[] = [];
    const answer = await next.call(["hello"], {
      model: client,
      onPartial: (partial) => partials.push(partial),
    });
    expect(answer).toMatchObject({
      ok: true,
      value: VALUE,
      fidelity: { grade: "exact" },
      completion: { raw: DONE, usage: { inputTokens: 11, outputTokens: 7 } },
    });
    expect(server.requests.at(-1)?.path).toBe(wire.streamPath ?? wire.path);
    expect(partials.length).toBeGreaterThan(0);
  });

  it("does not take the beginning of a stream that was cut for an answer", { tags: "S6" }, async () => {
    server.will({ cutStream: { text: DONE } }, { cutStream: { text: DONE } }, { text: DONE });
    const answer = await next.call(["hello"], { model: client, onPartial: () => {} });
    expect(answer).toMatchObject({ ok: true, value: VALUE });
    expect(answer.completion.failedAttempts).toHaveLength(2);
    expect(answer.completion.failedAttempts?.[0]).toContain("the stream ended before the answer did");
  });

  it("refuses a streamed answer that was cut at the token limit", { tags: "S4" }, async () => {
    server.will({ text: DONE, finish: "length" });
    const answer = await next.call(["hello"], { model: client, onPartial: () => {} });
    expect(answer).toMatchObject({ ok: false, reason: "cut_off" });
  });
});
