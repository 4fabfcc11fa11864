import type { Agent } from "../agent/agent.ts";
import { appendToThread } from "../agent/to-store.ts";
import { UsageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import { identify, type VerifiedPrincipal } from "../humans/principal.ts";
import type { NewEvent } from "../thread/events.ts";
import { forkThread, type Thread } from "../thread/thread.ts";
import { isEnded } from "./input.ts";

/** A copy of a thread up to an event, paused unless it has ended. Throws `UsageError` if there is no such event. */
export function pausedFork(
  original: Thread,
  { seq, id, by }: { readonly seq: number; readonly id: ThreadId; readonly by: VerifiedPrincipal },
  options: { readonly agent: Agent | undefined; readonly now: number },
): Thread {
  if (!Number.isInteger(seq) || seq < 1 || seq > original.state.seq) {
    const message = `fork ${original.id} at an event from 1 to ${original.state.seq}`;
    throw new UsageError("invalid_argument", message);
  }
  const copy = forkThread(original, seq, id, identify(by));
  if (isEnded(copy.state.status.kind)) return copy;
  const pause: NewEvent = { type: "paused", data: { by: identify(by), reason: "forked" } };
  const own = [...ownApproval(copy), ...withoutChildren(copy)];
  return appendToThread(copy, copy.state.pausedBy === null ? [...own, pause] : own, options);
}

/** Those who work for the original do not work for the copy. */
function withoutChildren({ state: { children } }: Thread): readonly NewEvent[] {
  const error = { name: "Forked", message: "it works for the thread that this one is a copy of" };
  return children.map(({ callId, threadId, agent, background }) => {
    const data = { callId, threadId, agent, error };
    return { type: "child_failed", data: background ? { ...data, background } : data };
  });
}

/** An approval requested for the original is not the copy's: the copy asks again, about its own call. */
function ownApproval({ state: { request } }: Thread): readonly NewEvent[] {
  if (request?.type !== "approval") return [];
  return [{ type: "request_expired", data: { request: request.seq, outcome: "ask_again" } }];
}
