import type { CallId } from "../../base/ids.ts";
import type { Json } from "../../base/json.ts";
import type {
  EventData,
  EventType,
  HumanRequestKind,
  Principal,
  Step,
  ThreadEvent,
} from "../../thread/events.ts";
import type { RedactionRules, SecretVault } from "../redaction/redaction.ts";
import type { ContextBlock } from "./block.ts";
import { cutMiddle } from "./errors.ts";

/** One event, tied to its type: what a formatter for type `T` is given. */
export type EventRecord = {
  readonly [T in EventType]: {
    readonly seq: number;
    readonly at: string;
    readonly type: T;
    readonly v: number;
    readonly data: EventData[T];
  };
};

/** What an event's block may need of the events before it. */
export interface EarlierEvents {
  /** The step of a call as the model proposed it; `undefined` for a call that no earlier event proposed. */
  stepOf(callId: CallId): Step | undefined;
  /** Which kind of request an earlier event made, and its question. */
  requestAt(
    seq: number,
  ): { readonly kind: HumanRequestKind | "approval"; readonly question: string } | undefined;
}

/** An event's own presentation: its blocks (none hides it), or `undefined` for the default. May not throw. */
export type EventFormatters = {
  readonly [T in EventType]?: (
    event: EventRecord[T],
    earlier: EarlierEvents,
  ) => readonly ContextBlock[] | undefined;
};

/** What of a thread the model is shown. Every field is optional; without any it is the default view. */
export interface ContextView {
  /** Shows who wrote each message. Default false. */
  readonly senders?: boolean;
  /** Presentations for event types of your choice. */
  readonly formatters?: EventFormatters;
  /** How a tool's result is shown, by intent. May not throw. */
  readonly renderResult?: { readonly [intent: string]: (result: Json, step: Step) => Json };
  /** What is taken out before the model reads it. Default: nothing. */
  readonly redact?: RedactionRules;
  /** Where placeholders come from. Default: each thread numbers its own secrets. */
  readonly vault?: SecretVault;
  /** Fields of steps that later calls need not read, e.g. `["reasoning"]`. */
  readonly hiddenFields?: readonly string[];
  /**
   * An answer that could not be used is shown again to the model, its start and end, beside the reason. Default false: models
   * that read their own wrong answer tend to repeat it.
   */
  readonly echoRefused?: boolean;
  /** Where an event's content came from, if that is not to be trusted; the model is told. Default: `defaultOrigin`. */
  readonly untrusted?: (event: ThreadEvent, step: Step | undefined) => string | undefined;
}

/** Sources of `event_received` that are part of the program itself. */
const OWN_SOURCES = new Set(["cron", "timer", "schedule", "agent", "job"]);

/** The default of `ContextView.untrusted`: what was received from outside, except from the program's own sources. */
export function defaultOrigin(event: ThreadEvent): string | undefined {
  if (event.type !== "event_received") return undefined;
  const { source } = event.data;
  return OWN_SOURCES.has(source.split(":")[0] ?? "") ? undefined : source;
}

/** A person as the model reads it: the name, else the id within the channel. */
export function personName({ name, id }: Principal): string {
  return name ?? id;
}

/** Where something came from, short and plain enough to stand at every block. */
export function originLabel(origin: string): string {
  return cutMiddle(origin.replace(/[\p{C}<>"&]/gu, "?"), 80);
}
