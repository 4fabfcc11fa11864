import type { NewEvent } from "../thread/events.ts";
import type { ThreadHead } from "../thread/thread.ts";

/**
 * The events that have fallen due: the end of a sleep, the time-out of a wait, the escalation or expiry of an approval,
 * including one that was given but not used in time. Pure.
 */
export function dueEvents({ state }: ThreadHead, now: number): NewEvent[] {
  const { status, request } = state;
  if ((status.kind === "awaiting_time" || status.kind === "awaiting_event") && isDue(status.until, now)) {
    return [{ type: "woke", data: { callId: status.callId, timedOut: status.kind === "awaiting_event" } }];
  }
  const given = state.calls[0]?.phase;
  if (status.kind === "running" && given?.kind === "approved" && isDue(given.expiresAt, now)) {
    return [{ type: "request_expired", data: { request: given.request, outcome: "ask_again" } }];
  }
  if (status.kind !== "awaiting_approval" || request?.type !== "approval") return [];
  const events: NewEvent[] = [];
  for (const { after, to } of request.policy.escalation?.slice(request.escalations) ?? []) {
    if (now < Date.parse(request.askedAt) + after * 1000) break;
    events.push({ type: "request_escalated", data: { request: request.seq, to } });
  }
  if (isDue(request.expiresAt, now)) {
    const outcome = request.policy.onExpiry ?? "deny";
    events.push({ type: "request_expired", data: { request: request.seq, outcome } });
  }
  return events;
}

function isDue(until: string | undefined, now: number): boolean {
  return until !== undefined && Date.parse(until) <= now;
}
