import type { CallId } from "../../base/ids.ts";
import type { Json } from "../../base/json.ts";
import type { NamesOf } from "../../base/options.ts";
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
  /**
   * Whether a result that says only which intent it is of may be taken for that of another call: such calls were open at the
   * same time, or the work is done in the background and was asked for several times.
   */
  isAmbiguous(callId: CallId, inBackground: boolean): boolean;
  /** Which kind of request an earlier event made, and its question. */
  requestAt(
    seq: number,
  ): { readonly kind: HumanRequestKind | "approval"; readonly question: string } | undefined;
}

/**
 * Presentations by event type: each returns the event's blocks (an empty list hides it), or `undefined` for the default.
 * Called whenever the event is rendered for the first time in a process. Must be pure and must not throw.
 */
export type EventFormatters = {
  readonly [T in EventType]?: (
    event: EventRecord[T],
    earlier: EarlierEvents,
  ) => readonly ContextBlock[] | undefined;
};

/** Which parts of a thread the model sees, and how. Without any field, the default view. */
export interface ContextView {
  /** Shows who wrote each message. Default false. */
  readonly senders?: boolean;
  /** Presentations for event types of your choice. */
  readonly formatters?: EventFormatters;
  /**
   * How a tool's result is shown to the model, by intent; the result itself is what is stored. Called when the result is first
   * rendered in a process. Must be pure and must not throw: no model could be asked about the thread.
   */
  readonly renderResult?: { readonly [intent: string]: (result: Json, step: Step) => Json };
  /** What to redact before the model reads it. Default: nothing. */
  readonly redact?: RedactionRules;
  /** Where placeholders come from. Default: each thread numbers its own secrets. */
  readonly vault?: SecretVault;
  /** Fields of steps that later calls need not read, e.g. `["reasoning"]`. */
  readonly hiddenFields?: readonly string[];
  /**
   * Show the model the start and end of its answer that could not be used, beside the reason. Default false: models that
   * read their own wrong answer tend to repeat it.
   */
  readonly echoRefused?: boolean;
  /**
   * Returns where an event's content comes from if it is untrusted, and `undefined` if it is trusted; the model is told. Called for
   * each event that holds content, each time a thread is read. Must be pure and must not throw: no model could be asked about
   * the thread. Default: `defaultOrigin`.
   */
  readonly untrusted?: (event: ThreadEvent, step: Step | undefined) => string | undefined;
}

/** A context is a view, too. */
export const VIEW_NAMES = {
  senders: true,
  formatters: true,
  renderResult: true,
  redact: true,
  vault: true,
  hiddenFields: true,
  echoRefused: true,
  untrusted: true,
  format: true,
  budget: true,
  foldErrors: true,
} as const satisfies NamesOf<ContextView> & Readonly<Record<string, true>>;

/** Sources of `event_received` that are part of the program itself. */
const OWN_SOURCES = new Set(["cron", "timer", "schedule", "agent", "job", "program"]);

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
