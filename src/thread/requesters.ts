import type { EventOf, Principal } from "./events.ts";
import type { Requesters, ThreadState } from "./state.ts";

export function samePerson(one: Principal, other: Principal): boolean {
  return one.channel === other.channel && one.id === other.id;
}

/** The requesters with one more, who may be among them. */
export function addRequester(requesters: Requesters, person: Principal): Requesters {
  if (requesters.known.some((known) => samePerson(known, person))) return requesters;
  return { ...requesters, known: [...requesters.known, person] };
}

/** The requesters after an event from outside: what nobody sent, or code did, only counts where it begins the thread. */
export function requestersAfter(
  { seq, requesters }: ThreadState,
  { data: { from } }: EventOf<"event_received">,
): Requesters {
  if (from === "system") return requesters;
  if (from !== undefined) return addRequester(requesters, from);
  return seq === 1 ? { ...requesters, unknown: true } : requesters;
}
