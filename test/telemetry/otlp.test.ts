import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAgent } from "../../src/agent/agent.ts";
import { randomThreadId, requestIdOf } from "../../src/base/ids.ts";
import type { Observer } from "../../src/runtime/observers.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { meterClients, meterRuns, traceRuns } from "../../src/telemetry/index.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { propertyRuns } from "../property-runs.ts";
import { ada, approvalOf, bob, testRuntime } from "../runtime/harness.ts";

/* What a collector gets, in OTLP's JSON: https://opentelemetry.io/docs/specs/otlp/ */
const value = z.union([
  z.object({ stringValue: z.string() }).transform((v) => v.stringValue),
  z.object({ intValue: z.union([z.number(), z.string()]) }).transform((v) => Number(v.intValue)),
  z.object({ doubleValue: z.number() }).transform((v) => v.doubleValue),
  z.object({ arrayValue: z.object({ values: z.array(z.unknown()) }) }).transform((v) => v.arrayValue.values),
]);
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .transform((list) => Object.fromEntries(list.map((one) => [one.key, one.value])));
const span = z.object({
  name: z.string(),
  kind: z.number(),
  attributes,
  events: z.array(z.object({ name: z.string(), attributes })).default([]),
  status: z.object({ code: z.number().optional() }).loose(),
});
const traces = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(span) })) })),
});
const point = z.object({ attributes, sum: z.number().optional(), asDouble: z.number().optional() }).loose();
const points = z.object({ dataPoints: z.array(point) });
const metric = z.object({
  name: z.string(),
  unit: z.string().optional(),
  sum: points.optional(),
  histogram: points.optional(),
  gauge: points.optional(),
});
const measures = z.object({
  resourceMetrics: z.array(z.object({ scopeMetrics: z.array(z.object({ metrics: z.array(metric) })) })),
});

const received: Record<string, string[]> = { "/v1/traces": [], "/v1/metrics": [] };
const collector = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    received[request.url ?? ""]?.push(Buffer.concat(chunks).toString("utf8"));
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
});
let url = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const address = collector.address();
  url = `http://127.0.0.1:${isPort(address) ? address.port : 0}`;
});
afterAll(() => {
  collector.closeAllConnections();
  collector.close();
});

function isPort(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

type PayStep = { intent: "pay"; amount: number } | { intent: "done"; message: string };

/** What a collector gets while `act` is observed. */
async function watched(content: boolean, act: (observers: readonly Observer[]) => Promise<void>) {
  const tracer = new TracerProvider({
    spanProcessors: [
      // Sent by `forceFlush`, at once.
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${url}/v1/traces` }),
        maxExportBatchSize: 1_000,
        scheduledDelayMillis: 3_600_000,
      }),
    ],
  });
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 10_000,
  });
  const meter = new MeterProvider({ readers: [reader] });
  const prices = { "*": { input: 10, cachedInput: 1, output: 100 } };
  await act([
    traceRuns(tracer.getTracer("test"), { content }),
    meterRuns({ prices }, meter.getMeter("test")),
  ]);
  await tracer.forceFlush();
  await meter.forceFlush();
  await Promise.all([tracer.shutdown(), meter.shutdown()]);
  const take = (path: string) => received[path]?.splice(0) ?? [];
  return { traces: take("/v1/traces"), metrics: take("/v1/metrics") };
}

/** One thread whose first payment is denied after 90 s, and whose second one is approved. */
async function run(content: boolean) {
  const usage = { inputTokens: 1000, outputTokens: 20, cachedInputTokens: 800 };
  const response = { id: "msg_1", model: "gpt-5-mini-2026-01-01", finish: "stop" };
  const completion = { client: "google/gemini-x", usage, response };
  const script = [
    { intent: "pay", amount: 41 },
    { intent: "pay", amount: 42 },
    { intent: "done", message: "secret end" },
  ] as const;
  const scripted = scriptedSteps<PayStep>(script);
  const nextStep: typeof scripted = Object.create(scripted, {
    call: {
      value: async (...args: Parameters<typeof scripted.call>) => {
        const answer = await scripted.call(...args);
        return { ...answer, completion: { ...answer.completion, ...completion } };
      },
    },
  });
  const agent = defineAgent(nextStep, {
    name: "payer",
    steps: {
      pay: tool(({ amount }) => ({ secretReceipt: amount }), {
        approval: "always",
        judge: () => ({ verdict: "pass", reason: "secret reason" }),
      }),
      done: finish(({ message }) => message),
    },
  });
  const clock = fakeClock();
  const threadId = randomThreadId();
  const runtime = testRuntime({ agents: [agent], clock, newThreadId: () => threadId });
  const sent = await watched(content, async (observers) => {
    for (const observer of observers) runtime.subscribe(observer);
    await runtime.launch({ agent: "payer", input: { message: "secret wish", from: ada } });
    for (const decision of [{ kind: "denied", feedback: "no" }, { kind: "approved" }] as const) {
      const thread = await runtime.settled(threadId);
      await clock.advance(90_000);
      const { digest, seq } = approvalOf(thread);
      await runtime.respond(requestIdOf(threadId, seq), { decision, digest }, bob);
    }
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
  });
  return { ...sent, threadId };
}

describe("telemetry as a collector gets it", { tags: ["F8.5", "F3.17"] }, () => {
  it("spans have the GenAI names, the provider's facts and the cached tokens, but no content", async () => {
    const { threadId, traces: bodies } = await run(false);
    const spans = bodies.flatMap((body) =>
      traces
        .parse(JSON.parse(body))
        .resourceSpans.flatMap((one) => one.scopeSpans.flatMap(({ spans }) => spans)),
    );
    const chat = spans.find(({ name }) => name === "chat gemini-x");
    expect(chat).toMatchObject({ kind: 3 });
    expect(chat?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "gcp.gemini",
      "gen_ai.request.model": "gemini-x",
      "gen_ai.response.model": "gpt-5-mini-2026-01-01",
      "gen_ai.response.id": "msg_1",
      "gen_ai.response.finish_reasons": [{ stringValue: "stop" }],
      "gen_ai.usage.input_tokens": 1000,
      "gen_ai.usage.output_tokens": 20,
      "gen_ai.usage.cache_read.input_tokens": 800,
      "twelvefold.usage.cached_share": 0.8,
      "gen_ai.conversation.id": threadId,
      "gen_ai.agent.name": "payer",
    });
    expect(spans.map(({ name }) => name)).toContain("execute_tool pay");
    const agents = spans.filter(({ name }) => name === "invoke_agent payer");
    expect(agents).toHaveLength(3);
    const evaluations = agents.flatMap(({ events }) => events);
    expect(evaluations[0]).toMatchObject({
      name: "gen_ai.evaluation.result",
      attributes: {
        "gen_ai.evaluation.name": "step_judge",
        "gen_ai.evaluation.score.label": "pass",
        "gen_ai.tool.name": "pay",
      },
    });
    expect(bodies.join("")).not.toContain("secret");
  });

  it("content is recorded where it is asked for", async () => {
    const { traces: bodies } = await run(true);
    for (const text of ["secret wish", "secret end", "secretReceipt", "secret reason"])
      expect(bodies.join("")).toContain(text);
  });

  it("no secret that a rule of the agent knows is in it, whoever said it and wherever", async () => {
    // Digits alone may be the number of a card, which has a rule of its own.
    const hex = fc
      .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 12, maxLength: 20 })
      .filter((text) => !/\d{12}/.test(text));
    const around = fc.constantFrom("", " ", '"', "\n", "</script>", "\\", "\u202e", "ключ: ");
    const cases = fc.record({ hex, before: around, after: around, content: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(cases, async ({ hex: digits, before, after, content }) => {
        const secret = `badge/${digits}`;
        const pin = `horse-${digits}`;
        const say = (what: string) => `${what} ${before}${secret}${after} end`;
        const script = [
          { intent: "pay", amount: 1, note: say("first"), pin },
          { intent: "pay", amount: 2, note: `again with ${pin}`, pin },
          { intent: "done", message: say("result") },
        ] as const;
        type Step = { intent: "pay"; amount: number; note: string; pin: string } | (typeof script)[2];
        const agent = defineAgent(scriptedSteps<Step>(script), {
          name: "payer",
          context: {
            redact: { patterns: [{ kind: "badge", pattern: /badge\/[0-9a-f]+/g }], fields: ["pin"] },
          },
          steps: {
            pay: tool(
              ({ amount, pin: given }) => {
                if (amount === 1) throw new Error(say(`refused ${given}`));
                return { [secret]: say("returned"), nested: [{ pin: given }] };
              },
              { approval: "always", judge: () => ({ verdict: "pass", reason: say("judged") }) },
            ),
            done: finish(({ message }) => message),
          },
        });
        const { traces: bodies, metrics } = await watched(content, async (observers) => {
          const runtime = testRuntime({ agents: [agent] });
          for (const observer of observers) {
            runtime.subscribe(observer);
            // What goes wrong in the process may repeat anything.
            runtime.subscribe((observation) => {
              if (observation.kind === "events" && observation.thread.state.status.kind === "running")
                observer({ kind: "problem", threadId: observation.thread.id, error: new Error(say(pin)) });
            });
          }
          const input = { message: say("wish"), from: ada };
          const { threadId } = await runtime.launch({ agent: "payer", input });
          for (const decision of [{ kind: "approved" }, { kind: "denied", feedback: say("no") }] as const) {
            const { digest, seq } = approvalOf(await runtime.settled(threadId));
            await runtime.respond(requestIdOf(threadId, seq), { decision, digest }, bob);
          }
          expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
        });
        const sent = [...bodies, ...metrics].join("");
        expect(sent).not.toContain(digits);
        expect(/\[badge:1\]/.test(sent)).toBe(content);
        if (content)
          for (const what of ["wish", "first", "again", "judged", "result"]) expect(sent).toContain(what);
      }),
      { numRuns: Math.min(1_000, propertyRuns(6)) },
    );
  });

  it("steps, tokens, money, time waiting for people and denials by tool are measured", async () => {
    const { metrics: bodies } = await run(false);
    const all = bodies.flatMap((body) =>
      measures
        .parse(JSON.parse(body))
        .resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap(({ metrics }) => metrics)),
    );
    const pointsOf = (name: string) => {
      const found = all.findLast((one) => one.name === name);
      return (found?.sum ?? found?.histogram)?.dataPoints ?? [];
    };
    const sums = (name: string, key: string) =>
      Object.fromEntries(
        pointsOf(name).map((one) => [one.attributes[key], one.sum ?? one.asDouble ?? Number(one["asInt"])]),
      );
    expect(sums("twelvefold.steps", "gen_ai.tool.name")).toEqual({ pay: 2, done: 1 });
    expect(sums("twelvefold.denials", "gen_ai.tool.name")).toEqual({ pay: 1 });
    expect(sums("twelvefold.people.wait", "twelvefold.outcome")).toEqual({ denied: 90, approved: 90 });
    expect(sums("twelvefold.runs", "twelvefold.status")).toEqual({ finished: 1 });
    expect(sums("gen_ai.client.token.usage", "gen_ai.token.type")).toEqual({
      input: 3000,
      output: 60,
      "twelvefold.cached_input": 2400,
    });
    // Three calls: 200 fresh tokens at 10, 800 cached at 1, 20 out at 100, each for a million.
    expect(sums("twelvefold.cost", "gen_ai.agent.name")["payer"]).toBeCloseTo((3 * 4800) / 1_000_000, 9);
    expect(bodies.join("")).not.toContain("secret");
    expect(bodies.join("")).not.toContain("bob");
  });

  it("calls that are held back, and those that wait now", async () => {
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
      exportIntervalMillis: 3_600_000,
      exportTimeoutMillis: 10_000,
    });
    const provider = new MeterProvider({ readers: [reader] });
    const about = { client: "openai/gpt-5-mini", agent: "payer" };
    const observe = meterRuns({}, provider.getMeter("test"));
    observe({ kind: "held_back", ...about, threadId: randomThreadId() });
    const pressure = async () => [{ client: about.client, running: 2, waiting: { payer: 3 } }];
    const stop = meterClients({ pressure }, provider.getMeter("test"));
    await provider.forceFlush();
    stop();
    await provider.shutdown();
    const bodies = received["/v1/metrics"]?.splice(0) ?? [];
    const all = bodies.flatMap((body) =>
      measures
        .parse(JSON.parse(body))
        .resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap(({ metrics }) => metrics)),
    );
    const pointsOf = (name: string) => {
      const found = all.find((one) => one.name === name);
      return (found?.sum ?? found?.gauge)?.dataPoints.map((one) => [
        one.attributes["gen_ai.request.model"],
        one.attributes["gen_ai.agent.name"],
        one.attributes["twelvefold.call.state"],
        one.asDouble ?? Number(one["asInt"]),
      ]);
    };
    expect(pointsOf("twelvefold.client.held_back")).toEqual([["gpt-5-mini", "payer", undefined, 1]]);
    expect(pointsOf("twelvefold.client.calls")).toEqual([
      ["gpt-5-mini", undefined, "running", 2],
      ["gpt-5-mini", "payer", "waiting", 3],
    ]);
  });

  it("options that could not work are refused", () => {
    // @ts-expect-error: a misspelt option
    expect(() => traceRuns(undefined, { contents: true })).toThrow(/contents/);
    expect(() => meterRuns({ prices: { "*": { input: -1, output: 1 } } })).toThrow(/prices/);
  });
});
