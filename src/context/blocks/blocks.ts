import { atOnce } from "../../base/hooks.ts";
import type { CallId } from "../../base/ids.ts";
import { isJsonArray, type Json, type JsonObject, mapFields } from "../../base/json.ts";
import type { EventData, EventOf, EventType, RefusalReason, Step, ThreadEvent } from "../../thread/events.ts";
import { type ContextBlock, isSafeTag } from "./block.ts";
import { cutMiddle, errorText } from "./errors.ts";
import { humanResponseBlocks, withoutAbsent } from "./human-blocks.ts";
import {
  type ContextView,
  defaultOrigin,
  type EarlierEvents,
  type EventFormatters,
  type EventRecord,
  originLabel,
  personName,
} from "./view.ts";

/** The longest part of a refused completion that the model is shown again, where it is. */
const MAX_REFUSED_TEXT = 1000;

/**
 * The blocks of one event. Bookkeeping (ids, keys, digests, times, policies, deliveries) is left out; what the model
 * has already read in another block is not repeated.
 */
export function blocksOf(
  event: ThreadEvent,
  earlier: EarlierEvents,
  view: ContextView,
): readonly ContextBlock[] {
  const blocks = applyFormatter(view.formatters ?? {}, event, earlier) ?? defaultBlocks(event, earlier, view);
  if (blocks.length === 0) return blocks;
  const callId = "callId" in event.data ? event.data.callId : undefined;
  const origin = (view.untrusted ?? defaultOrigin)(
    event,
    callId === undefined ? undefined : earlier.stepOf(callId),
  );
  return origin === undefined
    ? blocks
    : blocks.map((block) => ({ ...block, untrusted: originLabel(origin) }));
}

function applyFormatter<T extends EventType>(
  formatters: EventFormatters,
  event: EventRecord[T],
  earlier: EarlierEvents,
): readonly ContextBlock[] | undefined {
  return atOnce(`the formatter of ${event.type}`, formatters[event.type]?.(event, earlier));
}

/** What the model reads of a step that another agent does meanwhile. */
const IN_BACKGROUND = "started; its outcome will come as an event";

const NOTHING: readonly ContextBlock[] = [];

function defaultBlocks(
  event: ThreadEvent,
  earlier: EarlierEvents,
  view: ContextView,
): readonly ContextBlock[] {
  switch (event.type) {
    case "message_received":
      return [{ tag: event.type, body: view.senders ? withSender(event.data) : event.data.text }];
    case "event_received": {
      const { callId, name, payload } = event.data;
      return callId === undefined
        ? [{ tag: event.type, body: { name, payload } }]
        : [lateOutcome(callId, { kind: "result", outcome: payload }, earlier, view)];
    }
    case "step_proposed":
      return [stepBlock(event.data.step, view)];
    case "step_refused":
      return [{ tag: event.type, body: refusalBody(event.data, earlier, view) }];
    case "steps_dropped":
      return [
        { tag: event.type, body: { reason: event.data.reason, steps: event.data.steps.map(withoutAbsent) } },
      ];
    case "human_asked":
      return askedBlocks(event.data);
    case "human_responded":
      return humanResponseBlocks(event.data, earlier, (step, result) =>
        outcomeBlock(step, "result", result, view),
      );
    case "request_expired":
      return expiredBlocks(event.data, earlier);
    case "tool_finished":
      return [outcomeBlock(earlier.stepOf(event.data.callId), "result", event.data.result, view)];
    case "tool_failed":
      return [outcomeBlock(earlier.stepOf(event.data.callId), "error", errorText(event.data.error), view)];
    case "prefetched":
      return prefetchedBlocks(event.data, view);
    case "woke": {
      const text = event.data.timedOut ? "timed out: what was waited for did not come" : "the wait is over";
      return [lateOutcome(event.data.callId, { kind: "result", outcome: text }, earlier, view)];
    }
    case "child_requested":
      return event.data.background === true
        ? [outcomeBlock(earlier.stepOf(event.data.callId), "result", IN_BACKGROUND, view)]
        : NOTHING;
    case "child_finished":
      return [childOutcome(event, { kind: "result", outcome: event.data.result }, earlier, view)];
    case "child_failed":
      return [childOutcome(event, { kind: "error", outcome: errorText(event.data.error) }, earlier, view)];
    case "finished":
      // With a call id the step that finished the run is shown already.
      return event.data.callId === undefined ? [{ tag: event.type, body: event.data.result }] : NOTHING;
    case "failed":
      return [{ tag: event.type, body: errorText(event.data.error) }];
    case "thread_started":
    case "step_judged":
    case "approval_requested":
    case "notified":
    case "request_escalated":
    case "tool_started":
    case "tool_unknown":
    case "sleep_started":
    case "event_awaited":
    case "child_started":
    case "passed_on":
    case "parent_told":
    case "context_compacted":
    case "events_left_out":
    case "secret_revealed":
    case "paused":
    case "resumed":
    case "budget_reached":
    case "cancelled":
    case "data_erased":
      return NOTHING;
    default:
      return event satisfies never;
  }
}

function withSender({ text, from }: EventData["message_received"]): Json {
  return { from: personName(from), text };
}

function stepBlock(step: Step, view: ContextView): ContextBlock {
  const { intent } = step;
  const shown = fieldsOf(step, view);
  return isSafeTag(intent) ? { tag: intent, body: shown } : { tag: "step", body: { intent, ...shown } };
}

function fieldsOf(step: Step, { hiddenFields = [] }: ContextView): JsonObject {
  return mapFields(withoutAbsent(step), (value, name) =>
    name === "intent" || hiddenFields.includes(name) ? undefined : value,
  );
}

function outcomeBlock(
  step: Step | undefined,
  kind: "result" | "error",
  outcome: Json,
  { renderResult = {} }: ContextView,
): ContextBlock {
  if (step === undefined) return { tag: `step_${kind}`, body: outcome };
  const { intent } = step;
  const render = kind === "result" && Object.hasOwn(renderResult, intent) ? renderResult[intent] : undefined;
  const body = render === undefined ? outcome : atOnce("`renderResult`", render(outcome, step));
  return isSafeTag(intent)
    ? { tag: `${intent}_${kind}`, body }
    : { tag: `step_${kind}`, body: { intent, [kind]: body } };
}

interface Outcome {
  readonly kind: "result" | "error";
  readonly outcome: Json;
}

/** The outcome of a call that others may have run beside: it says whose it is where that is not plain. */
function lateOutcome(
  callId: CallId,
  { kind, outcome }: Outcome,
  earlier: EarlierEvents,
  view: ContextView,
): ContextBlock {
  const step = earlier.stepOf(callId);
  const block = outcomeBlock(step, kind, outcome, view);
  if (step === undefined || !earlier.isAmbiguous(callId, false)) return block;
  return { ...block, body: { of: fieldsOf(step, view), [kind]: block.body } };
}

function childOutcome(
  event: EventOf<"child_finished" | "child_failed">,
  { kind, outcome }: Outcome,
  earlier: EarlierEvents,
  view: ContextView,
): ContextBlock {
  const { callId, background } = event.data;
  if (background !== true) return lateOutcome(callId, { kind, outcome }, earlier, view);
  const step = earlier.stepOf(callId);
  const name = { step: step?.intent ?? "" };
  const of = step !== undefined && earlier.isAmbiguous(callId, true) ? { of: fieldsOf(step, view) } : {};
  return { tag: event.type, body: { ...name, ...of, [kind]: outcome } };
}

function prefetchedBlocks(
  { name, arguments: given, outcome, as }: EventData["prefetched"],
  view: ContextView,
): readonly ContextBlock[] {
  if (as === "parameter") return NOTHING;
  const step: Step = { ...given, intent: name };
  const block =
    outcome.kind === "result"
      ? outcomeBlock(step, "result", outcome.result, view)
      : outcomeBlock(step, "error", errorText(outcome.error), view);
  if (as === "call") return Object.keys(given).length === 0 ? [block] : [stepBlock(step, view), block];
  if (outcome.kind === "error") return [block];
  return isJsonArray(outcome.result)
    ? outcome.result.map((item) => ({ tag: as, body: item }))
    : [{ tag: as, body: block.body }];
}

/** Why a step was refused, in the model's words. */
const REFUSED_BECAUSE: { readonly [Reason in RefusalReason]: string } = {
  unparseable: "the answer could not be used",
  unknown_intent: "there is no such step",
  invalid_arguments: "what it was called with is not accepted",
  doubtful: "it is not clear that it was meant",
  judge: "a review did not let it pass",
  repeated: "it is the same step again",
  requester: "whoever asked for it may not have it done any more",
};

function refusalBody(
  refused: EventData["step_refused"],
  earlier: EarlierEvents,
  { echoRefused = false }: ContextView,
): Json {
  const { reason, message, callId, completion } = refused;
  const step = callId === undefined ? undefined : earlier.stepOf(callId);
  return {
    ...(step === undefined ? {} : { step: step.intent }),
    // Threads of other releases may hold other reasons.
    reason: Object.hasOwn(REFUSED_BECAUSE, reason) ? REFUSED_BECAUSE[reason] : reason,
    message,
    ...(completion === undefined || !echoRefused
      ? {}
      : { answer: cutMiddle(completion.raw, MAX_REFUSED_TEXT) }),
  };
}

// A step that asks is its own question; what only people deal with (budgets, providers, outcomes) is theirs.
function askedBlocks({ kind, question, callId }: EventData["human_asked"]): readonly ContextBlock[] {
  return kind === "question" && callId === undefined ? [{ tag: "human_asked", body: question }] : NOTHING;
}

function expiredBlocks(
  expired: EventData["request_expired"],
  earlier: EarlierEvents,
): readonly ContextBlock[] {
  if (expired.outcome === "ask_again") return NOTHING;
  const question = earlier.requestAt(expired.request)?.question ?? "the request";
  return [{ tag: "request_expired", body: `${question}: denied, because nobody decided in time` }];
}
