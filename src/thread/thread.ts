import { isoTime } from "../base/clock.ts";
import { randomThreadId, type ThreadId } from "../base/ids.ts";
import { EVENTS, type EventData, type NewEvent, type Principal, type ThreadEvent } from "./events.ts";
import { EMPTY_STATE, fold, transition } from "./fold.ts";
import { addRequester } from "./requesters.ts";
import type { ThreadState } from "./state.ts";

/** A thread's id and state, without its events. */
export interface ThreadHead {
  readonly id: ThreadId;
  readonly state: ThreadState;
}

/** A thread: its events and what follows from them. Immutable: appending returns a new one. */
export interface Thread extends ThreadHead {
  readonly events: readonly ThreadEvent[];
}

/** A new thread for an agent, holding its first event. `at` is in milliseconds since the epoch. */
export function startThread(
  start: EventData["thread_started"],
  at: number,
  id: ThreadId = randomThreadId(),
): Thread {
  return appendEvents({ id, events: [], state: EMPTY_STATE }, [{ type: "thread_started", data: start }], at);
}

/**
 * Returns the thread with further events, numbered and dated `at` (milliseconds since the epoch). The original thread does
 * not change. Throws `IllegalEventError` if an event is not allowed in the thread's state.
 */
export function appendEvents(thread: Thread, added: readonly NewEvent[], at: number): Thread {
  if (added.length === 0) return thread;
  const { events, state } = followingEvents(thread.state, added, at);
  return { id: thread.id, events: thread.events.concat(events), state };
}

/** Numbers and dates events to follow a state; returns them with the state after them. Throws like `appendEvents`. */
export function followingEvents(
  before: ThreadState,
  added: readonly NewEvent[],
  at: number,
): { readonly events: readonly ThreadEvent[]; readonly state: ThreadState } {
  const time = isoTime(at);
  let state = before;
  const events: ThreadEvent[] = [];
  for (const event of added) {
    const stored = numberEvents(event, state.seq + 1, time);
    state = transition(state, stored);
    events.push(stored);
  }
  return { events, state };
}

/** The thread that consists of these stored events. */
export function threadOf(id: ThreadId, events: readonly ThreadEvent[]): Thread {
  return { id, events, state: fold(events) };
}

/** The thread with further stored events, as another writer appended them. */
export function extendThread(thread: Thread, stored: readonly ThreadEvent[]): Thread {
  if (stored.length === 0) return thread;
  return { id: thread.id, events: thread.events.concat(stored), state: fold(stored, thread.state) };
}

/**
 * A new thread with the events up to and including `seq`; the original does not change. A pending request of the copy is its
 * own and is answered under the copy's id. Tool calls keep their keys, so that nothing that has run runs again.
 */
export function forkThread(
  thread: Thread,
  seq: number,
  id: ThreadId = randomThreadId(),
  by?: Principal | undefined,
): Thread {
  const [first, ...rest] = thread.events.slice(0, seq);
  if (first?.type !== "thread_started" || !Number.isInteger(seq) || seq < 1 || seq > thread.state.seq) {
    throw new RangeError(`fork at 1 to ${thread.state.seq}, not ${seq}`);
  }
  const { parent: _, ...start } = withForker(first.data);
  const from = { threadId: thread.id, seq };
  const started = { ...first, data: { ...start, forkedFrom: by === undefined ? from : { ...from, by } } };
  return threadOf(id, [started, ...rest.map(withoutChannels)]);
}

/** Whoever made a fork has asked for what a fork of it does, too. */
function withForker(start: EventData["thread_started"]): EventData["thread_started"] {
  const { forkedFrom, requesters = { known: [], unknown: false } } = start;
  const by = forkedFrom?.by;
  return by === undefined ? start : { ...start, requesters: addRequester(requesters, by) };
}

/** A fork does not come from where the original came from: its replies do not go there, and no message is about its requests. */
function withoutChannels(event: ThreadEvent): ThreadEvent {
  if (event.type === "notified" && event.data.update !== undefined) {
    const { update: _, ...data } = event.data;
    return { ...event, data };
  }
  if (event.type === "message_received" && event.data.via !== undefined) {
    const { via: _, ...data } = event.data;
    return { ...event, data };
  }
  if (event.type !== "event_received" || event.data.via === undefined) return event;
  const { via: _, ...data } = event.data;
  return { ...event, data };
}

// The union cannot be rebuilt field by field without repeating it; type and data come from one NewEvent.
function numberEvents(event: NewEvent, seq: number, at: string): ThreadEvent {
  return { seq, at, type: event.type, v: EVENTS[event.type].version, data: event.data } as ThreadEvent;
}
