import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { newProject, root, run } from "./packed.ts";

/** The oldest API that the package accepts, with an SDK of its time. */
const OLDEST = {
  "@opentelemetry/api": "1.3.0",
  "@opentelemetry/sdk-metrics": "1.8.0",
  "@opentelemetry/sdk-trace-base": "1.8.0",
};

const PROGRAM = `
import { metrics, trace } from "@opentelemetry/api";
import metricsSdk from "@opentelemetry/sdk-metrics";
import traceSdk from "@opentelemetry/sdk-trace-base";
import { createMemoryStore, createRuntime, defineAgent, finish, verifiedBy } from "twelvefold";
import { meterRuns, traceRuns } from "twelvefold/telemetry";

const spans = new traceSdk.InMemorySpanExporter();
const tracers = new traceSdk.BasicTracerProvider();
tracers.addSpanProcessor(new traceSdk.SimpleSpanProcessor(spans));
trace.setGlobalTracerProvider(tracers);
const meters = new metricsSdk.MeterProvider();
const exporter = new metricsSdk.InMemoryMetricExporter(0);
const reader = new metricsSdk.PeriodicExportingMetricReader({ exporter });
meters.addMetricReader(reader);
metrics.setGlobalMeterProvider(meters);

const completion = { raw: "", client: "openai/m", usage: null, durationMs: 1, requestDigest: "" };
const fidelity = { grade: "exact", reasons: [] };
const value = { intent: "done", message: "3" };
const nextStep = {
  name: "Next",
  version: "1",
  call: async () => ({ ok: true, value, fidelity, more: [], completion }),
  request: async () => { throw new Error("no request"); },
  parse: () => { throw new Error("no text"); },
};
const agent = defineAgent(nextStep, { name: "sum", steps: { done: finish(({ message }) => message) } });
const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
runtime.subscribe(traceRuns());
runtime.subscribe(meterRuns());
const from = verifiedBy("terminal", "ada");
const { threadId } = await runtime.launch({ agent: "sum", input: { message: "1 + 2", from } });
await runtime.settled(threadId);
await runtime.stop();
const { scopeMetrics } = (await reader.collect()).resourceMetrics;
const named = scopeMetrics.flatMap((scope) => scope.metrics);
console.log(spans.getFinishedSpans().map(({ name }) => name).sort().join());
console.log(named.map(({ descriptor }) => descriptor.name).includes("twelvefold.runs"));
process.exit(0);
`;

describe("traces and metrics with the oldest API of OpenTelemetry that is accepted", { tags: "F8.5" }, () => {
  it("npm installs it beside the package, and its SDK gets spans and metrics", () => {
    const project = newProject(inject("archive"), OLDEST);
    writeFileSync(join(project, "program.mjs"), PROGRAM);
    const printed = run(join(root, "node_modules", ".bin", "node"), ["program.mjs"], project);
    expect(printed.trim().split("\n")).toEqual(["chat m,invoke_agent sum", "true"]);
  });
});
