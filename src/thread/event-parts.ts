import type { Usage } from "../base/completion.ts";
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

/** Where a thread comes from, and where replies go: the name of a channel, and an address that this channel understands. */
export interface Via {
  readonly channel: string;
  readonly address: string;
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
  /** The person for whom it would run is not allowed to ask for it any more. */
  | "requester";

/** Who may approve, and what happens if nobody does. Plain data, stored with the request that it governs. */
export interface ApprovalPolicy {
  /** Patterns of principals: `channel:id`, `*:id` or `channel:*`. Default: anybody whom a channel has verified. */
  readonly approvers?: readonly string[] | undefined;
  /** How many different people must approve. Default 1. */
  readonly needed?: number | undefined;
  /**
   * Whether requesters may approve: those who launched the thread, wrote to it, sent it an event, answered a question of
   * the agent, told it how to go on, or forked it. Whoever denies or edits a step is an approver, not a requester. Default true.
   */
  readonly requesterMayApprove?: boolean | undefined;
  /** Seconds within which the approval must be given and used. Default: it never expires. */
  readonly expiresAfter?: number | undefined;
  /** What happens when the request expires. Default `deny`. */
  readonly onExpiry?: "deny" | "ask_again" | undefined;
  /** After `after` seconds without a decision, those named by the patterns in `to` may decide as well and are told. */
  readonly escalation?: readonly { readonly after: number; readonly to: readonly string[] }[] | undefined;
  /** Why a person must agree, as the end of a sentence: `it is over 50 €`. Stands on the card; not part of what is stored here. */
  readonly because?: string | undefined;
}

/** What a model wrote beside its step, in its own words: untrusted, and cut if it is long. */
export interface OwnWords {
  /** The words, with `[JSON]` in place of the step, or with all of the JSON if there are several values. */
  readonly text: string;
  /** The full length in characters, before any cut. */
  readonly length: number;
  /** The words alone, if `text` holds JSON. */
  readonly withoutJson?: string;
}

/** Why a person must approve a step. `describeReason` puts each reason into words. */
export type ApprovalReason =
  /** The step's own rule asks for it; `because`: why, in the rule's words. */
  | { readonly kind: "policy"; readonly because?: string | undefined }
  /** The step's own rule is wrong, so that it counts as `always`. */
  | { readonly kind: "faulty_policy"; readonly fault: string }
  /** The thread holds content from outside, from these sources. */
  | { readonly kind: "untrusted"; readonly sources: readonly string[] }
  | { readonly kind: "judge"; readonly reason: string }
  /** It is not clear that the model meant the step; `doubts` are names from `Fidelity.reasons`. */
  | { readonly kind: "doubtful"; readonly doubts: readonly string[] }
  /** The step was approved before, but what would run has changed since. */
  | { readonly kind: "changed" }
  /** The requester may not approve but is not known, so nobody may. */
  | { readonly kind: "unknown_requester" }
  /** Since the model proposed the step, a requester has sent something that it has not read. */
  | { readonly kind: "newer_input" }
  /** The step was approved before by somebody (`channel:id`) who may not approve it any more. */
  | { readonly kind: "approver"; readonly who: string }
  /** Names of different people that look alike. */
  | { readonly kind: "look_alike"; readonly names: readonly string[] }
  /** A reason from an earlier release that no longer has a kind of its own. */
  | { readonly kind: "other"; readonly text: string };

/** Why an approval that was asked for or given became invalid before it expired. */
export type LapseReason =
  /** A requester has sent something newer. */
  | { readonly kind: "newer_input" }
  /** Whoever gave it (`channel:id`) may not give it any more. */
  | { readonly kind: "approver"; readonly who: string };

/** What an approver is shown. The approval digest covers every byte of it. */
export interface ApprovalCard {
  readonly title: string;
  readonly intent: string;
  readonly arguments: JsonObject;
  /** The fields that are decided on, the most important first: the step's `emphasis`. */
  readonly emphasis?: readonly string[] | undefined;
  /** What the prompt says of the fields: see `describeField`. */
  readonly descriptions?: Readonly<Record<string, string>> | undefined;
  /** Why a person is asked. */
  readonly reasons: readonly ApprovalReason[];
  /** What would change, from the tool's `preview`. */
  readonly preview?: Json | undefined;
  /** What the model wrote beside the step, in its own words: the beginning, and the full length in characters. */
  readonly said?: { readonly text: string; readonly length: number } | undefined;
  /** The failures of steps like this one since one last succeeded. */
  readonly failures?: CardFailures | undefined;
  /** What requesters have sent since the model proposed the step. */
  readonly newer?: CardInputs | undefined;
  /** Ready ways to deny it, as the step declares them: the words that the model reads, by name. */
  readonly rejectOptions?: Readonly<Record<string, string>> | undefined;
}

/** Earlier failures on a card: how many, and the latest, oldest first. */
export interface CardFailures {
  readonly count: number;
  readonly latest: readonly { readonly at: string; readonly message: string }[];
}

/** Messages and events on a card: how many, and the latest, oldest first, each cut; `length` is the whole in characters. */
export interface CardInputs {
  readonly count: number;
  readonly latest: readonly {
    readonly at: string;
    /** `null`: nobody knows who sent it. */
    readonly from: Principal | null;
    readonly text: string;
    readonly length: number;
  }[];
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
  | "unknown_outcome"
  /** The agent has another version than the thread, and refuses to go on by itself: go on? */
  | "version";

/** The version that a thread has, `null` for none, and the one that its agent has now. */
export interface VersionChange {
  readonly from: string | null;
  readonly to: string | null;
}

export interface HumanRequestOptions {
  readonly urgency?: "low" | "medium" | "high";
  readonly format?: "free_text" | "yes_no" | "multiple_choice";
  readonly choices?: readonly string[];
}

export type HumanDecision =
  | { readonly kind: "approved"; readonly editedStep?: Step }
  /** `option` names one of the card's `rejectOptions`; what is recorded as feedback begins with its words. */
  | { readonly kind: "denied"; readonly feedback: string; readonly option?: string | undefined }
  | { readonly kind: "answered"; readonly text: string }
  /** Decides an unknown outcome: the call happened, with this result. */
  | { readonly kind: "happened"; readonly result: Json }
  /** Decides an unknown outcome: the call did not happen; run it. */
  | { readonly kind: "did_not_happen" };

export type BudgetName = "steps" | "tokens" | "money" | "time";

/** Who has asked for something in a thread, and so may not approve it if somebody else must. */
export interface Requesters {
  /**
   * Those who launched the thread, wrote to it, sent it an event, answered a question of the agent, or forked it; in a child
   * also those of its parent, and in a parent also those of a child whose outcome it has.
   */
  readonly known: readonly Principal[];
  /** Whether it has acted on an event whose sender is not known. */
  readonly unknown: boolean;
}

/** The call of another thread that a thread works for. */
export interface ParentCall {
  readonly threadId: ThreadId;
  readonly callId: CallId;
  /** The threads above it: the topmost first, the parent last. */
  readonly path?: readonly ThreadAbove[];
  /** The budgets of the threads above, which this one shares. */
  readonly budgets?: readonly SharedBudget[];
}

export interface ThreadAbove {
  readonly threadId: ThreadId;
  readonly agent: string;
}

/** Limits that a thread shares with those above it, and what they had used when it began. */
export interface SharedBudget {
  readonly limits: {
    readonly steps?: number;
    readonly tokens?: number;
    readonly money?: { readonly limit: number; readonly prices: PriceTable };
    readonly time?: number;
  };
  /** Since each was last extended. */
  readonly used: Readonly<Record<BudgetName, number>>;
}

/** What a model's tokens cost, per million, in the currency of your price table. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
  /** The price of input tokens that the provider had cached. Default: the same as `input`. */
  readonly cachedInput?: number;
}

/** Prices by the name of the client that answered, e.g. `openai/gpt-5-mini`; `*` applies to all others. */
export type PriceTable = { readonly "*": TokenPrice; readonly [client: string]: TokenPrice };

/** What a thread and those below it have used. */
export interface Spent {
  readonly steps: number;
  readonly runningMs: number;
  /** Of each client that answered. */
  readonly models: Readonly<Record<string, Usage & { readonly calls: number }>>;
}

/** What is said of a child in whatever way it ended. */
export type ChildOutcome = {
  readonly callId: CallId;
  readonly threadId: ThreadId;
  readonly agent?: string;
  /** The thread did not wait for it. */
  readonly background?: true | undefined;
  readonly spent?: Spent;
  /** Where untrusted content in the child's thread came from; its outcome may repeat it. */
  readonly untrusted?: readonly string[] | undefined;
  /** Who has asked the child, if somebody did who had not asked the parent: the outcome may be what they want. */
  readonly requesters?: Requesters | undefined;
};
