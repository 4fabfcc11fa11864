import type { Fidelity } from "../base/completion.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import type { ApprovalPolicy, HumanRequestOptions } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** What a tool is told besides its arguments. */
export interface ToolContext {
  readonly threadId: ThreadId;
  readonly callId: CallId;
  /** The same for every attempt of this call, in every process: hand it to what you call as its idempotency key. */
  readonly key: string;
  /** The thread as it was when the call began. */
  readonly thread: Thread;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborted when the thread is cancelled, the tool's time is up or the process stops. */
  readonly signal: AbortSignal;
}

/** What rules, policies and judges may look at. */
export interface StepContext {
  readonly thread: Thread;
  readonly fidelity: Fidelity;
}

export type Approval = "never" | "always" | ApprovalPolicy;

/** What a policy function gives. Names that a policy does not have are reported by the type checker. */
export type KnownApproval<A> = A extends object
  ? [Exclude<keyof A, keyof ApprovalPolicy>] extends [never]
    ? A
    : A & { readonly [Name in Exclude<keyof A, keyof ApprovalPolicy>]: never }
  : A;

export type Verdict = {
  readonly verdict: "pass" | "refuse" | "ask_person";
  readonly reason: string;
};

/** What may be said of any step, whatever code does with it. */
export interface StepOptions<S, A extends Approval = Approval> {
  /**
   * Who must agree before it runs. A function is given the step and must be pure: it is evaluated anew in every
   * process. One that throws or gives a policy that is wrong asks a person all the same, and the card says what is
   * wrong. Default `never`.
   */
  approval?: Approval | ApprovalRule<S, A>["decide"];
  /**
   * The least faithful parse that may run without a question: a step below it is asked about once (the model is shown its
   * own words and both ways out) and needs a person's approval after that. Default: `doubtful` for read-only tools and steps without effects,
   * `tolerant` for tools with effects.
   */
  accepts?: Fidelity["grade"];
  /** Rules beyond the BAML types, on the step with its intent. The model is told which field is wrong. */
  arguments?: StandardSchema<S>;
  /**
   * Any other rule: a message for the model refuses the step, `undefined` lets it pass. Throwing refuses too. It is asked
   * once before anybody (the judge, a person) is asked about the step, and once right before it runs.
   */
  check?: StepCheck<S>["check"];
  /**
   * A reviewer, plain code or an LLM function, asked once, before people are. Its verdict is an event. Throwing, or a
   * verdict that is none of the three, asks a person. After a crash it may be asked again.
   */
  judge?: StepJudge<S>["judge"];
  /**
   * A person must approve it while the thread holds content from outside (see `untrusted` and the agent's context);
   * the card says which. Default false.
   */
  approveWhenUntrusted?: boolean;
  /**
   * Counts towards the approval digest: change it when the step's meaning changes, so that old approvals lapse. Without it
   * the text of the handler counts, which says nothing of what the handler calls or closes over (a helper, a limit, a base
   * address, a library): a version must cover those. Needed for bound and native handlers, which have no text.
   */
  version?: string;
}

// Method signatures, so that a definition for one intent fits a table of definitions for any step.
interface ApprovalRule<S, A> {
  decide(step: S, context: StepContext): KnownApproval<A>;
}
interface StepCheck<S> {
  check(step: S, context: StepContext): string | undefined | Promise<string | undefined>;
}
interface StepJudge<S> {
  judge(step: S, context: StepContext & { readonly signal: AbortSignal }): Verdict | Promise<Verdict>;
}

export interface ToolOptions<S, A extends Approval = Approval> extends StepOptions<S, A> {
  /** It changes nothing anywhere. Implies `idempotent`. */
  readOnly?: boolean;
  /**
   * Running it again under the same key has no further effect. After a crash it runs again; any other tool is never
   * repeated, and a person decides. Default false.
   */
  idempotent?: boolean;
  /** What would change, computed before approval and shown to the approver. Throwing is shown too. */
  preview?: ToolPreview<S>["preview"];
  /** Milliseconds until the tool's signal is aborted. Default: no limit. */
  timeoutMs?: number;
  /** How its result is shown to the model; what is stored is the result. Must be pure; may not throw. */
  renderResult?: ToolRendering<S>["renderResult"];
  /**
   * What the model reads instead of a result, e.g. a summary by another model; `undefined` leaves the result. It runs
   * once, when the result is safely stored, and what it gives is an event. Throwing leaves the result.
   */
  summarize?: ToolSummary<S>["summarize"];
  /**
   * A call with the same arguments in the same thread within so many seconds gets the earlier result without running.
   * Only for tools that are `readOnly`.
   */
  cacheSeconds?: number;
  /** Its results come from outside and are labelled as such: `true`, or where from, e.g. `web page`. */
  untrusted?: boolean | string;
  /**
   * The tool gets real values where the model wrote placeholders of redacted ones: `true` for all its fields, or the
   * names of those fields. Default: it gets what the model wrote.
   */
  realValues?: true | readonly (string & keyof S)[];
}

interface ToolRendering<S> {
  renderResult(result: Json, step: S): Json;
}
interface ToolSummary<S> {
  summarize(result: Json, step: S, context: { readonly signal: AbortSignal }): unknown;
}

interface ToolPreview<S> {
  preview(step: S, context: { readonly thread: Thread; readonly signal: AbortSignal }): unknown;
}

interface Options<S> {
  readonly options: StepOptions<S>;
}

/** Code runs; what it returns is the result the model reads, what it throws is an error event. */
export interface ToolStep<S> {
  readonly kind: "tool";
  readonly options: ToolOptions<S>;
  run(step: S, context: ToolContext): unknown;
}

/** A person is asked; the thread waits. */
export interface AskHumanStep<S> extends Options<S> {
  readonly kind: "ask_human";
  ask(step: S): HumanQuestion;
}
export interface HumanQuestion {
  readonly question: string;
  readonly context?: string;
  readonly options?: HumanRequestOptions;
}

/** The thread ends with a result. */
export interface FinishStep<S, Result = unknown> extends Options<S> {
  readonly kind: "finish";
  result(step: S): Result;
}

/** The thread sleeps, without a process, until a time. */
export interface SleepStep<S> extends Options<S> {
  readonly kind: "sleep";
  /** Milliseconds since the epoch. */
  until(step: S, now: number): number;
}

/** The thread waits for a named event. */
export interface WaitForEventStep<S> extends Options<S> {
  readonly kind: "wait_for_event";
  /** `until`: milliseconds since the epoch; absent: for ever. */
  event(step: S, now: number): { readonly name: string; readonly until?: number };
}

/** People are told something; the run goes on. */
export interface ProgressStep<S> extends Options<S> {
  readonly kind: "progress";
  message(step: S): string;
}

/** Nothing is to be done: the thread ends quietly and nobody is told. */
export interface NothingStep<S> extends Options<S> {
  readonly kind: "nothing";
  reason(step: S): string;
}

export type StepDefinition<S> =
  | ToolStep<S>
  | AskHumanStep<S>
  | FinishStep<S>
  | SleepStep<S>
  | WaitForEventStep<S>
  | ProgressStep<S>
  | NothingStep<S>;
