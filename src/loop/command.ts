import type { CallId } from "../base/ids.ts";
import type {
  ApprovalPolicy,
  ApprovalReason,
  BudgetName,
  RefusalReason,
  VersionChange,
} from "../thread/events.ts";

/** A step that the model has proposed. The agent's `steps` say what code does about it. */
interface OfStep {
  readonly callId: CallId;
  readonly intent: string;
}

/** How many calls of one thread are worked on at the same time. */
export const MAX_AT_ONCE = 8;

/** The data of each command. It names calls and intents only, so that it can be printed, compared and sent. */
export interface CommandData {
  /** Nothing to do until a person answers, an event arrives or time passes. */
  readonly wait: object;
  readonly ask_model: object;
  /** Fetch what the model will probably need, before it is asked. */
  readonly prefetch: { readonly names: readonly string[] };
  /** Tell the model that its step or its latest turn was not accepted. */
  readonly refuse_step: {
    readonly callId: CallId | null;
    readonly reason: RefusalReason;
    readonly message: string;
    /** How many steps in turn repeat themselves, if more than one. */
    readonly inTurn?: number | undefined;
  };
  /** Take the failed attempts out of what the model reads, and count errors anew. */
  readonly reset_errors: object;
  readonly drop_steps: { readonly callIds: readonly CallId[]; readonly reason: string };
  readonly judge_step: OfStep;
  readonly request_approval: OfStep & {
    readonly policy: ApprovalPolicy;
    readonly reasons: readonly ApprovalReason[];
  };
  readonly run_tool: OfStep;
  /** Run neighbouring calls of read-only tools at the same time. */
  readonly run_tools: { readonly callIds: readonly CallId[] };
  /** Record that the outcome is unknown: the process died after the call had started. */
  readonly mark_unknown: { readonly callId: CallId };
  /** The model asks a person. */
  readonly ask_human: OfStep;
  /** The engine cannot go on by itself: ask a person to decide. */
  readonly ask_for_help: {
    readonly kind: "escalation" | "unknown_outcome" | "version";
    readonly question: string;
    readonly callId: CallId | null;
    /** For the kind `version`. */
    readonly version?: VersionChange | undefined;
  };
  readonly reach_budget: { readonly budget: BudgetName; readonly limit: number; readonly used: number };
  readonly sleep: OfStep;
  readonly wait_for_event: OfStep;
  /** Hand steps to other agents, or start their threads if the handover is on record: one, or neighbours that only read. */
  readonly delegate: { readonly callIds: readonly CallId[] };
  readonly tell_progress: OfStep;
  readonly finish: OfStep;
  readonly fail: { readonly name: string; readonly message: string };
}

export type CommandType = keyof CommandData;

/** What to do now. Closed: the table `EFFECTS` says what each does. */
export type Command<T extends CommandType = CommandType> = {
  [K in T]: { readonly type: K } & CommandData[K];
}[T];
