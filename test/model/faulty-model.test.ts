import { afterEach, describe, expect, it } from "vitest";
import { calculator } from "../../src/agents/calculator/agent.ts";
import {
  FAULTS,
  type Fault,
  type FaultyModel,
  type FaultyOptions,
  startFaultyModel,
  startOfflineModel,
} from "../../src/model/index.ts";
import { ProviderError } from "../../src/prompts/errors.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { startThread } from "../../src/thread/thread.ts";
import { ask, chatBody, post } from "./ask-model.ts";

const THREAD = startThread({ agent: "calculator" }, 0);
/** A model that is asked once, however it answers. */
const once = (url: string) => ({ ...localModel("faulty", url), retry: { attempts: 1 } });

const GOOD = '```json\n{\n  "intent": "multiply",\n  "a": 3,\n  "b": 4\n}\n```';

describe("the faulty model", () => {
  let model: FaultyModel | undefined;
  afterEach(() => model?.close());

  const always = async (fault: Fault, options: Partial<FaultyOptions> = {}) => {
    model = await startFaultyModel({
      answer: GOOD,
      seed: 1,
      rates: { [fault]: 1 },
      dripInterval: 1,
      ...options,
    });
    return model;
  };

  it("has a test for each fault", () => {
    expect(FAULTS).toHaveLength(26);
  });

  it("passes good answers through", async () => {
    const upstream = await startOfflineModel();
    model = await startFaultyModel({ upstream: upstream.url, seed: 1, rates: {} });
    expect(await ask(model, "hello")).toBe(await ask(upstream, "hello"));
    expect(model.served).toEqual([null]);
    await upstream.close();
  });

  it("asks a function for the good answer", async () => {
    model = await startFaultyModel({
      answer: ({ messages }) => `you said ${messages[0]?.text}`,
      seed: 1,
      rates: {},
    });
    expect(await ask(model, "hello")).toBe("you said hello");
  });

  it("gives the same faults for the same seed, in about the rates asked for", { tags: "E3" }, async () => {
    const rates = { garbage: 0.3, rate_limited: 0.2 };
    const run = async (seed: number) => {
      const faulty = await startFaultyModel({ answer: GOOD, seed, rates });
      const bodies: string[] = [];
      for (let count = 0; count < 100; count += 1) {
        bodies.push(`${await (await post(faulty, chatBody("x"))).text()}`);
      }
      await faulty.close();
      return { served: faulty.served, bodies };
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect((await run(8)).served).not.toEqual(first.served);
    const count = (fault: Fault) => first.served.filter((served) => served === fault).length;
    expect(count("garbage")).toBeGreaterThan(15);
    expect(count("garbage")).toBeLessThan(45);
    expect(count("rate_limited")).toBeGreaterThan(8);
    expect(count("rate_limited")).toBeLessThan(35);
  });

  it("unknown intent: the step with an intent that does not exist", async () => {
    expect(JSON.parse(await ask(await always("unknown_intent"), "x"))).toEqual({
      intent: "teleport",
      a: 3,
      b: 4,
    });
  });

  it("missing fields: the intent alone", async () => {
    expect(JSON.parse(await ask(await always("missing_fields"), "x"))).toEqual({ intent: "multiply" });
  });

  it("two steps: the good one and another", async () => {
    const content = await ask(await always("two_steps"), "x");
    expect(content.startsWith(GOOD)).toBe(true);
    expect(JSON.parse(content.slice(GOOD.length))).toEqual({ intent: "multiply", a: 4, b: 5 });
  });

  it("garbage and empty: no step at all", async () => {
    expect(await ask(await always("garbage"), "x")).not.toContain("multiply");
    await model?.close();
    expect(await ask(await always("empty"), "x")).toBe("");
  });

  it("truncated: a beginning, with finish_reason length", async () => {
    const { choices } = JSON.parse(await (await post(await always("truncated"), chatBody("x"))).text());
    expect(choices[0].finish_reason).toBe("length");
    expect(GOOD.startsWith(choices[0].message.content)).toBe(true);
    expect(choices[0].message.content.length).toBeLessThan(GOOD.length);
  });

  it.each([
    ["rate_limited", 429, null],
    ["rate_limited_retry_after", 429, "3"],
    ["server_error", 500, null],
  ] as const)("%s: status and Retry-After", async (fault, status, retryAfter) => {
    const response = await post(await always(fault, { retryAfter: 3 }), chatBody("x"));
    expect([response.status, response.headers.get("retry-after")]).toEqual([status, retryAfter]);
    expect(await response.json()).toHaveProperty("error.message");
  });

  it("hang: nothing until the client gives up", async () => {
    const giveUp = new AbortController();
    const hanging = await always("hang");
    const request = post(hanging, chatBody("x"), { signal: giveUp.signal });
    await expect.poll(() => hanging.served).toEqual(["hang"]);
    giveUp.abort();
    await expect(request).rejects.toThrow("abort");
  });

  it.each([[false], [true]])("reset: headers, then a broken body (stream: %s)", async (stream) => {
    const response = await post(await always("reset"), chatBody("x", { stream }));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it("slow drip: the whole answer in many pieces", async () => {
    const response = await post(await always("slow_drip", { dripInterval: 5 }), chatBody("x"));
    let pieces = 0;
    let text = "";
    for await (const piece of response.body ?? []) {
      pieces += 1;
      text += Buffer.from(piece).toString();
    }
    expect(pieces).toBeGreaterThan(1);
    expect(JSON.parse(text).choices[0].message.content).toBe(GOOD);
  });

  const STEP = { intent: "multiply", a: 3, b: 4 };

  it.each(["keepalives", "extra_fields", "odd_content_type", "gzip"] as const)(
    "%s: the step is read as it is, streamed or not",
    async (fault) => {
      for (const onPartial of [undefined, () => {}]) {
        const { url } = await always(fault);
        const answer = await calculator.nextStep.call(THREAD, { model: once(url), onPartial });
        expect(answer).toMatchObject({ ok: true, value: STEP, fidelity: { grade: "exact" } });
        await model?.close();
      }
    },
  );

  it.each(["failed_finish", "no_finish", "error_in_choice", "error_as_stream"] as const)(
    "%s: no answer at all, streamed or not",
    async (fault) => {
      for (const onPartial of [undefined, () => {}]) {
        const { url } = await always(fault);
        await expect(
          calculator.nextStep.call(THREAD, { model: once(url), onPartial }),
        ).rejects.toBeInstanceOf(ProviderError);
        await model?.close();
      }
    },
  );

  it.each(["filtered", "only_thoughts", "odd_numbers"] as const)("%s: refused or doubtful", async (fault) => {
    const answer = await calculator.nextStep.call(THREAD, { model: once((await always(fault)).url) });
    expect(answer.ok ? answer.fidelity.grade : answer.reason).not.toMatch(/exact|tolerant/);
  });

  it.each(["negated", "draft_and_correction", "duplicate_key"] as const)("%s: doubtful", async (fault) => {
    const answer = await calculator.nextStep.call(THREAD, { model: once((await always(fault)).url) });
    expect(answer).toMatchObject({ ok: true, fidelity: { grade: "doubtful" } });
  });

  it("passes the upstream's errors on", async () => {
    const upstream = await startFaultyModel({ answer: GOOD, seed: 1, rates: { server_error: 1 } });
    model = await startFaultyModel({ upstream: upstream.url, seed: 1, rates: {} });
    expect((await post(model, chatBody("x"))).status).toBe(500);
    await upstream.close();
  });

  it.each([
    [{ rates: { garbage: 0.7, empty: 0.7 } }],
    [{ rates: { garbage: -1 } }],
    [{ rates: { garbage: Number.NaN } }],
    [{ rates: {}, upstream: "http://127.0.0.1:9/v1" }],
  ])("refuses options that do not fit together: %j", async (options) => {
    await expect(startFaultyModel({ answer: GOOD, seed: 1, ...options })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });
});
