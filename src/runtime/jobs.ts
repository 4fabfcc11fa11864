import type { Agent } from "../agent/agent.ts";
import { recallCredentials } from "../agent/credentials.ts";
import type { Clock } from "../base/clock.ts";
import { withDeadline } from "../base/deadlines.ts";
import { ConflictError, NotFoundError } from "../base/errors.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { jobTokenDigest, parseJobToken } from "../steps/start-job.ts";
import type { ThreadStore } from "../store/store.ts";
import type { NewEvent } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { Change } from "./commit.ts";

/** How a long-running job ended. An error counts as the tool's error. */
export type JobOutcome = { readonly result: Json } | { readonly error: string };

export interface FinishJobOptions {
  readonly clock: Clock;
  readonly store: Pick<ThreadStore, "state">;
  readonly change: (change: Change) => Promise<ThreadHead>;
  /** The thread's agent, as far as it is known here. */
  readonly agents: ReadonlyMap<string, Agent>;
  /** Whether a token can be told to be genuine without looking at any thread. */
  readonly isOwnToken: (token: string) => boolean;
}

/** How long, in ms, a result waits until the start of its job is recorded. */
const EARLY_MS = 5_000;

/**
 * Settles the call that waits for this token. Throws `NotFoundError` for a token that was never issued, `ConflictError`
 * (`expired`) for one that was already used or whose call has ended, and `ConflictError` (`conflict`) if the start of the
 * job is still not recorded after a few seconds. Only a token that this process can tell to be genuine is waited for,
 * and told that it was used: any other learns, in the same time, that there is no such job.
 */
export async function finishJob(
  token: string,
  outcome: JobOutcome,
  options: FinishJobOptions,
): Promise<ThreadHead> {
  const { threadId, callId, refusal } = await checkJobToken(token, options);
  const digest = jobTokenDigest(token);
  return options.change({
    threadId,
    build: async ({ state }) => {
      const call = state.calls.find((open) => open.callId === callId);
      if (!isAwaited(call, digest)) throw refusal();
      await recall(call, options.agents.get(state.agent));
      return [jobEvent(call, call.phase.name, outcome)];
    },
  });
}

/** What can be told before the outcome is looked at: throws as `finishJob` does unless a call waits for this token. */
export async function checkJobToken(
  token: string,
  { clock, store, isOwnToken }: Omit<FinishJobOptions, "change" | "agents">,
): Promise<{ readonly threadId: ThreadId; readonly callId: CallId; readonly refusal: () => Error }> {
  const parsed = parseJobToken(token);
  if (parsed === undefined) throw unknownToken();
  const { threadId, callId } = parsed;
  const isOwn = isOwnToken(token);
  const deadline = clock.now() + EARLY_MS;
  // A fast job may be done before the tool that started it has returned.
  while (isOwn && (await callOf(threadId, callId, store))?.phase.kind === "started") {
    if (clock.now() >= deadline) {
      throw new ConflictError(
        "conflict",
        "the start of this job is not recorded yet: send the result again later",
      );
    }
    await clock.sleep(25);
  }
  const digest = jobTokenDigest(token);
  const refusal = () =>
    isOwn
      ? new ConflictError("expired", "this token was used, or nobody waits for its result any more")
      : unknownToken();
  if (!isAwaited(await callOf(threadId, callId, store), digest)) throw refusal();
  return { threadId, callId, refusal };
}

/** How long, in ms, credentials are looked up for. */
const RECALL_MS = 10_000;

/** The job may give away what its tool was given in another process: it is looked up here, or nothing is taken. */
async function recall(call: OpenCall, agent: Agent | undefined): Promise<void> {
  if (agent === undefined) return;
  try {
    await withDeadline((signal) => recallCredentials(call, agent, signal), { ms: RECALL_MS });
  } catch {
    const message = "what this job must not give away cannot be looked up now: send the result again later";
    throw new ConflictError("conflict", message);
  }
}

type AwaitedCall = OpenCall & { readonly phase: Extract<OpenCall["phase"], { kind: "awaiting_event" }> };

function isAwaited(call: OpenCall | undefined, tokenDigest: string): call is AwaitedCall {
  return call?.phase.kind === "awaiting_event" && call.phase.tokenDigest === tokenDigest;
}

function jobEvent({ callId }: OpenCall, name: string, outcome: JobOutcome): NewEvent {
  return "error" in outcome
    ? { type: "tool_failed", data: { callId, error: { name: "JobFailed", message: outcome.error } } }
    : { type: "event_received", data: { name, source: "job", payload: outcome.result, callId } };
}

/** An unknown thread counts as an unknown token, so that nobody learns which threads exist. */
async function callOf(
  threadId: ThreadId,
  callId: string,
  store: Pick<ThreadStore, "state">,
): Promise<OpenCall | undefined> {
  try {
    return (await store.state(threadId)).calls.find((open) => open.callId === callId);
  } catch (error) {
    if (error instanceof NotFoundError) throw unknownToken();
    throw error;
  }
}

function unknownToken(): NotFoundError {
  return new NotFoundError("there is no job with this token");
}
