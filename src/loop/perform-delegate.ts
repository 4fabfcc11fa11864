import type { Agent } from "../agent/agent.ts";
import { toStore } from "../agent/to-store.ts";
import { type CallId, childThreadId } from "../base/ids.ts";
import { toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { EventData, NewEvent } from "../thread/events.ts";
import type { OpenChild } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { callOf, type Delegation, definitionOf, type Effect, refuseArguments } from "./effect.ts";
import { write } from "./journal.ts";

/** How many threads may stand above the one that works. */
export const MAX_DEPTH = 5;

/**
 * Reserves, starts and records, like a tool: whoever starts the other threads, and however often, they have the same ids and
 * the same input, so that a crash in between repeats to the same threads.
 */
export const delegate: Effect<"delegate"> = async function* ({ callIds }, thread, agent, { delegation }) {
  const children: Handed[] = [];
  const requests: NewEvent[] = [];
  for (const callId of callIds) {
    const open = thread.state.children.find((child) => child.callId === callId);
    const child = open ?? requestChild(callId, thread, agent, delegation);
    if (typeof child === "string") {
      if (children.length === 0) return yield write(refuseArguments(callId, child));
      // It is refused when its turn comes.
      break;
    }
    if ("input" in child) requests.push({ type: "child_requested", data: child });
    children.push(child);
  }
  if (requests.length > 0) yield write(...requests);
  const problems = await Promise.all(children.map(({ threadId }) => delegation?.start(threadId)));
  const events = ({ state: { calls } }: Thread): NewEvent[] =>
    children.flatMap((child, index) => {
      const { callId, threadId, agent: name } = child;
      // It may have ended by now.
      if (calls.find((call) => call.callId === callId)?.phase.kind !== "child_requested") return [];
      const problem = problems[index];
      return problem === undefined
        ? [{ type: "child_started", data: { callId, threadId, agent: name } }]
        : [notStarted(child, problem)];
    });
  yield { events, when: "soon", onConflict: "keep" };
};

type Handed = Pick<OpenChild, "callId" | "threadId" | "agent"> & {
  readonly background?: boolean | undefined;
};

/** The event that says why a child was not started. */
export function notStarted({ callId, threadId, agent, background }: Handed, message: string): NewEvent {
  const data = { callId, threadId, agent, error: { name: "NotStarted", message } };
  return { type: "child_failed", data: background === true ? { ...data, background } : data };
}

/** What is handed over, or why it cannot be. */
function requestChild(
  callId: CallId,
  thread: Thread,
  agent: Agent,
  delegation: Delegation | undefined,
): EventData["child_requested"] | string {
  if (delegation === undefined) return "this loop starts no other agents";
  if (thread.state.depth >= MAX_DEPTH)
    return `work is handed on at most ${MAX_DEPTH} times, and this was the last: do it yourself, or finish`;
  const { step } = callOf(thread, callId);
  const definition = definitionOf(agent, step.intent, "delegate");
  try {
    const name = definition.agent(step);
    const data = {
      callId,
      threadId: childThreadId(thread.id, callId),
      agent: name,
      input: toJson(definition.input(step)),
    };
    const refused = delegation.refuse(name);
    if (refused !== undefined) return refused;
    const request = definition.wait ? data : { ...data, background: true as const };
    // What may not be stored is refused here, or the thread could not go on.
    toStore([{ type: "child_requested", data: request }], thread, agent);
    return request;
  } catch (error) {
    return compactError(error).message;
  }
}
