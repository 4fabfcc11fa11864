import type {
  AskHumanStep,
  FinishStep,
  NothingStep,
  ProgressStep,
  SleepStep,
  StepDefinition,
  ToolStep,
  WaitForEventStep,
} from "../steps/definitions.ts";
import type { ApprovalPolicy, BudgetName, HumanRequestKind, RefusalReason, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";

/** What to do now. Closed: `perform` handles each. */
export type Command =
  /** Nothing to do until somebody or something comes. */
  | { readonly type: "wait" }
  | { readonly type: "ask_model" }
  /** Fetch what the model will probably need, before it is asked. */
  | { readonly type: "prefetch"; readonly names: readonly string[] }
  | {
      readonly type: "refuse_step";
      readonly call: OpenCall | null;
      readonly reason: RefusalReason;
      readonly message: string;
    }
  /** Take the failed attempts out of what the model reads, and count errors anew. */
  | { readonly type: "reset_errors" }
  | { readonly type: "drop_steps"; readonly calls: readonly OpenCall[]; readonly reason: string }
  | { readonly type: "judge_step"; readonly call: OpenCall; readonly definition: StepDefinition<Step> }
  | {
      readonly type: "request_approval";
      readonly call: OpenCall;
      readonly definition: StepDefinition<Step>;
      readonly policy: ApprovalPolicy;
      readonly reasons: readonly string[];
    }
  | { readonly type: "run_tool"; readonly call: OpenCall; readonly definition: ToolStep<Step> }
  /** Its process died between start and outcome. */
  | { readonly type: "mark_unknown"; readonly call: OpenCall }
  | { readonly type: "ask_human"; readonly call: OpenCall; readonly definition: AskHumanStep<Step> }
  | {
      readonly type: "ask_people";
      readonly kind: HumanRequestKind;
      readonly question: string;
      readonly call?: OpenCall;
    }
  | {
      readonly type: "reach_budget";
      readonly budget: BudgetName;
      readonly limit: number;
      readonly used: number;
    }
  | { readonly type: "sleep"; readonly call: OpenCall; readonly definition: SleepStep<Step> }
  | { readonly type: "wait_for_event"; readonly call: OpenCall; readonly definition: WaitForEventStep<Step> }
  | { readonly type: "tell_progress"; readonly call: OpenCall; readonly definition: ProgressStep<Step> }
  | {
      readonly type: "finish";
      readonly call: OpenCall;
      readonly definition: FinishStep<Step> | NothingStep<Step>;
    }
  | { readonly type: "fail"; readonly name: string; readonly message: string };
