import type { EventOf, EventType, ThreadEvent } from "./events.ts";
import { MAX_TRIES_TO_TELL } from "./news.ts";
import type { RequestUpdate, ThreadState } from "./state.ts";

const CLOSING = [
  "human_responded",
  "request_expired",
  "cancelled",
  "tool_finished",
  "tool_failed",
] as const satisfies readonly EventType[];

/** An event that may close a request: an unknown outcome is closed by the outcome itself, too. */
export type ClosingEvent = EventOf<(typeof CLOSING)[number]>;

const CLOSING_TYPES: ReadonlySet<EventType> = new Set(CLOSING);

export function mayClose(event: ThreadEvent): event is ClosingEvent {
  return CLOSING_TYPES.has(event.type);
}

/**
 * The state with what is owed to the channels that have told of a request, once this event has closed it, or was one of the
 * approvals that it needs. What they were to be told of it before is out of date.
 */
export function withUpdates(before: ThreadState, after: ThreadState, event: ThreadEvent): ThreadState {
  const { request } = before;
  if (request === null || !mayClose(event)) return after;
  const isClosed = after.request?.seq !== request.seq;
  if (!isClosed && event.type !== "human_responded") return after;
  const changed = { request: request.seq, seq: event.seq };
  const owed = request.toUpdate.map((channel) => owe(channel, changed, event.at));
  const others = after.updates.filter((update) => update.request !== request.seq);
  return { ...after, changed, updates: [...others, ...owed] };
}

/** What is owed after an attempt to tell a channel of a request: it may not have said what became of it in the meantime. */
export function updatesAfterRequest(
  { changed, updates }: ThreadState,
  { at, data: { request, channel, update } }: EventOf<"notified">,
): readonly RequestUpdate[] {
  if (update !== true || changed === null || changed.request !== request) return updates;
  const others = updates.filter((one) => one.channel !== channel || one.request !== request);
  return [...others, owe(channel, changed, at)];
}

/** The updates after an attempt to make one. */
export function updatesAfterTry(
  { updates }: ThreadState,
  { at, data }: EventOf<"notified">,
): readonly RequestUpdate[] {
  return updates.flatMap((one) => {
    if (one.seq !== data.about || one.channel !== data.channel) return [one];
    const attempts = one.attempts + 1;
    return data.ok || attempts >= MAX_TRIES_TO_TELL ? [] : [{ ...one, attempts, lastAt: at }];
  });
}

function owe(
  channel: string,
  { request, seq }: { readonly request: number; readonly seq: number },
  lastAt: string,
): RequestUpdate {
  return { request, seq, channel, attempts: 0, lastAt };
}
