import type { CompletionRecord, Fidelity } from "../base/completion.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import type { Json, JsonObject } from "../base/json.ts";

/** A step as the model proposed it: the fields of its BAML class, with the literal `intent` that names it. */
export type Step = JsonObject & { readonly intent: string };

/** Who did something. `id` is unique within its channel, e.g. `{ channel: "terminal", id: "ada" }`. */
export interface Principal {
  readonly channel: string;
  readonly id: string;
  readonly name?: string;
}

/** An error made short and safe to store and show. */
export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  /** Messages of the causes, outermost first. */
  readonly causes?: readonly string[];
  /** The stack frame nearest to the failure in the user's own code. */
  readonly frame?: string;
}

export type RefusalReason =
  | "unparseable"
  | "unknown_intent"
  | "invalid_arguments"
  | "doubtful"
  | "judge"
  | "repeated"
  | "not_allowed";

/** Who may approve, and what happens when nobody does. Plain data: it is stored with the request it governs. */
export interface ApprovalPolicy {
  /** Principals, as `channel:id`, `*:id` or `channel:*`. Absent: anybody whom a channel has verified. */
  readonly approvers?: readonly string[];
  /** How many different people must approve. Default 1. */
  readonly needed?: number;
  /** Default true. False: whoever launched the thread or sent its latest message may not approve. */
  readonly requesterMayApprove?: boolean;
  /** Seconds until the request expires. Absent: never. */
  readonly expiresAfter?: number;
  /** What expiry does. Default `deny`. */
  readonly onExpiry?: "deny" | "ask_again";
  /** After so many seconds without a decision, `to` may decide as well and is notified. */
  readonly escalation?: readonly { readonly after: number; readonly to: readonly string[] }[];
}

/** What an approver is shown. The approval digest covers every byte of it. */
export interface ApprovalCard {
  readonly title: string;
  readonly intent: string;
  readonly arguments: JsonObject;
  /** Why a person is asked: `policy`, `doubtful_parse`, `untrusted_content`, … */
  readonly reasons: readonly string[];
  /** What would change, from the tool's `preview`. */
  readonly preview?: Json;
}

export type HumanRequestKind =
  /** The agent asks: clarification, expert input. */
  | "question"
  /** Too many consecutive errors, or the same step again and again. */
  | "escalation"
  /** A budget is used up: go on? */
  | "budget"
  /** The model's provider refuses or is down: try again? */
  | "provider"
  /** A tool's outcome cannot be known: did it happen? */
  | "unknown_outcome";

export interface HumanRequestOptions {
  readonly urgency?: "low" | "medium" | "high";
  readonly format?: "free_text" | "yes_no" | "multiple_choice";
  readonly choices?: readonly string[];
}

export type HumanDecision =
  | { readonly kind: "approved"; readonly editedStep?: Step }
  | { readonly kind: "denied"; readonly feedback: string }
  | { readonly kind: "answered"; readonly text: string }
  /** Of an unknown outcome: it happened, with this result. */
  | { readonly kind: "happened"; readonly result: Json }
  /** Of an unknown outcome: it did not happen; run it. */
  | { readonly kind: "did_not_happen" };

export type BudgetName = "steps" | "tokens" | "money" | "time";

/** The data of each event type. A type's meaning never changes; its shape changes only with a new version. */
export interface EventData {
  /** Always and only event 1: which agent this thread belongs to and where it comes from. */
  thread_started: {
    readonly agent: string;
    readonly forkedFrom?: { readonly threadId: ThreadId; readonly seq: number };
    readonly parent?: { readonly threadId: ThreadId; readonly callId: CallId };
  };

  // came in
  message_received: { readonly text: string; readonly from: Principal };
  /** A cron tick, webhook, job result or named event. With `callId` it answers that waiting call. */
  event_received: {
    readonly name: string;
    readonly source: string;
    readonly payload: Json;
    readonly callId?: CallId;
  };

  // the model
  step_proposed: {
    readonly callId: CallId;
    readonly step: Step;
    readonly fidelity: Fidelity;
    /** Absent on the second and later steps of one completion. */
    readonly completion?: CompletionRecord;
  };
  /** The model's answer, or a step it proposed, was not accepted. The model sees the message. */
  step_refused: {
    readonly reason: RefusalReason;
    readonly message: string;
    readonly callId?: CallId;
    /** The answer that was refused, where no `step_proposed` holds it. */
    readonly completion?: CompletionRecord;
  };
  /** Steps that were proposed together with another one and will not run. */
  steps_dropped: {
    readonly steps: readonly Step[];
    readonly reason: string;
    readonly callIds?: readonly CallId[];
  };
  step_judged: {
    readonly callId: CallId;
    readonly verdict: "pass" | "refuse" | "ask_person";
    readonly reason: string;
  };

  // people
  human_asked: {
    readonly kind: HumanRequestKind;
    readonly question: string;
    readonly context?: string;
    readonly options?: HumanRequestOptions;
    readonly callId?: CallId;
  };
  approval_requested: {
    readonly callId: CallId;
    readonly card: ApprovalCard;
    readonly policy: ApprovalPolicy;
    /** Over call id, arguments, tool, policy, prompt version and card; see `approvalDigest`. */
    readonly digest: string;
    readonly expiresAt?: string;
  };
  /** An outbound message about a request, or a progress note, was delivered or failed. */
  notified: {
    readonly channel: string;
    readonly ok: boolean;
    readonly request?: number;
    readonly callId?: CallId;
    readonly text?: string;
    readonly error?: ErrorInfo;
  };
  /** A verified person's decision. `request` is the sequence number of the asking event. */
  human_responded: {
    readonly request: number;
    readonly callId?: CallId;
    readonly digest?: string;
    readonly decision: HumanDecision;
    readonly by: Principal;
  };
  request_escalated: { readonly request: number; readonly to: readonly string[] };
  request_expired: { readonly request: number; readonly outcome: "deny" | "ask_again" };

  // tools
  /** The reserve: whoever appends this, and nobody else, executes. */
  tool_started: {
    readonly callId: CallId;
    readonly intent: string;
    /** Stable across crashes, retries of the same call and forks; pass it to what the tool calls. */
    readonly key: string;
    readonly attempt: number;
  };
  tool_finished: {
    readonly callId: CallId;
    readonly result: Json;
    /** The tool did not run: this is the result of the same call at this event. */
    readonly cachedFrom?: number;
  };
  tool_failed: { readonly callId: CallId; readonly error: ErrorInfo };
  tool_unknown: { readonly callId: CallId; readonly reason: string };

  // time and others
  sleep_started: { readonly callId: CallId; readonly until: string };
  event_awaited: {
    readonly callId: CallId;
    readonly name: string;
    readonly until?: string;
    /** SHA-256 of the token that alone may answer, for long-running jobs. */
    readonly tokenDigest?: string;
  };
  /** A sleep is over, or a wait has timed out. */
  woke: { readonly callId: CallId; readonly timedOut: boolean };
  child_started: { readonly callId: CallId; readonly threadId: ThreadId; readonly agent: string };
  child_finished: { readonly callId: CallId; readonly threadId: ThreadId; readonly result: Json };

  // context
  /** Fetched for the model before it was asked: what it will probably need, or why it could not be had. */
  prefetched: {
    readonly name: string;
    readonly arguments: JsonObject;
    readonly outcome:
      | { readonly kind: "result"; readonly result: Json }
      | { readonly kind: "error"; readonly error: ErrorInfo };
    /**
     * How the model gets it: as a call and its result, as a slot for `memory` or retrieved `document`s, or as a
     * `parameter` of the prompt, outside the rendered thread.
     */
    readonly as: "call" | "memory" | "document" | "parameter";
  };
  /**
   * What the model will no longer see of events `from` to `to`, and what stands in its place. `reset_errors`: these
   * attempts were the last before a limit on errors, which counts anew from here, once.
   */
  context_compacted: {
    readonly from: number;
    readonly to: number;
    readonly method:
      | "fold_errors"
      | "cut_result"
      | "summarize_result"
      | "drop_superseded"
      | "summarize"
      | "reset_errors";
    readonly replacement?: Json;
    /** The model call that wrote the summary. */
    readonly completion?: CompletionRecord;
  };

  // life
  paused: { readonly by: Principal; readonly reason?: string };
  resumed: { readonly by: Principal };
  budget_reached: { readonly budget: BudgetName; readonly limit: number; readonly used: number };
  cancelled: { readonly by: Principal; readonly reason?: string };
  finished: { readonly result: Json; readonly callId?: CallId };
  failed: { readonly error: ErrorInfo };
  /** The content of these events was deleted; their digests remain, so the chain still verifies. */
  data_erased: {
    readonly seqs: readonly number[];
    readonly by: Principal;
    readonly reason: string;
    /** One digest for each of `seqs`: what now stands in the place of its data. See `erasureData`. */
    readonly standIns?: readonly string[];
  };
}

export type EventType = keyof EventData;

/** An event before it has its place in a thread. */
export type NewEvent = { [T in EventType]: { readonly type: T; readonly data: EventData[T] } }[EventType];

/** One event of a thread. `seq` counts from 1 without gaps; `at` is ISO 8601 UTC; `v` is the version of `data`. */
export type ThreadEvent = {
  [T in EventType]: {
    readonly seq: number;
    readonly at: string;
    readonly type: T;
    readonly v: number;
    readonly data: EventData[T];
  };
}[EventType];

export type EventOf<T extends EventType> = Extract<ThreadEvent, { type: T }>;

/** The current version of each type's data. Older versions are upcast on load. */
export const EVENT_VERSIONS: { readonly [T in EventType]: number } = {
  thread_started: 1,
  message_received: 1,
  event_received: 1,
  step_proposed: 1,
  step_refused: 1,
  steps_dropped: 1,
  step_judged: 1,
  human_asked: 1,
  approval_requested: 1,
  notified: 1,
  human_responded: 1,
  request_escalated: 1,
  request_expired: 1,
  tool_started: 1,
  tool_finished: 1,
  tool_failed: 1,
  tool_unknown: 1,
  sleep_started: 1,
  event_awaited: 1,
  woke: 1,
  child_started: 1,
  child_finished: 1,
  prefetched: 1,
  context_compacted: 1,
  paused: 1,
  resumed: 1,
  budget_reached: 1,
  cancelled: 1,
  finished: 1,
  failed: 1,
  data_erased: 1,
};
