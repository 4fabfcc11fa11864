import { type Meter, metrics } from "@opentelemetry/api";
import type { Runtime } from "../runtime/runtime.ts";
import { requestAttributes } from "./genai.ts";

/**
 * Measures with OpenTelemetry how the limited model clients stand, over all processes: `twelvefold.client.calls`, those under way
 * (`twelvefold.call.state`: `running`) and those that wait for their turn (`waiting`, by agent). Read whenever the meter
 * collects; does nothing unless the application has set up a meter provider. Returns a function that ends this.
 *
 * @example
 * const stop = meterClients(runtime);
 */
export function meterClients(
  runtime: Pick<Runtime, "pressure">,
  meter: Meter = metrics.getMeter("twelvefold"),
): () => void {
  const calls = meter.createObservableGauge("twelvefold.client.calls", {
    description: "Calls of limited model clients, under way or waiting for their turn",
  });
  const read: Parameters<typeof calls.addCallback>[0] = async (result) => {
    for (const { client, running, waiting } of await runtime.pressure()) {
      const about = requestAttributes(client);
      result.observe(running, { ...about, "twelvefold.call.state": "running" });
      for (const [agent, count] of Object.entries(waiting))
        result.observe(count, { ...about, "gen_ai.agent.name": agent, "twelvefold.call.state": "waiting" });
    }
  };
  calls.addCallback(read);
  return () => calls.removeCallback(read);
}
