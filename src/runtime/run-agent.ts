import type { Agent, AnyStep, ResultOf } from "../agent/agent.ts";
import { HANDED_OVER } from "../agent/agent-context.ts";
import { systemClock } from "../base/clock.ts";
import {
  ConflictError,
  NeedsPersonError,
  RunFailedError,
  TwelvefoldError,
  UsageError,
} from "../base/errors.ts";
import { requestIdOf, type ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { checkNames, type NamesOf } from "../base/options.ts";
import { principalKey, type VerifiedPrincipal } from "../humans/principal.ts";
import { MAX_DEPTH } from "../loop/perform-delegate.ts";
import type { ToolContext } from "../steps/definitions.ts";
import { createMemoryStore } from "../store/memory.ts";
import type { ThreadStore } from "../store/store.ts";
import { isOver } from "../thread/projection.ts";
import type { Thread } from "../thread/thread.ts";
import type { Launch } from "./changes.ts";
import type { Input } from "./input.ts";
import type { RuntimeOptions } from "./options.ts";
import { createRuntime, type Runtime } from "./runtime.ts";

type OfRuntime = Pick<RuntimeOptions, "model" | "channels" | "people" | "credentials" | "secret">;

/** Where and for whom an agent runs. */
export interface RunAgentOptions extends OfRuntime {
  /** Keeps the run: it survives this process and goes on in any that runs this agent on the store. Default: memory. */
  readonly store?: ThreadStore | undefined;
  /** A runtime that has the agent, instead of one that is made for this run. It must be started. */
  readonly runtime?: Runtime | undefined;
  /** Names the run in its store: a second call with the same id waits for the same run and resolves alike. */
  readonly id?: string | undefined;
  /** Who asks; the input is then their message. Default: code alone does, and nobody counts as requester. */
  readonly from?: VerifiedPrincipal | undefined;
  /** Where the input comes from, if that is not to be trusted, e.g. `mail`. Default: the program itself. */
  readonly source?: string | undefined;
  /**
   * The context of the tool that runs it. The run then works for the tool's requesters, with their credentials, its input counts as
   * content from outside if the tool's thread holds any, and model and signal are those of the tool unless named here.
   */
  readonly within?: ToolContext | undefined;
  /** Further agents, to which this one hands work. */
  readonly agents?: readonly Agent[] | undefined;
  /** Stops waiting, and whatever runs in this process. A run in a store stays there, and goes on with the next call. */
  readonly signal?: AbortSignal | undefined;
}

const NAMES: NamesOf<RunAgentOptions> = {
  model: true,
  channels: true,
  people: true,
  credentials: true,
  secret: true,
  store: true,
  runtime: true,
  id: true,
  from: true,
  source: true,
  within: true,
  agents: true,
  signal: true,
};

/** How often, in ms, to look whether somebody has answered, or another process has gone on. */
const POLL_MS = 100;

/**
 * Runs an agent like a function: resolves with the result that its `finish` step returned, as JSON has it.
 *
 * With a `store` the run is durable: it waits for people, time and events as long as that takes, resolves in whatever
 * process it ends, and goes on after a crash with the next call under the same `id`. While it waits, this process
 * also advances other threads of the same agents in that store. Without one, a run that needs a person rejects with
 * `NeedsPersonError`.
 *
 * Rejects with `RunFailedError` if the run fails, with `TwelvefoldError` (`aborted`) if somebody cancels it, with the
 * signal's reason when that is aborted, and with what `createRuntime` and `launch` throw.
 *
 * @example
 * const { tags } = await runAgent(labeller, issue.text, { store, id: `label ${issue.number}` });
 */
export async function runAgent<A extends Agent<AnyStep, unknown>>(
  agent: A,
  input: Json,
  options: RunAgentOptions = {},
): Promise<ResultOf<A>> {
  checkNames("runAgent", NAMES, options);
  const { runtime, stop } = runtimeFor(agent, options);
  try {
    const once = options.id === undefined ? undefined : `run:${agent.name}:${options.id}`;
    const { within, signal = within?.signal } = options;
    const onBehalfOf = within && worksFor(within);
    const { threadId } = await runtime.launch({
      agent: agent.name,
      input: inputOf(input, options),
      onBehalfOf,
      once,
    });
    const isDurable = options.store !== undefined || options.runtime !== undefined;
    const result = await resultOf(runtime, threadId, isDurable, signal);
    // What `finish` returned, as it is in the thread: the agent's type says what that is.
    return result as ResultOf<A>;
  } finally {
    await stop();
  }
}

/** For whom the run works, and below how many threads. Throws `UsageError` if that is too deep. */
function worksFor({ thread, requester }: ToolContext): Launch["onBehalfOf"] {
  const { requesters, depth } = thread.state;
  if (depth < MAX_DEPTH) return { requesters, requester, depth: depth + 1 };
  const message = `runAgent: work is handed on at most ${MAX_DEPTH} times, and this tool runs below as many agents`;
  throw new UsageError("invalid_argument", message);
}

function runtimeFor(
  agent: Agent,
  {
    store,
    runtime,
    agents = [],
    within,
    id: _,
    from: __,
    source: ___,
    signal: ____,
    ...rest
  }: RunAgentOptions,
): { readonly runtime: Runtime; readonly stop: () => Promise<void> } {
  if (runtime !== undefined) {
    // A runtime with credentials has its own copy of the agent.
    if (runtime.agents.get(agent.name)?.nextStep === agent.nextStep && store === undefined)
      return { runtime, stop: async () => {} };
    const message = `runAgent: the runtime must have the agent ${agent.name} itself, and brings its own store`;
    throw new UsageError("invalid_configuration", message);
  }
  const own = createRuntime({
    model: within?.model,
    ...rest,
    agents: [agent, ...agents],
    store: store ?? createMemoryStore(),
    stream: false,
  });
  own.start();
  return { runtime: own, stop: () => own.stop() };
}

function inputOf(input: Json, { from, within, source = "program" }: RunAgentOptions): Input {
  if (from !== undefined && within !== undefined)
    throw new UsageError(
      "invalid_argument",
      "runAgent: within a tool it runs for the tool's requester; leave out `from`",
    );
  if (from === undefined) {
    const outside = within?.untrusted ?? [];
    const known = outside.length === 0 ? source : `${HANDED_OVER}${outside.join(", ")}), by a tool`;
    return { event: { name: "run", source: known, payload: input }, from: "system" };
  }
  return { message: typeof input === "string" ? input : JSON.stringify(input), from };
}

async function resultOf(
  runtime: Runtime,
  threadId: ThreadId,
  isDurable: boolean,
  signal: AbortSignal | undefined,
): Promise<Json> {
  for (;;) {
    const thread = await runtime.settled(threadId, signal);
    const { ended } = thread.state;
    if (ended?.kind === "finished" && isOver(thread.state)) return ended.result;
    if (ended?.kind === "failed") throw new RunFailedError(thread.state.agent, threadId, ended.error);
    if (ended !== null && ended.kind !== "finished") {
      const why = ended.reason === undefined ? "" : `: ${ended.reason}`;
      throw new TwelvefoldError("aborted", `${principalKey(ended.by)} cancelled the run${why}`);
    }
    if (!isDurable) await requireNobody(runtime, thread);
    await systemClock.sleep(POLL_MS, signal);
  }
}

/** Throws if the run waits for somebody who cannot reach it. */
async function requireNobody(runtime: Runtime, thread: Thread): Promise<void> {
  const { request, status } = thread.state;
  if (request !== null) throw new NeedsPersonError(requestIdOf(thread.id, request.seq), thread.state.title);
  // A child that has only been requested begins in a moment: the thread is not at rest then.
  for (const { threadId } of thread.state.children)
    if (status.kind !== "running") await requireNobody(runtime, await runtime.settled(threadId));
  if (status.kind === "awaiting_event" && status.until === undefined) {
    const message = `the run waits for ${status.name}, and nothing can send it that: give it a store`;
    throw new ConflictError("conflict", message);
  }
}
