import type { Agent } from "../agent/agent.ts";
import { ConflictError, UsageError } from "../base/errors.ts";
import type { CallId } from "../base/ids.ts";
import { identify, type VerifiedPrincipal } from "../humans/principal.ts";
import type { NewEvent, ThreadEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { requireOpen } from "./input.ts";

/** What the model is not to read any more. */
export interface LeaveOut {
  /** Numbers of events. With one event of a step go the others of this step. */
  readonly seqs: readonly number[];
  /** Why; it is recorded. */
  readonly reason?: string | undefined;
}

/**
 * The event that leaves others out of the context from here on. Throws `UsageError` for an event of which the model reads
 * nothing, and `ConflictError` for a step that is not settled yet. Pure.
 */
export function leaveOutEvent(
  thread: Thread,
  { seqs, reason }: LeaveOut,
  by: VerifiedPrincipal,
  agent: Agent,
): NewEvent {
  requireOpen(thread);
  const shown = agent.context.entries(thread);
  const unseen = seqs.filter((seq) => !shown.some((entry) => seq >= entry.seq && seq <= entry.to));
  if (seqs.length === 0 || unseen.length > 0) {
    const which = seqs.length === 0 ? "no event is named" : `the model reads nothing of ${unseen.join(", ")}`;
    const valid = shown.map(({ seq, to }) => (seq === to ? `${seq}` : `${seq}-${to}`)).join(", ");
    throw new UsageError("invalid_argument", `${which}; it reads the events ${valid || "none"}`);
  }
  const calls = new Set(thread.events.filter(({ seq }) => seqs.includes(seq)).flatMap(callOf));
  const open = thread.state.calls.find(({ callId }) => calls.has(callId));
  if (open !== undefined) {
    const message = `${open.step.intent} (event ${open.seq}) is not settled yet: it can be left out once it is`;
    throw new ConflictError("conflict", message, { details: { callId: open.callId } });
  }
  const together = thread.events.filter(
    (event) => seqs.includes(event.seq) || callOf(event).some((callId) => calls.has(callId)),
  );
  const data = { seqs: together.map(({ seq }) => seq), by: identify(by) };
  return { type: "events_left_out", data: reason === undefined ? data : { ...data, reason } };
}

function callOf(event: ThreadEvent): readonly CallId[] {
  return "callId" in event.data && event.data.callId !== undefined ? [event.data.callId] : [];
}
