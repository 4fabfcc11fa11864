import type { Fidelity, Usage } from "../base/completion.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import type {
  ApprovalCard,
  ApprovalPolicy,
  BudgetName,
  ErrorInfo,
  HumanRequestKind,
  HumanRequestOptions,
  OwnWords,
  ParentCall,
  Principal,
  Requesters,
  Step,
  VersionChange,
  Via,
} from "./events.ts";
import type { Repeats } from "./repeats.ts";

export type { Requesters };

/** The attempts to tell people about a request, by channel. */
export type Deliveries = Readonly<
  Record<string, { readonly ok: boolean; readonly attempts: number; readonly lastAt: string }>
>;

/** A progress note, or the end of the thread, that its channel has not been told yet. */
export interface News {
  /** The event that it is about. */
  readonly seq: number;
  readonly attempts: number;
  /** When it happened, or when it was last tried. */
  readonly lastAt: string;
}

/** A channel that has told people of a request is yet to be told what has become of it. */
export interface RequestUpdate {
  /** Sequence number of the request. */
  readonly request: number;
  /** The event that has closed the request, or was one of the approvals that it needs. */
  readonly seq: number;
  readonly channel: string;
  readonly attempts: number;
  /** When it came to be owed, or when it was last tried. */
  readonly lastAt: string;
}

/** A question to people that is waiting for its answer. */
export interface PendingQuestion {
  readonly type: "question";
  /** Sequence number of the asking event. */
  readonly seq: number;
  readonly askedAt: string;
  readonly kind: HumanRequestKind;
  readonly question: string;
  readonly context?: string;
  readonly options?: HumanRequestOptions;
  /** Patterns of who may answer. Absent: anybody whom a channel has verified. */
  readonly to?: readonly string[];
  readonly callId?: CallId;
  readonly version?: VersionChange;
  readonly deliveries: Deliveries;
  /** The channels to be told what becomes of it: they have told people, or have tried to. */
  readonly toUpdate: readonly string[];
}

/** A step that waits for approval. */
export interface PendingApproval {
  readonly type: "approval";
  readonly seq: number;
  readonly askedAt: string;
  readonly callId: CallId;
  readonly card: ApprovalCard;
  readonly policy: ApprovalPolicy;
  readonly digest: string;
  readonly expiresAt?: string;
  /** Those who have approved so far (fewer than `policy.needed`). */
  readonly approvedBy: readonly Principal[];
  /** Patterns of who else may decide after escalations. */
  readonly escalatedTo: readonly string[];
  /** How many steps of the escalation chain were taken. */
  readonly escalations: number;
  readonly deliveries: Deliveries;
  /** The channels to be told what becomes of it: they have told people, or have tried to. */
  readonly toUpdate: readonly string[];
}

export type PendingRequest = PendingQuestion | PendingApproval;

/** Where a proposed step stands. */
export type CallPhase =
  | { readonly kind: "proposed" }
  | { readonly kind: "judged"; readonly verdict: "pass" | "refuse" | "ask_person"; readonly reason: string }
  | { readonly kind: "awaiting_approval" }
  | {
      readonly kind: "approved";
      readonly digest: string;
      readonly card: ApprovalCard;
      readonly policy: ApprovalPolicy;
      readonly by: readonly Principal[];
      /** Sequence number of the request, and until when its answer is good. */
      readonly request: number;
      readonly expiresAt?: string;
    }
  /** Reserved: it is running somewhere, or its process has died. */
  | { readonly kind: "started"; readonly key: string; readonly attempt: number }
  | { readonly kind: "unknown"; readonly key: string; readonly attempt: number }
  /** A person said that it had not happened: run it again under the same key. */
  | { readonly kind: "to_run_again"; readonly key: string; readonly attempt: number }
  | { readonly kind: "awaiting_answer" }
  | { readonly kind: "sleeping"; readonly until: string }
  | {
      readonly kind: "awaiting_event";
      readonly name: string;
      readonly until?: string;
      readonly tokenDigest?: string;
    }
  /** Handed to another agent, whose thread may not exist yet. */
  | { readonly kind: "child_requested"; readonly threadId: ThreadId }
  | { readonly kind: "awaiting_child"; readonly threadId: ThreadId };

/** A thread of another agent that works for this one. */
export interface OpenChild {
  readonly threadId: ThreadId;
  readonly agent: string;
  readonly callId: CallId;
  readonly intent: string;
  readonly background: boolean;
  /** It has what requesters have sent to this thread, up to this event. */
  readonly heard: number;
}

/** A proposed step that is not settled. */
export interface OpenCall {
  readonly callId: CallId;
  readonly seq: number;
  /** What the model proposed. */
  readonly proposed: Step;
  /** What will run: the proposed step, or the latest approver's edit of it. */
  readonly step: Step;
  readonly editedBy: Principal | null;
  /** Who sent the latest input when the model proposed it: the call runs for them. `null`: nobody, or it is not known who. */
  readonly requester: Principal | null;
  /** Who approved it as it stands; empty until enough people have. */
  readonly approvedBy: readonly Principal[];
  /** The policy under which it was approved; `null` as long as it is not, or if nobody had to. */
  readonly approvedUnder: ApprovalPolicy | null;
  readonly fidelity: Fidelity;
  /** What the model wrote beside it. */
  readonly said: OwnWords | null;
  /** The first call of the read-only neighbours that may run at the same time as this one; often the call itself. */
  readonly group: CallId;
  /** Whether something had come in that the model had not read when it proposed this. */
  readonly missed: boolean;
  /** The model had read all that requesters have sent up to this event. */
  readonly read: number;
  readonly phase: CallPhase;
}

/** What the thread is waiting for, or how it ended. A closed union: every consumer handles each kind. */
export type Status =
  | { readonly kind: "running" }
  | { readonly kind: "awaiting_human"; readonly request: PendingQuestion }
  | { readonly kind: "awaiting_approval"; readonly request: PendingApproval }
  | { readonly kind: "awaiting_time"; readonly callId: CallId; readonly until: string }
  | {
      readonly kind: "awaiting_event";
      readonly callId: CallId;
      readonly name: string;
      readonly until?: string;
    }
  | { readonly kind: "awaiting_child"; readonly callId: CallId; readonly threadId: ThreadId }
  | { readonly kind: "paused"; readonly by: Principal; readonly reason?: string }
  | { readonly kind: "finished"; readonly result: Json }
  | { readonly kind: "failed"; readonly error: ErrorInfo }
  | { readonly kind: "cancelled"; readonly by: Principal; readonly reason?: string };

export type StatusKind = Status["kind"];

export const STATUS_KINDS = [
  "running",
  "awaiting_human",
  "awaiting_approval",
  "awaiting_time",
  "awaiting_event",
  "awaiting_child",
  "paused",
  "finished",
  "failed",
  "cancelled",
] as const satisfies readonly StatusKind[];

/** Everything that follows from a thread's events. Made only by `fold`. */
export interface ThreadState {
  /** Sequence number of the last event; 0 for an empty thread. */
  readonly seq: number;
  readonly agent: string;
  /** The agent's version at the start, or the one with which a person let the thread go on; `null` if it had none. */
  readonly version: string | null;
  readonly startedAt: string;
  /** When the latest event was appended. */
  readonly updatedAt: string;
  /** How long, in ms, the thread has been running, not waiting for anybody or anything. */
  readonly runningMs: number;
  /** Sequence number of the latest message or event from outside that is not an answer to a waiting step. */
  readonly lastInput: number;
  /** Sequence number of the latest message or event that a requester has sent; 0 for none. */
  readonly lastSent: number;
  /** The latest event of the parent that was passed on to this thread; 0 for none. */
  readonly heard: number;
  /** The prefetches by name, each with the sequence number of its latest event. */
  readonly prefetched: Readonly<Record<string, number>>;
  readonly parent: Required<ParentCall> | null;
  /** How many threads stand above this one, also where a tool has run its agent. */
  /** Whether release 0.1.0 began it, which did not look for several steps in turn. */
  readonly isEarlier: boolean;
  readonly depth: number;
  /** Whether the parent has an outcome of this thread. */
  readonly parentTold: boolean;
  /** The threads that work for this one and have not ended, or whose outcome it does not have yet. */
  readonly children: readonly OpenChild[];
  readonly status: Status;
  /** How the thread ended, unless a later message reopened it. */
  readonly ended: Extract<Status, { kind: "finished" | "failed" | "cancelled" }> | null;
  readonly pausedBy: { readonly by: Principal; readonly reason?: string } | null;
  /** Steps that are not settled, in the order they were proposed. The first is the current one. */
  readonly calls: readonly OpenCall[];
  /**
   * The group of a call that ended badly while others of the same completion were waiting behind it. Those must not run,
   * except the calls of this group.
   */
  readonly interrupted: CallId | null;
  readonly request: PendingRequest | null;
  /** Set if a person chose to stop instead of going on. */
  readonly stop: { readonly reason: string } | null;
  /** One line for lists: the latest message, question or result; at most 200 characters. */
  readonly title: string;
  /** What the thread is about: the first message, or the subject or name of the first event, in one line. Stays the same. */
  readonly subject: string;
  /** Who sent the latest message or event; `null` if only code has, or if it is not known who did. */
  readonly requester: Principal | null;
  readonly requesters: Requesters;
  /** Where the thread is a fork: by whom, and how many of its events are copies. */
  readonly fork: { readonly seq: number; readonly by: Principal | null } | null;
  /** The channel and address that the thread comes from; `null`: none is told how it goes. */
  readonly via: Via | null;
  /** What that channel is yet to be told, oldest first. */
  readonly news: readonly News[];
  /** What channels have not been told yet about requests. */
  readonly updates: readonly RequestUpdate[];
  /** The event that was the latest to close a request, or to be one of the approvals that it needs. */
  readonly changed: { readonly request: number; readonly seq: number } | null;
  readonly steps: number;
  /** Steps since the last message or extension of the step budget; also those of children that have ended since. */
  readonly stepsSinceExtension: number;
  /** `usage`, `modelCalls` and `runningMs` are also those of children that have ended. */
  readonly usage: Usage;
  readonly modelCalls: number;
  /** Errors in a row (refused steps and failed tools) since the last success or human answer. */
  readonly consecutiveErrors: number;
  /** Failures of each intent since its last success. */
  readonly failures: Readonly<Record<string, number>>;
  /** Whether failed attempts were taken out of the context at a limit, and nothing has succeeded since. */
  readonly errorsReset: boolean;
  /** How many of `failures` a reset has set aside. Each intent is granted this once until it succeeds. */
  readonly setAside: Readonly<Record<string, number>>;
  /** How often in a row the same step, or the same two or three in turn, have had the same outcomes. */
  readonly repeats: Repeats;
  /** Repetitions pointed out to the model since a person last looked; at the next one a person is asked. */
  readonly repeatRefusals: number;
  /** How often each budget was extended by a person. */
  readonly extensions: Readonly<Record<BudgetName, number>>;
  /** The budget that was reached and is not yet extended. */
  readonly reachedBudget: BudgetName | null;
  /** Doubtful steps refused since the last step that ran; after the first, approval is requested instead. */
  readonly doubtfulRefusals: number;
}
