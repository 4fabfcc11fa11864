import type { CompletionRecord, Fidelity } from "../../base/completion.ts";
import type { CallId, ThreadId } from "../../base/ids.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { describeEvent, type EventDescription, type Tone } from "../../present/describe-event.ts";
import { clip } from "../../present/visible-text.ts";
import type { ErrorInfo, ThreadEvent } from "../../thread/events.ts";

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
  /** When the latest event in it happened. */
  lastAt: string;
  readonly heading: string;
  tone: Tone;
  /** Words of a person, a model or the system, shown with their line breaks. */
  text?: string | undefined;
  /** The arguments of a step, or the payload of an event. */
  fields?: JsonObject | undefined;
  result?: Json | undefined;
  error?: ErrorInfo | undefined;
  readonly marks: Mark[];
  completion?: CompletionRecord | undefined;
  fidelity?: Fidelity | undefined;
  /** The thread of another agent that works on it. */
  child?: { readonly threadId: ThreadId; readonly agent: string } | undefined;
  /** Whether it is a step of the model. */
  readonly isStep: boolean;
  /** Whether the model was asked for this item, so that what it saw can be shown. */
  readonly byModel: boolean;
  /** Whether the model reads it, so that a person can leave it out. */
  readonly isRead: boolean;
}

const READ: ReadonlySet<ThreadEvent["type"]> = new Set([
  "message_received",
  "event_received",
  "step_proposed",
  "step_refused",
  "steps_dropped",
  "child_finished",
  "child_failed",
]);

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

/** The item that an event begins; `undefined` if it is bookkeeping that people need not see. */
function newItem(event: ThreadEvent): TimelineItem | undefined {
  const described = describeEvent(event);
  const { kind, label, title, tone, text, fields, result, error } = described;
  if (event.type === "notified" && kind === "note") return undefined;
  const completion =
    event.type === "step_proposed" || event.type === "step_refused" ? event.data.completion : undefined;
  const isStep = event.type === "step_proposed";
  return {
    seq: event.seq,
    lastSeq: event.seq,
    at: event.at,
    lastAt: event.at,
    isStep,
    heading: isStep ? label : title,
    tone,
    // What is doubtful about a step has a label of its own.
    text: isStep ? undefined : text,
    fields,
    result,
    error,
    completion,
    fidelity: isStep ? event.data.fidelity : undefined,
    byModel: completion !== undefined,
    isRead: READ.has(event.type),
    marks: [],
  };
}

/** What an event adds to the item it belongs to. */
function addTo(item: TimelineItem, event: ThreadEvent): void {
  item.lastSeq = event.seq;
  item.lastAt = event.at;
  if (event.type === "child_requested")
    item.child = { threadId: event.data.threadId, agent: event.data.agent };
  if (event.type === "tool_started" && event.data.attempt === 1) return;
  const described = describeEvent(event);
  const { kind, tone, fields, result, error } = described;
  if (kind !== "note" && kind !== "progress") item.tone = kind === "input" ? "good" : tone;
  if (event.type === "event_received") item.result = event.data.payload;
  if (kind === "decision" && fields !== undefined) item.fields = fields;
  if (result !== undefined) item.result = result;
  if (error !== undefined) item.error = error;
  const text = markText(event, described);
  if (text !== undefined) item.marks.push({ seq: event.seq, at: event.at, text, tone });
}

/** `undefined`: the item shows it as its result or error. */
function markText(event: ThreadEvent, { kind, title, text }: EventDescription): string | undefined {
  if (kind === "outcome") return text;
  // The question is what the step says.
  const isAsked = event.type === "human_asked" && event.data.kind === "question";
  if (text === undefined || isAsked) return title;
  if (kind === "progress") return text;
  return kind === "decision" ? `${title}: “${clip(text, 500)}”` : `${title}: ${text}`;
}
