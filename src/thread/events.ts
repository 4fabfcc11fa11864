import type { CompletionRecord, Fidelity } from "../base/completion.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { type DataOf, event } from "./declare-event.ts";
import type {
  ApprovalCard,
  ApprovalPolicy,
  ApprovalReason,
  BudgetName,
  CardFailures,
  CardInputs,
  ChildOutcome,
  ErrorInfo,
  HumanDecision,
  HumanRequestKind,
  HumanRequestOptions,
  LapseReason,
  OwnWords,
  ParentCall,
  PriceTable,
  Principal,
  RefusalReason,
  Requesters,
  SharedBudget,
  Spent,
  Step,
  ThreadAbove,
  TokenPrice,
  VersionChange,
  Via,
} from "./event-parts.ts";
import { asBefore, fromEarlier, senderFromSource } from "./old-events.ts";
import { reasonsFromSentences } from "./old-reasons.ts";

export type {
  ApprovalCard,
  ApprovalPolicy,
  ApprovalReason,
  BudgetName,
  CardFailures,
  CardInputs,
  ChildOutcome,
  ErrorInfo,
  HumanDecision,
  HumanRequestKind,
  HumanRequestOptions,
  LapseReason,
  OwnWords,
  ParentCall,
  PriceTable,
  Principal,
  RefusalReason,
  Requesters,
  SharedBudget,
  Spent,
  Step,
  ThreadAbove,
  TokenPrice,
  VersionChange,
  Via,
};

/** The calls of models that code beside the loop made (a tool, a summary, a prefetch, a judge): they count in the budget. */
type HelperCalls = readonly CompletionRecord[];

/**
 * Every type of event: the type of its data, its required fields, and the upcasts that bring data of earlier versions up to
 * date. The meaning of a type never changes; its data changes only with a new version.
 */
export const EVENTS = {
  /** Always event 1, and never any other: the agent that the thread belongs to, and where the thread comes from. */
  thread_started: event<{
    readonly agent: string;
    readonly forkedFrom?: {
      readonly threadId: ThreadId;
      readonly seq: number;
      /** Absent: an earlier release forked it. */
      readonly by?: Principal;
    };
    /** The call that the thread works for. */
    readonly parent?: ParentCall;
    /** Those of the parent, who are requesters of this thread as well. */
    readonly requesters?: Requesters | undefined;
    /** For whom the parent's call runs. */
    readonly requester?: Principal;
    /** How many threads stand above it, if these are not all in the parent's path: a tool of one has run its agent. */
    readonly depth?: number | undefined;
    /** The agent's version. Absent if it declares none. */
    readonly version?: string | undefined;
    /** Release 0.1.0 began it: it goes on by the rules of that time. */
    readonly earlier?: true | undefined;
  }>({ agent: "string" }, [fromEarlier]),

  // came in
  /** `via`, on the event that starts a thread: where replies go. */
  message_received: event<{
    readonly text: string;
    readonly from: Principal;
    readonly via?: Via | undefined;
  }>({
    text: "string",
    from: "object",
  }),
  /** A cron tick, webhook delivery, job result or named event. With `callId`, it answers that waiting call. */
  event_received: event<{
    readonly name: string;
    readonly source: string;
    readonly payload: Json;
    readonly callId?: CallId | undefined;
    /** Who sent it; `system` means code alone. Absent if that is not known. */
    readonly from?: Principal | "system" | undefined;
    readonly via?: Via | undefined;
    /** Passed on to a child: which event of its parent it was. */
    readonly ofParent?: number | undefined;
  }>({ name: "string", source: "string", payload: "json" }, [senderFromSource]),

  // the model
  step_proposed: event<{
    readonly callId: CallId;
    readonly step: Step;
    readonly fidelity: Fidelity;
    /** Absent on the second and later steps of one completion. */
    readonly completion?: CompletionRecord;
    /** What the model wrote beside the steps of this completion. Absent if nothing, or in events of an earlier release. */
    readonly said?: OwnWords | undefined;
    /** May run at the same time as the step before it: both only read, and are neighbours in one completion. */
    readonly alongside?: true;
    /** Something came in while the model answered that it had not read (`whenBusy: "queue"`): after this requester, and this event. */
    readonly missed?:
      | { readonly requester: Principal | null; readonly after?: number | undefined }
      | undefined;
  }>({ callId: "string", step: "object", fidelity: "object" }, [asBefore]),
  /** The model's answer, or a step it proposed, was not accepted. The model sees the message. */
  step_refused: event<{
    readonly reason: RefusalReason;
    readonly message: string;
    readonly callId?: CallId | undefined;
    /** How many steps in turn repeat themselves, if more than one. */
    readonly inTurn?: number | undefined;
    /** The refused answer, if no `step_proposed` holds it. */
    readonly completion?: CompletionRecord;
    /** See `step_proposed`. */
    readonly missed?:
      | { readonly requester: Principal | null; readonly after?: number | undefined }
      | undefined;
  }>({ reason: "string", message: "string" }),
  /** Steps that were proposed together with another one and will not run. */
  steps_dropped: event<{
    readonly steps: readonly Step[];
    readonly reason: string;
    readonly callIds?: readonly CallId[];
  }>({ steps: "array", reason: "string" }),
  step_judged: event<{
    readonly callId: CallId;
    readonly verdict: "pass" | "refuse" | "ask_person";
    readonly reason: string;
    readonly completions?: HelperCalls;
  }>({ callId: "string", verdict: "string", reason: "string" }),

  // people
  human_asked: event<{
    readonly kind: HumanRequestKind;
    readonly question: string;
    readonly context?: string | undefined;
    readonly options?: HumanRequestOptions | undefined;
    /** Patterns of who is asked and may answer. Absent: anybody whom a channel has verified. */
    readonly to?: readonly string[] | undefined;
    readonly callId?: CallId | undefined;
    /** The provider's problem: the prompt was longer than the model accepts. Going on shortens the thread. */
    readonly problem?: "prompt_too_long";
    /** For a request of kind `version`: whoever goes on gives the thread the version `to`. */
    readonly version?: VersionChange | undefined;
  }>({ kind: "string", question: "string" }),
  approval_requested: event<{
    readonly callId: CallId;
    readonly card: ApprovalCard;
    readonly policy: ApprovalPolicy;
    /** Over call id, arguments, tool, policy, prompt version and card; see `approvalDigest`. */
    readonly digest: string;
    readonly expiresAt?: string;
    /** When people were first asked, where newer input made them be asked again: nobody gains time by writing. */
    readonly since?: string | undefined;
  }>({ callId: "string", card: "object", policy: "object", digest: "string" }, [reasonsFromSentences]),
  /**
   * An outbound message was delivered or failed: about a request (`update`: the channel is to be told what becomes of it), or
   * about the progress or end at the event `about` (`skipped`: the channel did not want it); with both, about what the event
   * `about` has made of the request. With `text`, it is itself the progress note.
   */
  notified: event<{
    readonly channel: string;
    readonly ok: boolean;
    readonly request?: number;
    readonly about?: number;
    readonly skipped?: true;
    readonly update?: true;
    readonly callId?: CallId | undefined;
    readonly text?: string;
    readonly error?: ErrorInfo;
  }>({ channel: "string", ok: "boolean" }),
  /** A verified person's decision. `request` is the sequence number of the asking event. */
  human_responded: event<{
    readonly request: number;
    readonly callId?: CallId | undefined;
    readonly digest?: string | undefined;
    readonly decision: HumanDecision;
    readonly by: Principal;
  }>({ request: "number", decision: "object", by: "object" }),
  request_escalated: event<{ readonly request: number; readonly to: readonly string[] }>({
    request: "number",
    to: "array",
  }),
  /** A request, or an approval that was given but not used, is no longer valid. `because`: what ended it, if time did not. */
  request_expired: event<{
    readonly request: number;
    readonly outcome: "deny" | "ask_again";
    readonly because?: LapseReason;
  }>({ request: "number", outcome: "string" }),

  // tools
  /** The reserve: only the worker that appended it may run the call. */
  tool_started: event<{
    readonly callId: CallId;
    readonly intent: string;
    /** Stable across crashes, retries of the same call and forks; pass it to what the tool calls. */
    readonly key: string;
    readonly attempt: number;
  }>({ callId: "string", intent: "string", key: "string", attempt: "number" }),
  tool_finished: event<{
    readonly callId: CallId;
    readonly result: Json;
    /** The event with the earlier result that was reused. If present, the tool did not run. */
    readonly cachedFrom?: number;
    /** When the result was fetched that was reused from a thread of the same agent. If present, the tool did not run. */
    readonly cachedAt?: string;
    readonly completions?: HelperCalls;
  }>({ callId: "string", result: "json" }),
  tool_failed: event<{
    readonly callId: CallId;
    readonly error: ErrorInfo;
    readonly completions?: HelperCalls;
  }>({ callId: "string", error: "object" }),
  tool_unknown: event<{
    readonly callId: CallId;
    readonly reason: string;
    readonly completions?: HelperCalls;
  }>({ callId: "string", reason: "string" }),

  // time and others
  sleep_started: event<{ readonly callId: CallId; readonly until: string }>({
    callId: "string",
    until: "string",
  }),
  event_awaited: event<{
    readonly callId: CallId;
    readonly name: string;
    readonly until?: string;
    /** SHA-256 of the token that alone may answer, for long-running jobs. */
    readonly tokenDigest?: string;
    readonly completions?: HelperCalls;
  }>({ callId: "string", name: "string" }),
  /** A sleep is over, or a wait has timed out. */
  woke: event<{ readonly callId: CallId; readonly timedOut: boolean }>({
    callId: "string",
    timedOut: "boolean",
  }),
  /** The reserve: a thread of this agent is to work on the call. It is begun after this, and only after this. */
  child_requested: event<{
    readonly callId: CallId;
    readonly threadId: ThreadId;
    readonly agent: string;
    readonly input: Json;
    /** This thread goes on meanwhile, and the outcome comes as an event of its own. */
    readonly background?: true | undefined;
  }>({ callId: "string", threadId: "string", agent: "string", input: "json" }),
  child_started: event<{ readonly callId: CallId; readonly threadId: ThreadId; readonly agent: string }>({
    callId: "string",
    threadId: "string",
    agent: "string",
  }),
  child_finished: event<ChildOutcome & { readonly result: Json }>(
    { callId: "string", threadId: "string", result: "json" },
    [asBefore],
  ),
  /** The child failed or was cancelled, or could not be started. */
  child_failed: event<ChildOutcome & { readonly error: ErrorInfo }>({
    callId: "string",
    threadId: "string",
    error: "object",
  }),
  /** The child has everything that requesters have sent to this thread, up to this event. */
  passed_on: event<{ readonly threadId: ThreadId; readonly upTo: number }>({
    threadId: "string",
    upTo: "number",
  }),
  /** The parent has the outcome of this thread. */
  parent_told: event<{ readonly threadId: ThreadId }>({ threadId: "string" }),

  // context
  /** Something fetched before the model was asked because it will probably need it, or why it could not be fetched. */
  prefetched: event<{
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
    readonly completions?: HelperCalls;
  }>({ name: "string", arguments: "object", outcome: "object", as: "string" }),
  /**
   * Events `from` to `to` are replaced, in what the model reads, by what this event says. `reset_errors`: they are the last
   * attempts before a limit on errors, which counts anew from here, once.
   */
  context_compacted: event<{
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
    readonly completions?: HelperCalls;
    /** Why a result was not summarised: nothing is replaced. */
    readonly error?: ErrorInfo;
  }>({ from: "number", to: "number", method: "string" }),

  /**
   * From here on, the model reads neither these events nor what a compaction put in their place. They stay in the log, and
   * content from outside stays known as such.
   */
  events_left_out: event<{
    readonly seqs: readonly number[];
    readonly by: Principal;
    readonly reason?: string;
  }>({
    seqs: "array",
    by: "object",
  }),

  // life
  paused: event<{ readonly by: Principal; readonly reason?: string }>({ by: "object" }),
  resumed: event<{ readonly by: Principal }>({ by: "object" }),
  budget_reached: event<{ readonly budget: BudgetName; readonly limit: number; readonly used: number }>({
    budget: "string",
    limit: "number",
    used: "number",
  }),
  cancelled: event<{ readonly by: Principal; readonly reason?: string }>({ by: "object" }),
  finished: event<{ readonly result: Json; readonly callId?: CallId }>({ result: "json" }),
  failed: event<{ readonly error: ErrorInfo }>({ error: "object" }),
  /** A person with the right to do so was shown the value that a placeholder hides from all who read the thread. */
  secret_revealed: event<{ readonly placeholder: string; readonly by: Principal }>({
    placeholder: "string",
    by: "object",
  }),
  /** The content of these events was deleted; their digests remain, so the chain still verifies. */
  data_erased: event<{
    readonly seqs: readonly number[];
    readonly by: Principal;
    readonly reason: string;
    /** The digest of what now replaces the data, for each of `seqs`. See `erasureData`. */
    readonly standIns?: readonly string[];
  }>({ seqs: "array", by: "object", reason: "string" }),
};

/** The data of each event type. */
export type EventData = { readonly [T in keyof typeof EVENTS]: DataOf<(typeof EVENTS)[T]> };

export type EventType = keyof EventData;

/** True for the types of event that this version of the package knows. */
export function isEventType(name: string): name is EventType {
  return Object.hasOwn(EVENTS, name);
}

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
