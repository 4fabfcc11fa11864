import type { EventOf, NewEvent, Principal, Requesters, ThreadEvent } from "./events.ts";
import type { ThreadState } from "./state.ts";

export function samePerson(one: Principal, other: Principal): boolean {
  return one.channel === other.channel && one.id === other.id;
}

/** Whether this is a message, or an event that anybody but code has sent and that is no result of a job. */
export function isRequestersInput<E extends ThreadEvent | NewEvent>(
  event: E,
): event is Extract<E, { readonly type: "message_received" | "event_received" }> {
  if (event.type === "message_received") return true;
  if (event.type !== "event_received" || event.data.from === "system") return false;
  return event.data.from !== undefined || event.data.callId === undefined;
}

/** The requesters with one more, who may be among them. */
export function addRequester(requesters: Requesters, person: Principal): Requesters {
  if (requesters.known.some((known) => samePerson(known, person))) return requesters;
  return { ...requesters, known: [...requesters.known, person] };
}

/** Both together; the first itself if the others add nobody. */
export function addRequesters(requesters: Requesters, others: Requesters): Requesters {
  const all = others.known.reduce(addRequester, requesters);
  return others.unknown && !all.unknown ? { ...all, unknown: true } : all;
}

/**
 * The requesters after an event from outside. One that nobody is known to have sent makes them unknown, whenever it comes:
 * the agent acts on it like on any other input. An answer to a call that waits for it asks for nothing.
 */
export function requestersAfter(
  { requesters }: ThreadState,
  { data: { from, callId } }: EventOf<"event_received">,
): Requesters {
  if (from === "system") return requesters;
  if (from !== undefined) return addRequester(requesters, from);
  return callId === undefined ? { ...requesters, unknown: true } : requesters;
}

/**
 * Whom the agent acts for after an event from outside. Code alone changes nothing about that. What came from nobody knows
 * whom is done for nobody: what others may do must not be done for its sender.
 */
export function requesterAfter(
  state: ThreadState,
  { seq, data: { from, callId } }: EventOf<"event_received">,
): Principal | null {
  const { requester } = state;
  if (from === "system") return requester;
  if (from !== undefined) return actsFor(state, seq, from);
  return callId === undefined ? null : requester;
}

/** Whom the agent acts for once this person has asked. What a fork copied is done for whoever forked, not in the other's name. */
export function actsFor({ fork }: ThreadState, seq: number, person: Principal | null): Principal | null {
  return fork !== null && seq <= fork.seq ? fork.by : person;
}
