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
  | "repeated";

/** Who may approve, and what happens when nobody does. Plain data: it is stored with the request it governs. */
export interface ApprovalPolicy {
  /** Principals, as `channel:id`, `*:id` or `channel:*`. Absent: anybody whom a channel has verified. */
  readonly approvers?: readonly string[] | undefined;
  /** How many different people must approve. Default 1. */
  readonly needed?: number | undefined;
  /**
   * Default true. False: whoever launched the thread, wrote to it, sent it an event, answered a question of the agent
   * or forked it may not approve.
   */
  readonly requesterMayApprove?: boolean | undefined;
  /** Seconds until the request expires. Absent: never. */
  readonly expiresAfter?: number | undefined;
  /** What expiry does. Default `deny`. */
  readonly onExpiry?: "deny" | "ask_again" | undefined;
  /** After so many seconds without a decision, `to` may decide as well and is notified. */
  readonly escalation?: readonly { readonly after: number; readonly to: readonly string[] }[] | undefined;
}

/** What a model wrote beside its step, in its own words: untrusted, and cut where it is long. */
export interface OwnWords {
  /** With `[JSON]` in the place of the step, or with all of the JSON where there are several values. */
  readonly text: string;
  /** How many characters it all had. */
  readonly length: number;
  /** The words alone, where `text` holds JSON. */
  readonly withoutJson?: string;
}

/** Why a person must approve a step. `describeReason` words each for people. */
export type ApprovalReason =
  /** The step's own rule asks for it. */
  | { readonly kind: "policy" }
  /** The step's own rule is wrong, so that it counts as `always`. */
  | { readonly kind: "faulty_policy"; readonly fault: string }
  /** The thread holds content from outside; where from. */
  | { readonly kind: "untrusted"; readonly sources: readonly string[] }
  | { readonly kind: "judge"; readonly reason: string }
  /** It is not clear that the model meant it; names of `Fidelity.reasons`. */
  | { readonly kind: "doubtful"; readonly doubts: readonly string[] }
  /** It was approved before, and what would run is not the same any more. */
  | { readonly kind: "changed" }
  /** The requester may not approve, and nobody can say who that is: nobody may. */
  | { readonly kind: "unknown_requester" }
  /** Two of those who are named look alike and are not the same. */
  | { readonly kind: "look_alike"; readonly names: readonly string[] }
  /** From an earlier release, in words that nobody knows any more. */
  | { readonly kind: "other"; readonly text: string };

/** What an approver is shown. The approval digest covers every byte of it. */
export interface ApprovalCard {
  readonly title: string;
  readonly intent: string;
  readonly arguments: JsonObject;
  /** Why a person is asked. */
  readonly reasons: readonly ApprovalReason[];
  /** What would change, from the tool's `preview`. */
  readonly preview?: Json;
  /** What the model wrote beside the step, in its own words: the beginning, and how many characters it all had. */
  readonly said?: { readonly text: string; readonly length: number };
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
