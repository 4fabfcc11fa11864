// What `import … from "twelvefold/telemetry"` gives: traces and metrics. Needs the package `@opentelemetry/api`.
export { meterClients } from "./clients.ts";
export { type MeterOptions, meterRuns } from "./metrics.ts";
export { type TraceOptions, traceRuns } from "./telemetry.ts";
