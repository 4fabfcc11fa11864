import type { Runtime } from "../runtime/runtime.ts";
import { meterClients, meterRuns, traceRuns } from "../telemetry/index.ts";

/** Spans and metrics of a runtime, for whatever OpenTelemetry SDK the process was started with. */
export function observeRuntime(runtime: Runtime): void {
  runtime.subscribe(traceRuns());
  runtime.subscribe(meterRuns());
  meterClients(runtime);
}
