import { type Attributes, type Meter, metrics } from "@opentelemetry/api";
import { completionsOf, costOfUsage, type PriceTable } from "../agent/budget.ts";
import { PRICE } from "../agent/options.ts";
import { fields, optional, record, text } from "../base/checks.ts";
import type { CompletionRecord } from "../base/completion.ts";
import { checkOptions } from "../base/options.ts";
import type { Observer } from "../runtime/observers.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { ThreadState } from "../thread/state.ts";
import { requestAttributes, responseAttributes } from "./genai.ts";

export interface MeterOptions {
  /** What tokens cost, so that money is measured. Default: no money is. */
  readonly prices?: PriceTable | undefined;
  /** The currency of the prices. Default `USD`. */
  readonly currency?: string | undefined;
}

const OPTIONS = fields({ prices: optional(record(PRICE)), currency: optional(text()) });

/**
 * Creates an observer that measures runs with OpenTelemetry: `gen_ai.client.token.usage` and
 * `gen_ai.client.operation.duration` of the GenAI conventions, and `twelvefold.steps`, `twelvefold.cost`,
 * `twelvefold.people.wait` (seconds from a request to its end), `twelvefold.denials` (by tool), `twelvefold.client.held_back` (model
 * calls that had to wait for their turn) and `twelvefold.runs` (by how they ended). No content, ids or names of people. Does nothing unless the application has set up a meter provider. Throws
 * `UsageError` for prices that cannot be.
 *
 * @example
 * const stop = runtime.subscribe(meterRuns({ prices: { "*": { input: 1, output: 4 } } }));
 */
export function meterRuns(
  options: MeterOptions = {},
  meter: Meter = metrics.getMeter("twelvefold"),
): Observer {
  checkOptions("meterRuns", OPTIONS, options);
  const instruments = createInstruments(meter, options.currency ?? "USD");
  return (observation) => {
    if (observation.kind === "held_back") {
      const { agent: name, client } = observation;
      instruments.heldBack.add(1, { "gen_ai.agent.name": name, ...requestAttributes(client) });
    }
    if (observation.kind !== "events") return;
    const { events, thread } = observation;
    let state = observation.before;
    const agent = { "gen_ai.agent.name": thread.state.agent };
    for (const event of events) {
      measure(instruments, event, { state, agent, prices: options.prices });
      // Only what was pending before this batch can have been waited for.
      if (state.request !== null && endsRequest(event)) state = { ...state, request: null };
    }
  };
}

type Instruments = ReturnType<typeof createInstruments>;

function createInstruments(meter: Meter, currency: string) {
  return {
    tokens: meter.createHistogram("gen_ai.client.token.usage", {
      unit: "{token}",
      description: "Tokens of model calls, by type",
    }),
    duration: meter.createHistogram("gen_ai.client.operation.duration", {
      unit: "s",
      description: "Duration of model calls",
    }),
    steps: meter.createCounter("twelvefold.steps", { description: "Steps that models proposed" }),
    cost: meter.createCounter("twelvefold.cost", { unit: currency, description: "What model calls cost" }),
    wait: meter.createHistogram("twelvefold.people.wait", {
      unit: "s",
      description: "Time from a request to people until its end",
    }),
    heldBack: meter.createCounter("twelvefold.client.held_back", {
      description: "Model calls that had to wait for their turn",
    }),
    denials: meter.createCounter("twelvefold.denials", { description: "Steps that people denied, by tool" }),
    runs: meter.createCounter("twelvefold.runs", { description: "Runs that ended, by how" }),
  };
}

interface Measured {
  /** Before the event, as far as requests are concerned. */
  readonly state: ThreadState;
  readonly agent: Attributes;
  readonly prices: PriceTable | undefined;
}

function measure(instruments: Instruments, event: ThreadEvent, about: Measured): void {
  const { agent, state } = about;
  for (const completion of completionsOf(event)) measureCall(instruments, completion, about);
  switch (event.type) {
    case "step_proposed":
      instruments.steps.add(1, { ...agent, "gen_ai.tool.name": event.data.step.intent });
      break;
    case "human_responded":
      measureWait(instruments, event, { ...about, outcome: event.data.decision.kind });
      if (event.data.decision.kind === "denied" && state.request?.type === "approval")
        instruments.denials.add(1, { ...agent, "gen_ai.tool.name": state.request.card.intent });
      break;
    case "request_expired":
      measureWait(instruments, event, { ...about, outcome: "expired" });
      break;
    case "finished":
    case "failed":
    case "cancelled":
      instruments.runs.add(1, { ...agent, "twelvefold.status": event.type });
      break;
    default:
      break;
  }
}

function measureCall(
  { tokens, duration, cost }: Instruments,
  completion: CompletionRecord,
  { agent, prices }: Measured,
): void {
  const { client, usage, durationMs } = completion;
  const { "gen_ai.response.model": model } = responseAttributes(completion);
  const attributes = {
    ...agent,
    "gen_ai.operation.name": "chat",
    ...requestAttributes(client),
    ...(model === undefined ? {} : { "gen_ai.response.model": model }),
  };
  duration.record(durationMs / 1000, attributes);
  if (usage === null) return;
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  tokens.record(inputTokens, { ...attributes, "gen_ai.token.type": "input" });
  tokens.record(outputTokens, { ...attributes, "gen_ai.token.type": "output" });
  // A part of the input, not tokens beside it.
  tokens.record(cachedInputTokens, { ...attributes, "gen_ai.token.type": "twelvefold.cached_input" });
  if (prices === undefined) return;
  const price = Object.hasOwn(prices, client) ? prices[client] : undefined;
  cost.add(costOfUsage(usage, price ?? prices["*"]), attributes);
}

function endsRequest({ type }: ThreadEvent): boolean {
  return type === "human_responded" || type === "request_expired";
}

function measureWait(
  { wait }: Instruments,
  { at, data }: ThreadEvent,
  { state: { request }, agent, outcome }: Measured & { readonly outcome: string },
): void {
  if (request === null || !("request" in data) || data.request !== request.seq) return;
  const seconds = Math.max(0, Date.parse(at) - Date.parse(request.askedAt)) / 1000;
  const kind = request.type === "approval" ? "approval" : request.kind;
  wait.record(seconds, { ...agent, "twelvefold.request.kind": kind, "twelvefold.outcome": outcome });
}
