import type { NewEvent } from "../thread/events.ts";
import { isRequestersInput } from "../thread/requesters.ts";
import type { ThreadState } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";

/**
 * The events of a change, and what follows from them for people: an approval that is pending, or given and not used yet,
 * lapses with a newer message or event of a requester. It is asked for again, on a card that shows what was sent. Pure.
 */
export function withLapse({ state }: ThreadHead, events: readonly NewEvent[]): readonly NewEvent[] {
  const request = approvalIn(state);
  if (request === undefined || !events.some(isRequestersInput)) return events;
  return [
    ...events,
    { type: "request_expired", data: { request, outcome: "ask_again", because: { kind: "newer_input" } } },
  ];
}

/** The event that asked for the approval which is pending, or given and not used yet. */
function approvalIn({ request, calls }: ThreadState): number | undefined {
  if (request !== null) return request.type === "approval" ? request.seq : undefined;
  const phase = calls[0]?.phase;
  return phase?.kind === "approved" ? phase.request : undefined;
}
