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
