import { type Clock, systemClock } from "../base/clock.ts";
import type { CompletionRecord } from "../base/completion.ts";
import { dropUndefined } from "../base/json.ts";
import { compileClient } from "./baml/compile-client.ts";
import { type DeclaredType, readReturnType, UNKNOWN } from "./baml/declared-type.ts";
import { bamlFunction } from "./baml/generated-client.ts";
import { readIntents } from "./baml/intents.ts";
import { type BamlFiles, promptVersion } from "./baml/source.ts";
import { readCheckNames, readStepFields, type StepFields } from "./baml/step-fields.ts";
import type {
  ArgumentsOf,
  FunctionName,
  GeneratedClient,
  PartialOf,
  ResultOf,
  RunTimeTypes,
} from "./baml/types.ts";
import { type Asked, ask, inOrder } from "./call/ask.ts";
import { partialReader } from "./call/partials.ts";
import { patienceOf } from "./call/patience.ts";
import { prepare, safeArguments } from "./call/prepare.ts";
import { prepareClient } from "./call/ready-client.ts";
import type { RetryPolicy } from "./call/retry-policy.ts";
import { Stream } from "./call/stream.ts";
import { CallAbortedError } from "./errors.ts";
import { completionReader } from "./gate/answer.ts";
import type { ProseMode } from "./gate/form.ts";
import { type AnswerLimits, DEFAULT_ANSWER_LIMITS } from "./gate/limits.ts";
import type { Timeouts } from "./http/timeouts.ts";
import { checkCall, checkPromptOptions } from "./options.ts";
import type { Admit, Answer, ModelChoice, ModelClient, PreparedRequest, PromptStream } from "./types.ts";

/** Settings of one call. The function's own settings apply where one is absent. */
export interface CallOptions<Partial = unknown> {
  /** The model that answers this call, even if the function has one of its own. */
  readonly model?: ModelChoice | ModelClient | undefined;
  /**
   * The model that answers if neither the call nor the function has one, e.g. the one chosen by the environment. Without
   * it, the client named in the function's `.baml` file answers. Its time-outs and retries apply if no others are set.
   */
  readonly defaultModel?: ModelChoice | ModelClient | undefined;
  /** Aborting it closes the connection; the call throws `CallAbortedError`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called again and again with the answer so far; asks for a streamed answer. For display only: values are incomplete
   * and neither guarded nor gated. If it throws, the call throws that error.
   */
  readonly onPartial?: ((partial: Partial) => void) | undefined;
  /** Asked before each attempt, to limit how much a client is asked. Default: each begins at once. */
  readonly admit?: Admit | undefined;
  /** Types that are known only at run time. */
  readonly tb?: RunTimeTypes;
  readonly timeouts?: Timeouts;
  readonly retry?: RetryPolicy;
}

export interface PromptFunctionOptions {
  /**
   * `getBamlFiles` of the generated `inlinedbaml.ts`: the generated client does not give its sources. They give the function its
   * version, which approvals are bound to, and tell the gate the aliases of fields and enum values, and the types as which it
   * reads what would keep the native parser busy. With `undefined`, for a client whose sources are not at hand, an aliased name
   * makes a value `doubtful` (`renamed_field`, `coerced_value`), and answers that are long and nested are refused.
   */
  readonly bamlFiles: (() => BamlFiles) | undefined;
  /** The function's own model, with its temperature, limits and so on. It takes precedence over a call's `defaultModel`. */
  readonly model?: ModelChoice | ModelClient;
  readonly timeouts?: Timeouts;
  readonly retry?: RetryPolicy;
  /** Limits on a completion (size, depth and the like); beyond them it does not reach the native parser. */
  readonly limits?: AnswerLimits;
  /**
   * Where the model may write prose beside the JSON of its answer: nowhere (`"none"`, default), before one last JSON value
   * (`"before"`), or before the line `FINAL ANSWER:` (`"marked"`). Prose anywhere else makes a value `doubtful`. Has no
   * effect on a function that returns text.
   */
  readonly prose?: ProseMode;
  /**
   * Marks for the provider's prompt cache what later requests will begin with too, where a provider wants to be told
   * (Anthropic; Claude and Nova on Bedrock). For a prompt that is asked again and again and ends with what grows, such as
   * an agent's: where nothing is read again, writing the cache costs more than it saves. Default false.
   */
  readonly promptCache?: boolean;
  /** Must change whenever the prompt or its types change. Default: derived from `bamlFiles`, else `"unversioned"`. */
  readonly version?: string;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Returns numbers from 0 to 1, for the jitter of waits. Default `Math.random`. */
  readonly random?: () => number;
}

/** A generated BAML function that is safe to run in production. */
export interface PromptFunction<Args extends readonly unknown[], Result, Partial = unknown> {
  readonly name: string;
  readonly version: string;
  /** The intents that its answers may have, according to `bamlFiles`; `undefined` if they are not known before a call. */
  readonly intents: readonly string[] | undefined;
  /**
   * The fields of the steps that its answers may be, with their types and descriptions according to `bamlFiles`, for people
   * who read and edit steps; `undefined` without them.
   */
  readonly stepFields: StepFields | undefined;
  /** The names of the checks (`@check`) on the types of its answers, according to `bamlFiles`; `undefined` without them. */
  readonly checkNames: ReadonlySet<string> | undefined;
  /** The type that it returns, according to `bamlFiles`; `undefined` without them. */
  readonly returns: DeclaredType | undefined;
  /** The names of the clients of the function's own model; empty if it has no model of its own. */
  readonly ownModel: readonly string[];
  /** Where the model may write prose beside the JSON. */
  readonly prose: ProseMode;
  /**
   * Asks the model. A model's mistake is data: a refusal, or an answer whose fidelity is not `exact`. Throws
   * `ProviderRejectedError`, `ProviderUnavailableError`, `MissingCredentialsError`, `CallAbortedError`, and `UsageError`
   * for wrong arguments.
   */
  call(args: Args, options?: CallOptions<Partial>): Promise<Answer<Result>>;
  /** Like `call`, but streamed: iterate over the partials, then await `answer`. */
  stream(args: Args, options?: Omit<CallOptions<Partial>, "onPartial">): PromptStream<Result, Partial>;
  /** The exact request that `call` would send first. Nothing is sent. */
  request(args: Args, options?: CallOptions<Partial>): Promise<PreparedRequest>;
  /** Reads a text as `call` reads a completion. No model is asked. */
  parse(completion: string, options?: { readonly tb?: RunTimeTypes }): Answer<Result>;
  /**
   * The arguments by name, as they are passed to BAML: without its own markers. `undefined` if the generated client does not
   * tell the names.
   */
  namedArguments(args: Args): Readonly<Record<string, unknown>> | undefined;
  /**
   * The same function with other `.baml` files, by their path below `baml_src`: those of another revision, for one. Types
   * and settings stay. Throws `UsageError` with what the compiler says where they do not compile, or lack the function.
   */
  withBamlFiles(files: BamlFiles): PromptFunction<Args, Result, Partial>;
}

/**
 * Joins what BAML generates for a function into one value that builds the request, sends it, guards the completion, parses
 * it and gates the result. The types come from the generated client. Nothing is opened, sent or read here. Throws
 * `UsageError` for unknown options, values that they cannot have, missing `bamlFiles`, and a name that the client does not know.
 *
 * @example
 * const extract = promptFunction(b, "ExtractInvoice", { bamlFiles: getBamlFiles });
 * const answer = await extract.call([mail.text], { signal });
 * if (answer.ok) console.log(answer.value, answer.fidelity.grade);
 */
export function promptFunction<Client extends GeneratedClient, Name extends FunctionName<Client>>(
  client: Client,
  name: Name,
  options: PromptFunctionOptions,
): PromptFunction<ArgumentsOf<Client, Name>, ResultOf<Client, Name>, PartialOf<Client, Name>>;
export function promptFunction(
  client: GeneratedClient,
  name: string,
  options: PromptFunctionOptions,
): PromptFunction<readonly unknown[], unknown> {
  return makeFunction(client, name, options);
}

function makeFunction(
  client: GeneratedClient,
  name: string,
  options: PromptFunctionOptions,
): PromptFunction<readonly unknown[], unknown> {
  checkPromptOptions(name, options);
  const { clock = systemClock, random = Math.random, bamlFiles, prose = "none", promptCache } = options;
  const fn = bamlFunction(client, name);
  let { version } = options;
  let stepFields: StepFields | undefined;
  let returns: DeclaredType | undefined;
  const returnType = () => {
    returns ??= bamlFiles === undefined ? undefined : readReturnType(bamlFiles(), name);
    return returns;
  };
  const limits = { ...DEFAULT_ANSWER_LIMITS, ...options.limits };
  const read = completionReader(fn, { limits, prose, bamlFiles });

  const modelFor = ({ model = options.model, defaultModel }: CallOptions) => model ?? defaultModel;

  async function call(args: readonly unknown[], callOptions: CallOptions = {}): Promise<Answer<unknown>> {
    const { signal, tb, onPartial } = callOptions;
    checkCall(`a call of ${name}`, callOptions);
    const started = clock.now();
    const safe = safeArguments(args);
    const model = modelFor(callOptions);
    const clients = clientsOf(model, true);
    const stream = onPartial !== undefined;
    const candidate = (client: ModelClient | undefined) =>
      prepareClient(fn, safe, client, { tb, stream, apart: inProgress > 1, now: clock.now(), promptCache });
    inProgress += 1;
    try {
      signal?.throwIfAborted();
      const asked = await ask(clients, candidate, {
        ...patienceOf(choiceIn(callOptions.defaultModel), choiceIn(model), options, callOptions),
        signal,
        admit: callOptions.admit,
        onText: onPartial && partialReader(fn, { tb, type: returnType() ?? UNKNOWN }, onPartial),
        clock,
        random,
      });
      const { reply, validText } = asked;
      return read({ reply, completion: recordOf(asked, clock.now() - started), validText }, tb);
    } catch (error) {
      if (signal?.aborted) throw new CallAbortedError(name, signal.reason);
      throw error;
    } finally {
      inProgress -= 1;
    }
  }

  return {
    name,
    // Computed on demand: reading all prompts takes a good part of a process's start.
    get version() {
      version ??= bamlFiles === undefined ? "unversioned" : promptVersion(bamlFiles(), name);
      return version;
    },
    get intents() {
      return bamlFiles === undefined ? undefined : readIntents(bamlFiles(), name);
    },
    get stepFields() {
      stepFields ??= bamlFiles === undefined ? undefined : readStepFields(bamlFiles(), name);
      return stepFields;
    },
    get checkNames() {
      return bamlFiles === undefined ? undefined : readCheckNames(bamlFiles(), name);
    },
    get returns() {
      return returnType();
    },
    ownModel: clientsOf(options.model, false).flatMap((client) => client?.name ?? []),
    prose,
    call,
    stream: (args, callOptions) => new Stream((onPartial) => call(args, { ...callOptions, onPartial })),
    async request(args, callOptions = {}) {
      checkCall(`a request of ${name}`, callOptions);
      return prepare(fn, safeArguments(args), clientsOf(modelFor(callOptions), false)[0], {
        tb: callOptions.tb,
        stream: callOptions.onPartial !== undefined,
        now: clock.now(),
        promptCache,
      });
    },
    parse: (text, { tb } = {}) => {
      const reply = { text, finish: "stop", usage: null } as const;
      return read({ reply, completion: textRecord(text), validText: true }, tb);
    },
    namedArguments: (args) => {
      const safe = safeArguments(args);
      return (
        fn.argumentNames && Object.fromEntries(fn.argumentNames.map((name, index) => [name, safe[index]]))
      );
    },
    withBamlFiles: (files) => {
      const { version: _, ...settings } = options;
      return makeFunction(compileClient(client, files), name, { ...settings, bamlFiles: () => files });
    },
  };
}

/** Calls in progress in this process, of any function: a single one is quickest on its own thread, many are not. */
let inProgress = 0;

function choiceIn(model: ModelChoice | ModelClient | undefined): ModelChoice | undefined {
  return model !== undefined && "clients" in model ? model : undefined;
}

function clientsOf(
  model: ModelChoice | ModelClient | undefined,
  takeTurn: boolean,
): readonly (ModelClient | undefined)[] {
  if (model === undefined) return [undefined];
  return "clients" in model ? inOrder(model, takeTurn) : [model];
}

function recordOf(asked: Asked, durationMs: number): CompletionRecord {
  const { reply, client, requestDigest, failed } = asked;
  return {
    raw: reply.text,
    client,
    usage: reply.usage,
    durationMs,
    requestDigest,
    ...dropUndefined({
      response: reply.response,
      failedAttempts:
        failed.length === 0 ? undefined : failed.map(({ client, message }) => `${client}: ${message}`),
    }),
  };
}

function textRecord(raw: string): CompletionRecord {
  return { raw, client: "none", usage: null, durationMs: 0, requestDigest: "" };
}
