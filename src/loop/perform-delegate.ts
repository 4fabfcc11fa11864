import type { Agent } from "../agent/agent.ts";
import { childThreadId } from "../base/ids.ts";
import { toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { EventData, NewEvent } from "../thread/events.ts";
import type { OpenChild } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command } from "./command.ts";
import { callOf, type Delegation, definitionOf, type Effect, refuseArguments } from "./effect.ts";
import { write } from "./journal.ts";

/** How many threads may stand above the one that works. */
export const MAX_DEPTH = 5;

/**
 * Reserves, starts and records, like a tool: whoever starts the other thread, and however often, it has the same id and the
 * same input, so that a crash in between repeats to the same thread.
 */
export const delegate: Effect<"delegate"> = async function* (command, thread, agent, { delegation }) {
  const { callId } = command;
  let child = thread.state.children.find((open) => open.callId === callId);
  if (child === undefined) {
    const requested = requestChild(command, thread, agent, delegation);
    if (typeof requested === "string") {
      yield write(refuseArguments(callId, requested));
      return;
    }
    yield write({ type: "child_requested", data: requested });
    child = { intent: command.intent, background: false, heard: thread.state.seq, ...requested };
  }
  const problem = await delegation?.start(child.threadId);
  const { threadId, agent: name } = child;
  const event: NewEvent =
    problem === undefined
      ? { type: "child_started", data: { callId, threadId, agent: name } }
      : notStarted(child, problem);
  yield { events: [event], when: "soon", onConflict: "keep" };
};

/** The event that says why a child was not started. */
export function notStarted({ callId, threadId, agent, background }: OpenChild, message: string): NewEvent {
  const data = { callId, threadId, agent, error: { name: "NotStarted", message } };
  return { type: "child_failed", data: background ? { ...data, background } : data };
}

/** What is handed over, or why it cannot be. */
function requestChild(
  { callId, intent }: Command<"delegate">,
  thread: Thread,
  agent: Agent,
  delegation: Delegation | undefined,
): EventData["child_requested"] | string {
  if (delegation === undefined) return "this loop starts no other agents";
  if (thread.state.depth >= MAX_DEPTH)
    return `work is handed on at most ${MAX_DEPTH} times, and this was the last: do it yourself, or finish`;
  const { step } = callOf(thread, callId);
  const definition = definitionOf(agent, intent, "delegate");
  try {
    const name = definition.agent(step);
    const data = {
      callId,
      threadId: childThreadId(thread.id, callId),
      agent: name,
      input: toJson(definition.input(step)),
    };
    return delegation.refuse(name) ?? (definition.wait ? data : { ...data, background: true });
  } catch (error) {
    return compactError(error).message;
  }
}
