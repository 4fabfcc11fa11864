import { LAST_TIME } from "../base/clock.ts";
import type { ThreadId } from "../base/ids.ts";
import type { Principal } from "./event-parts.ts";
import type { News, OpenChild, PendingRequest, RequestUpdate, StatusKind, ThreadState } from "./state.ts";

/**
 * What a store keeps beside the events, for listing and waking. Computed from the folded state and written in the same
 * transaction as the events, from which it can be rebuilt at any time.
 */
export interface ThreadProjection {
  readonly agent: string;
  readonly status: StatusKind;
  /** One line for lists: the latest message, question or result. At most 200 characters. */
  readonly title: string;
  /** What the thread is about, in one line that stays the same. At most 200 characters. */
  readonly subject: string;
  /** Who asked first; `null` if only code has, or if it is not known who did. */
  readonly requester: Principal | null;
  /** How many tokens the thread has used, with those of its children that have ended. */
  readonly tokens: number;
  /** True while a worker has something to do for the thread. */
  readonly wantsAdvance: boolean;
  /** When the thread wants to be woken (sleep, time-out, expiry, escalation), in ms since the epoch. */
  readonly wakeAt: number | null;
  /** Sequence number of the pending request to people. */
  readonly pendingRequest: number | null;
  /** The name of the event that the thread waits for; `null` if it waits for none. */
  readonly awaitedEvent: string | null;
  readonly parentThreadId: ThreadId | null;
}

export function projectionOf(state: ThreadState): ThreadProjection {
  const { status, request } = state;
  return {
    agent: state.agent,
    status: status.kind,
    title: state.title,
    subject: state.subject,
    requester: state.requesters.known[0] ?? null,
    tokens: state.usage.inputTokens + state.usage.outputTokens,
    wantsAdvance: hasWork(state),
    wakeAt: wakeAt(state),
    pendingRequest: request?.seq ?? null,
    awaitedEvent: status.kind === "awaiting_event" ? status.name : null,
    parentThreadId: state.parent?.threadId ?? null,
  };
}

/** Whether a worker has something to do: the next step, or what the thread owes those above and below it. */
export function hasWork(state: ThreadState): boolean {
  const { status, ended, children } = state;
  if (childrenToTell(state).length > 0) return true;
  if (ended === null) return status.kind === "running";
  return owesOutcome(state) || (ended.kind !== "finished" && children.length > 0);
}

/** The children that have begun and lack something that requesters have sent to this thread since. */
export function childrenToTell({ ended, children, calls, lastSent }: ThreadState): readonly OpenChild[] {
  if (ended !== null && ended.kind !== "finished") return [];
  const waits = (child: OpenChild) =>
    calls.some(({ callId, phase }) => callId === child.callId && phase.kind === "child_requested");
  return children.filter((child) => child.heard < lastSent && !waits(child));
}

/** Whether the thread has come to its end and the one that it works for has yet to be told. */
export function owesOutcome(state: ThreadState): boolean {
  return state.parent !== null && !state.parentTold && isOver(state);
}

/** Whether the thread has ended for good: one that has finished goes on when those in the background have done their work. */
export function isOver({ ended, children }: Pick<ThreadState, "ended" | "children">): boolean {
  return ended !== null && (ended.kind !== "finished" || children.length === 0);
}

/** When news is to be told, or an update made: at once, or when its next try is due. */
export function newsDueAt({ attempts, lastAt }: News | RequestUpdate): number {
  return Date.parse(lastAt) + (attempts === 0 ? 0 : deliveryBackoffMs(attempts));
}

function wakeAt(state: ThreadState): number | null {
  const times = [waitsUntil(state), ...[...state.news, ...state.updates].map(newsDueAt)].filter(
    (time) => time !== null,
  );
  return times.length === 0 ? null : Math.min(...times);
}

function waitsUntil({ status, request }: ThreadState): number | null {
  if (status.kind === "awaiting_time" || status.kind === "awaiting_event") {
    const until = status.until === undefined ? Number.NaN : Date.parse(status.until);
    return isMoment(until) ? until : null;
  }
  if (request === null || (status.kind !== "awaiting_approval" && status.kind !== "awaiting_human"))
    return null;
  const times = requestTimes(request);
  return times.length === 0 ? null : Math.ceil(Math.min(...times));
}

/** Whether stores and clocks can hold the time; any later time never comes. */
function isMoment(ms: number): boolean {
  return Math.abs(ms) <= LAST_TIME;
}

/** When something about a pending request falls due: expiry, the next escalation, the next try to tell people. */
export function requestTimes(request: PendingRequest): number[] {
  const times = Object.values(request.deliveries)
    .filter((delivery) => !delivery.ok)
    .map((delivery) => Date.parse(delivery.lastAt) + deliveryBackoffMs(delivery.attempts));
  if (request.type === "approval") {
    if (request.expiresAt !== undefined) times.push(Date.parse(request.expiresAt));
    const next = request.policy.escalation?.[request.escalations];
    if (next !== undefined) times.push(Date.parse(request.askedAt) + next.after * 1000);
  }
  return times.filter(isMoment);
}

/** Milliseconds before a failed notification is tried again: 5 s, doubling, at most an hour. */
export function deliveryBackoffMs(attempts: number): number {
  return Math.min(5_000 * 2 ** Math.max(0, attempts - 1), 3_600_000);
}
