import { type Clock, isoTime } from "../base/clock.ts";
import { digestOf } from "../base/digest.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import { canonicalJson, isJsonObject, type Json, parseJson } from "../base/json.ts";
import { principalKey } from "../humans/principal.ts";
import type { ToolStep } from "../steps/definitions.ts";
import type { EventData, EventOf, NewEvent, Step } from "../thread/events.ts";
import { withoutReasons } from "../thread/reasons.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";
import { toolVersion } from "./approval-subject.ts";

/** Results of read-only tools that are good in several threads. */
export interface KeptResults {
  get(key: string): Promise<string | undefined>;
  /** `about` is the thread that fetched it: what is kept goes with it. */
  set(
    key: string,
    value: string,
    options: { readonly expiresAt: number; readonly about: ThreadId },
  ): Promise<void>;
}

/** A call whose result may be known already, or may be kept. */
interface Reusable {
  readonly call: OpenCall;
  readonly definition: ToolStep<Step>;
  readonly thread: Thread;
  readonly agent: Agent;
  readonly context: { readonly clock: Clock; readonly results?: KeptResults | undefined };
}

/** The outcome of a call whose result is known already, if its tool allows that. */
export async function reusedResult(attempt: Reusable): Promise<NewEvent | undefined> {
  const { call, definition, thread, context } = attempt;
  const { cacheSeconds, cacheScope } = definition.options;
  if (cacheSeconds === undefined) return undefined;
  const { callId } = call;
  if (cacheScope === "agent") {
    const kept = await readKept(attempt);
    return kept === undefined ? undefined : { type: "tool_finished", data: { callId, ...kept } };
  }
  const cached = cachedResult(thread, call.step, cacheSeconds, context.clock.now());
  if (cached === undefined) return undefined;
  return { type: "tool_finished", data: { callId, result: cached.data.result, cachedFrom: cached.seq } };
}

/** The result of the same call in the same thread, not older than `seconds`; never one that was itself reused. */
export function cachedResult(
  { events }: Thread,
  step: Step,
  seconds: number,
  now: number,
): EventOf<"tool_finished"> | undefined {
  const textOf = (other: Step) => canonicalJson(withoutReasons(other));
  const wanted = textOf(step);
  const calls = new Set<CallId>();
  for (const event of events) {
    if (event.type === "step_proposed" && textOf(event.data.step) === wanted) calls.add(event.data.callId);
    // An approver's edit: the result is that of other arguments.
    if (event.type === "human_responded" && event.data.callId !== undefined) calls.delete(event.data.callId);
  }
  return events.findLast(
    (event): event is EventOf<"tool_finished"> =>
      event.type === "tool_finished" &&
      calls.has(event.data.callId) &&
      event.data.cachedFrom === undefined &&
      Date.parse(event.at) >= now - seconds * 1000,
  );
}

/** A result of more characters of JSON is fetched each time: stores keep small values beside the threads. */
const MAX_KEPT = 1_000_000;

/** Keeps the result of a call, as it is stored, for other threads of the agent. */
export async function keepResult(attempt: Reusable, finished: EventData["tool_finished"]): Promise<void> {
  const { definition, thread, context } = attempt;
  const { cacheSeconds, cacheScope } = definition.options;
  if (cacheScope !== "agent" || cacheSeconds === undefined || finished.cachedAt !== undefined) return;
  const key = keyOf(attempt);
  if (key === undefined) return;
  const now = context.clock.now();
  const value = canonicalJson({ at: isoTime(now), result: finished.result });
  if (value.length > MAX_KEPT) return;
  await context.results?.set(key, value, { expiresAt: now + cacheSeconds * 1000, about: thread.id });
}

async function readKept(
  attempt: Reusable,
): Promise<{ readonly result: Json; readonly cachedAt: string } | undefined> {
  const { definition, context } = attempt;
  const key = keyOf(attempt);
  const text = key === undefined ? undefined : await context.results?.get(key);
  const kept = text === undefined ? undefined : parseJson<Json>(text);
  if (kept === undefined || !isJsonObject(kept)) return undefined;
  const { at: cachedAt, result } = kept;
  if (typeof cachedAt !== "string" || result === undefined) return undefined;
  const age = context.clock.now() - Date.parse(cachedAt);
  return age <= (definition.options.cacheSeconds ?? 0) * 1000 ? { result, cachedAt } : undefined;
}

/**
 * What makes two calls the same: agent, tool and its version, arguments, who asked for it and for whom it runs. `undefined`
 * if it is not known who asked: nobody else may get the result.
 */
function keyOf({ agent, call, definition, thread: { state } }: Reusable): string | undefined {
  const { known, unknown } = state.requesters;
  const shared = definition.options.shared === true;
  if (unknown && !shared) return undefined;
  const { requester } = call;
  const requesters = shared ? null : [known.map(principalKey).sort(), requester && principalKey(requester)];
  const step = withoutReasons(call.step);
  return `result:${digestOf([agent.name, toolVersion(step.intent, definition), step, requesters])}`;
}
