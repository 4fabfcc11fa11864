import type { Fidelity } from "../base/completion.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import type { Answer, ModelChoice } from "../prompts/types.ts";
import type { ApprovalPolicy, HumanRequestOptions, Principal } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { StandardSchema } from "./standard-schema.ts";

/**
 * Calls a prompt function with the run's model (unless it has one of its own) and the caller's signal, and resolves with
 * its value. What it costs is recorded and counts in the budget. Throws what the function throws, and an error with the
 * reason for an answer that was not accepted.
 *
 * @example
 * summarize: (result, step, { ask }) => ask(summarizeLog, JSON.stringify(result)),
 */
export type Ask = <const Args extends readonly unknown[], Result>(
  prompt: {
    call(
      args: Args,
      options?: {
        readonly defaultModel?: ModelChoice | undefined;
        readonly signal?: AbortSignal | undefined;
      },
    ): Promise<Answer<Result>>;
  },
  ...args: Args
) => Promise<Result>;

/** What code beside the loop gets to ask models with: a tool, a summary, a prefetch, a judge. */
export interface HelperContext {
  /** The thread as it was when the code was called. */
  readonly thread: Thread;
  /** The run's model; `undefined` means the client named in each prompt. `ask` passes it on. */
  readonly model: ModelChoice | undefined;
  readonly signal: AbortSignal;
  readonly ask: Ask;
}

/**
 * A secret by its name, for the thread's requester, as the configuration's `credentials` resolve it. Only names declared in
 * `credentials` are known; any other throws `UsageError`. It is removed from whatever is stored.
 */
export type Credential = (name: string) => string;

/** What a tool's handler receives besides the step. */
export interface ToolContext extends HelperContext {
  readonly threadId: ThreadId;
  readonly callId: CallId;
  /**
   * The same for every attempt of this call, in every process. Pass it on as the idempotency key to whatever the tool
   * calls.
   */
  readonly key: string;
  /**
   * For whom the call runs: who sent the latest message or event before the model proposed it. `null` if nobody did (a
   * schedule), or if it is not known who. Whoever approved the call is in `approvedBy` and never here.
   */
  readonly requester: Principal | null;
  /** Who approved the call, in order; empty if nobody had to. */
  readonly approvedBy: readonly Principal[];
  /** Where content from outside in the thread comes from; empty if there is none. What the tool hands on may hold some of it. */
  readonly untrusted: readonly string[];
  readonly credential: Credential;
  /** Counts from 1. */
  readonly attempt: number;
  /**
   * Aborted when the thread is cancelled, the tool's `timeoutMs` has passed, or a message interrupts it (see `whenBusy`). A runtime that stops lets its tools end; in
   * a loop written by hand, aborting the loop's signal aborts this one.
   */
  readonly signal: AbortSignal;
}

/** What rules, policies and judges may look at besides the step. */
export interface StepContext {
  readonly thread: Thread;
  readonly fidelity: Fidelity;
}

/** Whether people must approve a step: never, always, or as the policy says. A policy always asks. */
export type Approval = "never" | "always" | ApprovalPolicy;

/** What a policy function returns. The type checker reports names that no policy has. */
export type KnownApproval<A> = A extends object
  ? [Exclude<keyof A, keyof ApprovalPolicy>] extends [never]
    ? A
    : A & { readonly [Name in Exclude<keyof A, keyof ApprovalPolicy>]: never }
  : A;

/** What a judge says of a step: let it pass, refuse it (the model reads the reason), or ask a person. */
export type Verdict = {
  readonly verdict: "pass" | "refuse" | "ask_person";
  readonly reason: string;
};

/** Options that every kind of step takes. */
export interface StepOptions<S, A extends Approval = Approval> {
  /**
   * Who must agree before the step runs. Default `never`. A function must be pure: it is called with the step as often
   * as needed, in any process. If it throws or returns an invalid policy, a person is asked anyway, and the card says
   * what is wrong.
   */
  approval?: Approval | ApprovalRule<S, A>["decide"];
  /**
   * The lowest fidelity at which the step runs without further questions. Below it, the model is asked once whether it
   * meant the step (it sees its own words and both ways out); after that, a person must approve. Default: `doubtful`
   * for read-only tools and for steps without effects, `tolerant` for tools with effects.
   */
  accepts?: Fidelity["grade"];
  /**
   * Rules beyond the BAML types, for the whole step including its intent. A step that breaks one does not run; the model
   * is told which field is wrong.
   */
  arguments?: StandardSchema<S>;
  /**
   * Any other rule. A returned message refuses the step and is shown to the model; `undefined` lets it pass. Throwing
   * refuses the step, too. Called once before the judge or a person is asked, and once more right before the step runs.
   */
  check?: StepCheck<S>["check"];
  /**
   * A reviewer, in plain code or as an LLM function, called once for each call, before people are asked; after a crash
   * it may be called again. Its verdict is recorded as an event. If it throws, or returns none of the three verdicts,
   * a person is asked.
   */
  judge?: StepJudge<S>["judge"];
  /**
   * A person must approve the step while the thread holds content from outside (see `untrusted` and the agent's
   * context); the card names the sources. Default false.
   */
  approveWhenUntrusted?: boolean;
  /**
   * Ready ways to say no: the words that the model reads, by a name of letters, digits, `_` and `-`. They stand on the card,
   * and whoever denies may pick one by its name, with or without words of their own. A function must be pure; if it throws, or
   * gives anything else, there are none. Default: none.
   *
   * @example
   * rejectOptions: { wrong_order: "The backend first, then the frontend." }
   */
  rejectOptions?: Readonly<Record<string, string>> | RejectOptions<S>["rejectOptions"];
  /**
   * What an approver reads first, in one line of at most 200 characters: `"Refund 640 € · A-1020"`. Must be pure. If it
   * throws or gives no text, the card has its usual title. The arguments stand on the card in any case.
   */
  title?: StepTitle<S>["title"];
  /**
   * The fields that are decided on, the most important first: they stand at the top of the card, in large print, as they
   * will run. A function must be pure; if it throws, or names a field that the step has not, that field has no emphasis.
   *
   * @example
   * refund: tool(refund, {
   *   approval: "always",
   *   title: ({ amount, order }) => `Refund ${amount} € · ${order}`,
   *   emphasis: ["amount"],
   * })
   */
  emphasis?: readonly (string & keyof S)[] | StepEmphasis<S>["emphasis"];
  /**
   * Part of the approval digest: change it when the step's meaning changes, so that old approvals lapse. By default the
   * text of the handler counts, which does not cover what the handler calls or closes over (a helper, a limit, a base
   * address, a library): a version must cover those. Required for bound and native handlers, which have no text.
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
export interface StepTitle<S> {
  title(step: S): string;
}
interface RejectOptions<S> {
  rejectOptions(step: S): Readonly<Record<string, string>>;
}
export interface StepEmphasis<S> {
  emphasis(step: S): readonly string[];
}
interface StepJudge<S> {
  judge(step: S, context: StepContext & HelperContext): Verdict | Promise<Verdict>;
}

/** Small values that are kept in the runtime's store, by key. */
export interface KeptValues {
  getValue(key: string): Promise<string | undefined>;
  /** Compare-and-swap on the old value: resolves with false, changing nothing, unless it is `expected`. */
  setValue(key: string, value: string, expected: string | undefined): Promise<boolean>;
}

/** Options of a tool, besides those of every step. */
export interface ToolOptions<S, A extends Approval = Approval> extends StepOptions<S, A> {
  /** The tool changes nothing anywhere. Implies `idempotent`. Default false. */
  readOnly?: boolean;
  /**
   * Running the tool again under the same key has no further effect, so it runs again after a crash. A tool that is not
   * idempotent is never repeated: a person decides. Default false.
   */
  idempotent?: boolean;
  /**
   * Computes what would change, to be shown to the approver. Called once before an approval is requested. May throw: the
   * error is shown instead.
   */
  preview?: ToolPreview<S>["preview"];
  /** Milliseconds until the tool's signal is aborted. Default: no limit. */
  timeoutMs?: number;
  /**
   * How the result is shown to the model; the result itself is what is stored. Called whenever the thread is rendered.
   * Must be pure and must not throw.
   */
  renderResult?: ToolRendering<S>["renderResult"];
  /**
   * What the model reads instead of the result, e.g. a summary by another model; `undefined` keeps the result. Called
   * once, after the result is safely stored; what it returns is recorded as an event. If it throws, that is recorded, and
   * the model reads the result.
   */
  summarize?: ToolSummary<S>["summarize"];
  /**
   * For this many seconds, a call with the same arguments in the same thread gets the earlier result without running. A
   * text in the field `reasoning` holds the model's reasons and is no argument.
   * Only for `readOnly` tools. Default: nothing is cached.
   */
  cacheSeconds?: number;
  /**
   * Where cached results are good: in the same `thread` (default), or in all threads of the `agent` with the same
   * requesters, in every process on the same store. Not for tools with `realValues` or agents that keep content out of the
   * store, whose placeholders mean something else in each thread. A change of the tool's code or `version` ends them.
   */
  cacheScope?: "thread" | "agent";
  /** With `cacheScope: "agent"`: the result is the same for everybody, whoever asks. Default false. */
  shared?: boolean;
  /** The names of the credentials that the tool and its preview need; see `credential`. Default: none. */
  credentials?: readonly string[];
  /**
   * Called before a runtime takes up a thread, with the small values of its store: for what a tool must remember across starts. Called
   * again and again, so it should do its work once. If it rejects, the thread is taken up later.
   */
  prepare?: (values: KeptValues) => Promise<void>;
  /** The results come from outside and are labelled so: `true`, or the source, e.g. `web page`. Default false. */
  untrusted?: boolean | string;
  /**
   * Where the model wrote placeholders, the tool gets the redacted values they stand for: in all fields (`true`) or in
   * those named. Default: it gets what the model wrote.
   */
  realValues?: true | readonly (string & keyof S)[];
}

/** Options of a question to a person, besides those of every step. */
export interface AskHumanOptions<S, A extends Approval = Approval> extends StepOptions<S, A> {
  /**
   * Who is asked: patterns as in policies. Only they may answer. A function is called when the step runs; it must be pure.
   * If it throws, or names nobody who could be matched, nobody is asked and the model is told. Default: everybody.
   *
   * @example
   * ask_manager: askHuman((step) => step.question, { to: ["web:ada", "email:ada@example.com"] }),
   * ask_customer: askHuman((step) => step.question, { to: (_step, { thread }) => thread.state.requesters.known.map(principalKey) }),
   */
  to?: readonly string[] | QuestionTo<S>["to"];
}

interface QuestionTo<S> {
  to(step: S, context: { readonly thread: Thread }): readonly string[];
}

interface ToolRendering<S> {
  renderResult(result: Json, step: S): Json;
}
interface ToolSummary<S> {
  summarize(result: Json, step: S, context: HelperContext): unknown;
}

interface ToolPreview<S> {
  preview(
    step: S,
    context: { readonly thread: Thread; readonly signal: AbortSignal; readonly credential: Credential },
  ): unknown;
}

interface Options<S> {
  readonly options: StepOptions<S>;
}

/** Runs code. What it returns is the result that the model reads; what it throws becomes an error event. */
export interface ToolStep<S> {
  readonly kind: "tool";
  readonly options: ToolOptions<S>;
  run(step: S, context: ToolContext): unknown;
}

/** Asks a person; the thread waits for the answer. */
export interface AskHumanStep<S> {
  readonly kind: "ask_human";
  readonly options: AskHumanOptions<S>;
  ask(step: S): HumanQuestion;
}
/** A question to a person, with what helps to answer it. */
export interface HumanQuestion {
  readonly question: string;
  readonly context?: string;
  readonly options?: HumanRequestOptions;
  /** Who is asked and may answer. Where the step declares a `to`, these must be among those: it never lets more people answer. */
  readonly to?: readonly string[];
}

/** Ends the run with a result. */
export interface FinishStep<S, Result = unknown> extends Options<S> {
  readonly kind: "finish";
  result(step: S): Result;
}

/** Puts the thread to sleep until a given time; no process is needed meanwhile. */
export interface SleepStep<S> extends Options<S> {
  readonly kind: "sleep";
  /** When to wake up. Takes and returns milliseconds since the epoch. */
  until(step: S, now: number): number;
}

/** Makes the thread wait for a named event. */
export interface WaitForEventStep<S> extends Options<S> {
  readonly kind: "wait_for_event";
  /** `until` is in milliseconds since the epoch; without it, the thread waits for ever. */
  event(step: S, now: number): { readonly name: string; readonly until?: number };
}

/** Tells people something; the run goes on. */
export interface ProgressStep<S> extends Options<S> {
  readonly kind: "progress";
  message(step: S): string;
}

/** Ends the run quietly, because there is nothing to do; nobody is told. */
export interface NothingStep<S> extends Options<S> {
  readonly kind: "nothing";
  reason(step: S): string;
}

/** Options of a `delegate` step, besides those of every step. */
export interface DelegateOptions<S, A extends Approval = Approval> extends StepOptions<S, A> {
  /** The other agent changes nothing anywhere, so that the step runs without further questions. Default false. */
  readOnly?: boolean;
}

/** What is handed to another agent. */
export interface Handover<S> {
  /** The agent, or its name; it must be one of the runtime's. A function picks it by the step. Must be pure. */
  agent: AgentName | HandoverRule<S>["agent"];
  /** What the agent starts with. Must be pure; if it throws, the step is refused. Default: the fields of the step. */
  input?: HandoverRule<S>["input"];
  /**
   * Whether the thread waits for the result, which is then the result of the step. If not, it goes on, and the result comes
   * as an event of its own. Default true.
   */
  wait?: boolean;
}

export type AgentName = string | { readonly name: string };

interface HandoverRule<S> {
  agent(step: S): AgentName;
  input(step: S): unknown;
}

/** Hands work to another agent, in a thread of its own. */
export interface DelegateStep<S> {
  readonly kind: "delegate";
  readonly options: DelegateOptions<S>;
  /** The code that picks agent and input, as text: part of the approval digest. */
  readonly code: readonly string[];
  readonly wait: boolean;
  agent(step: S): string;
  input(step: S): unknown;
}

/** What code does about one intent. Made by `tool`, `askHuman`, `finish` and the like. */
export type StepDefinition<S> =
  | ToolStep<S>
  | AskHumanStep<S>
  | FinishStep<S>
  | SleepStep<S>
  | WaitForEventStep<S>
  | DelegateStep<S>
  | ProgressStep<S>
  | NothingStep<S>;
