import type { CompletionRecord, Fidelity } from "../../base/completion.ts";
import type { CallId } from "../../base/ids.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { inWords, visible } from "../../present/text.ts";
import type { ErrorInfo, EventOf, ThreadEvent } from "../../thread/events.ts";
import { fullNameOf, nameOf } from "./person.ts";
import { decisionInWords } from "./request-history.ts";

export type Tone = "neutral" | "person" | "wait" | "good" | "bad";

/** A line under an item: what else happened to it. */
export interface Mark {
  readonly seq: number;
  readonly at: string;
  readonly text: string;
  readonly tone: Tone;
}

/** One entry of the timeline: an event, or a step of the model with everything that became of it. */
export interface TimelineItem {
  /** Sequence number of its first event; names the item. */
  readonly seq: number;
  /** Sequence number of the latest event in it. */
  lastSeq: number;
  readonly at: string;
  readonly heading: string;
  tone: Tone;
  /** Words of a person, a model or the system, shown with their line breaks. */
  text?: string;
  /** The arguments of a step, or the payload of an event. */
  fields?: JsonObject;
  result?: Json;
  error?: ErrorInfo;
  readonly marks: Mark[];
  completion?: CompletionRecord;
  fidelity?: Fidelity;
  /** The model was asked for this item: what it saw can be shown. */
  readonly byModel: boolean;
}

/** A thread as people read it: steps together with their approvals and results, in the order they began. Pure. */
export function timelineOf(events: readonly ThreadEvent[]): readonly TimelineItem[] {
  const items: TimelineItem[] = [];
  const ofCall = new Map<CallId, TimelineItem>();
  const ofRequest = new Map<number, TimelineItem>();
  for (const event of events) {
    const callId = "callId" in event.data ? event.data.callId : undefined;
    const asked = "request" in event.data ? event.data.request : undefined;
    const owner =
      (callId === undefined ? undefined : ofCall.get(callId)) ??
      (asked === undefined ? undefined : ofRequest.get(asked));
    if (owner === undefined || event.type === "step_proposed") {
      const item = newItem(event);
      if (item === undefined) continue;
      items.push(item);
      if (callId !== undefined) ofCall.set(callId, item);
      if (event.type === "human_asked") ofRequest.set(event.seq, item);
      continue;
    }
    if (event.type === "human_asked" || event.type === "approval_requested") ofRequest.set(event.seq, owner);
    addTo(owner, event);
  }
  return items;
}

/** An event that begins an item; `undefined` where it is bookkeeping that people need not see. */
function newItem(event: ThreadEvent): TimelineItem | undefined {
  const item = (heading: string, tone: Tone, rest: Partial<TimelineItem> = {}): TimelineItem => ({
    seq: event.seq,
    lastSeq: event.seq,
    at: event.at,
    heading,
    tone,
    marks: [],
    byModel: false,
    ...rest,
  });
  switch (event.type) {
    case "thread_started": {
      const { forkedFrom, agent } = event.data;
      const from =
        forkedFrom === undefined ? "" : `, forked from ${forkedFrom.threadId} at event ${forkedFrom.seq}`;
      return item(`Started with ${visible(agent)}${from}`, "neutral");
    }
    case "message_received":
      return item(nameOf(event.data.from), "person", { text: visible(event.data.text) });
    case "event_received":
      return item(`Event ${visible(event.data.name)} from ${visible(event.data.source)}`, "person", {
        fields: { payload: event.data.payload },
      });
    case "step_proposed": {
      const { intent, ...fields } = event.data.step;
      const { completion, fidelity } = event.data;
      return item(inWords(intent), "neutral", {
        fields,
        fidelity,
        byModel: completion !== undefined,
        ...(completion === undefined ? {} : { completion }),
      });
    }
    case "step_refused":
      return item("Answer not accepted", "bad", {
        text: visible(event.data.message),
        byModel: event.data.completion !== undefined,
        ...(event.data.completion === undefined ? {} : { completion: event.data.completion }),
      });
    case "steps_dropped":
      return item("Further steps were dropped", "neutral", { text: visible(event.data.reason) });
    case "human_asked":
      return item("People are asked", "wait", { text: visible(event.data.question) });
    case "prefetched": {
      const { name, arguments: given, outcome } = event.data;
      return outcome.kind === "result"
        ? item(`Fetched beforehand: ${inWords(name)}`, "neutral", { fields: given, result: outcome.result })
        : item(`Fetched beforehand: ${inWords(name)}`, "bad", { fields: given, error: outcome.error });
    }
    case "context_compacted":
      return item(`Context made shorter (events ${event.data.from} to ${event.data.to})`, "neutral");
    case "paused":
      return item(`Paused by ${nameOf(event.data.by)}`, "wait", reasonText(event.data.reason));
    case "resumed":
      return item(`Resumed by ${nameOf(event.data.by)}`, "neutral");
    case "cancelled":
      return item(`Cancelled by ${nameOf(event.data.by)}`, "bad", reasonText(event.data.reason));
    case "budget_reached":
      return item(`Budget reached: ${event.data.used} of ${event.data.limit} ${event.data.budget}`, "wait");
    case "finished":
      return item("Finished", "good", { result: event.data.result });
    case "failed":
      return item("Failed", "bad", { error: event.data.error });
    case "data_erased":
      return item(
        `Content of ${event.data.seqs.length} events was deleted by ${nameOf(event.data.by)}`,
        "neutral",
        {
          text: visible(event.data.reason),
        },
      );
    case "notified":
      return event.data.text === undefined
        ? undefined
        : item("Progress", "neutral", { text: visible(event.data.text) });
    case "step_judged":
    case "approval_requested":
    case "human_responded":
    case "request_escalated":
    case "request_expired":
    case "tool_started":
    case "tool_finished":
    case "tool_failed":
    case "tool_unknown":
    case "sleep_started":
    case "event_awaited":
    case "woke":
    case "child_started":
    case "child_finished":
      return item(inWords(event.type), "neutral");
    default:
      return event satisfies never;
  }
}

function reasonText(reason: string | undefined): Partial<TimelineItem> {
  return reason === undefined ? {} : { text: visible(reason) };
}

/** What an event adds to the item it belongs to. */
function addTo(item: TimelineItem, event: ThreadEvent): void {
  item.lastSeq = event.seq;
  const mark = (text: string, tone: Tone = "neutral") => {
    item.marks.push({ seq: event.seq, at: event.at, text, tone });
  };
  switch (event.type) {
    case "step_judged":
      mark(`Reviewed: ${inWords(event.data.verdict)}. ${visible(event.data.reason)}`);
      break;
    case "approval_requested":
      item.tone = "wait";
      mark("Approval was asked", "wait");
      break;
    case "human_asked":
      item.tone = "wait";
      mark(event.data.kind === "question" ? "A person was asked" : visible(event.data.question), "wait");
      break;
    case "human_responded":
      responded(item, event, mark);
      break;
    case "request_escalated":
      mark(`Escalated to ${event.data.to.map(visible).join(", ")}`, "wait");
      break;
    case "request_expired":
      item.tone = "bad";
      mark(event.data.outcome === "deny" ? "Nobody decided in time: denied" : "Expired; asked again", "bad");
      break;
    case "notified":
      notified(event, mark);
      break;
    case "tool_started":
      item.tone = "neutral";
      if (event.data.attempt > 1) mark(`Started again (attempt ${event.data.attempt})`);
      break;
    case "tool_finished":
      item.tone = "good";
      item.result = event.data.result;
      if (event.data.cachedFrom !== undefined)
        mark(`Not run again: the result of event ${event.data.cachedFrom}`);
      break;
    case "tool_failed":
      item.tone = "bad";
      item.error = event.data.error;
      break;
    case "tool_unknown":
      item.tone = "bad";
      mark(`The outcome is not known: ${visible(event.data.reason)}`, "bad");
      break;
    case "sleep_started":
      item.tone = "wait";
      mark(`Sleeps until ${event.data.until}`, "wait");
      break;
    case "event_awaited":
      item.tone = "wait";
      mark(`Waits for ${visible(event.data.name)}`, "wait");
      break;
    case "woke":
      item.tone = "neutral";
      mark(event.data.timedOut ? "Waited in vain" : "Woke up");
      break;
    case "event_received":
      item.tone = "good";
      item.result = event.data.payload;
      mark(`${visible(event.data.name)} came from ${visible(event.data.source)}`);
      break;
    case "child_started":
      item.tone = "wait";
      mark(`Handed to ${visible(event.data.agent)} (${event.data.threadId})`);
      break;
    case "child_finished":
      item.tone = "good";
      item.result = event.data.result;
      break;
    case "step_refused":
      item.tone = "bad";
      mark(`Refused: ${visible(event.data.message)}`, "bad");
      break;
    case "finished":
      item.tone = "good";
      mark("Finished", "good");
      break;
    default:
      mark(inWords(event.type));
  }
}

function responded(
  item: TimelineItem,
  { data }: EventOf<"human_responded">,
  mark: (text: string, tone?: Tone) => void,
): void {
  const { decision, by } = data;
  item.tone = decision.kind === "denied" ? "bad" : decision.kind === "approved" ? "neutral" : "person";
  mark(`${fullNameOf(by)} ${decisionInWords(decision)}`, decision.kind === "denied" ? "bad" : "person");
  if (decision.kind === "approved" && decision.editedStep !== undefined) {
    const { intent: _, ...fields } = decision.editedStep;
    item.fields = fields;
  }
  if (decision.kind === "happened") item.result = decision.result;
}

function notified({ data }: EventOf<"notified">, mark: (text: string, tone?: Tone) => void): void {
  if (data.text !== undefined) mark(visible(data.text));
  else if (data.ok) mark(`Told people over ${visible(data.channel)}`);
  else mark(`${visible(data.channel)} could not be reached: ${visible(data.error?.message ?? "")}`, "bad");
}
