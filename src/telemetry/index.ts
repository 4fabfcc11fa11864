// What `import … from "twelvefold/telemetry"` gives: traces. Needs the package `@opentelemetry/api`.
export { traceRuns } from "./telemetry.ts";
