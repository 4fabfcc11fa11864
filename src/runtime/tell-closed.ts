import type { Agent } from "../agent/agent.ts";
import { shownThread } from "../agent/shown-thread.ts";
import type { Clock } from "../base/clock.ts";
import { requestIdOf, type ThreadId } from "../base/ids.ts";
import type { Channel, ChannelValues, ClosedNotice, UpdateNotice } from "../humans/channel.ts";
import type { ThreadStore } from "../store/store.ts";
import type { EventOf, ThreadEvent } from "../thread/events.ts";
import { transition } from "../thread/fold.ts";
import { deliveryBackoffMs } from "../thread/projection.ts";
import type { PendingRequest, ThreadState } from "../thread/state.ts";
import { type Thread, threadOf } from "../thread/thread.ts";
import type { Notify, Observer } from "./observers.ts";

/** With the back-off, these tries take about two and a half minutes. */
const MAX_ATTEMPTS = 6;

type Closing = ClosedNotice["by"];

/** A request that an event has closed. */
export interface ClosedRequest {
  readonly request: PendingRequest;
  readonly by: Closing;
}

/** The requests that these events of a thread have closed. `before`: its state before them. Pure; folds once. */
export function closedRequests(before: ThreadState, added: readonly ThreadEvent[]): readonly ClosedRequest[] {
  let state = before;
  return added.flatMap((event) => {
    const { request } = state;
    state = transition(state, event);
    const isClosed = request !== null && state.request?.seq !== request.seq;
    return isClosed && mayClose(event) ? [{ request, by: event }] : [];
  });
}

/** The approvals among these events that leave a request open, because it needs more. Pure; folds once. */
export function partialApprovals(
  before: ThreadState,
  added: readonly ThreadEvent[],
): readonly PartialApproval[] {
  let state = before;
  return added.flatMap((event) => {
    const { request } = state;
    state = transition(state, event);
    const isOpen = request !== null && state.request?.seq === request.seq;
    return isOpen && event.type === "human_responded"
      ? [{ request: state.request ?? request, by: event }]
      : [];
  });
}

/** An approval that was not the last one needed. */
export interface PartialApproval {
  readonly request: PendingRequest;
  readonly by: EventOf<"human_responded">;
}

/** The closing event as people read it. */
function closingIn({ events }: Thread, by: Closing): Closing {
  const shown = events[by.seq - 1];
  return shown !== undefined && mayClose(shown) ? shown : by;
}

/** An unknown outcome is closed by the outcome itself, too. */
function mayClose(event: ThreadEvent): event is Closing {
  switch (event.type) {
    case "human_responded":
    case "request_expired":
    case "cancelled":
    case "tool_finished":
    case "tool_failed":
      return true;
    default:
      return false;
  }
}

export interface TellClosedOptions {
  readonly store: Pick<ThreadStore, "read" | "state"> & ChannelValues;
  readonly channels: readonly Channel[];
  readonly agents: ReadonlyMap<string, Agent>;
  readonly clock: Clock;
  /** Once it is aborted, nothing is tried again. */
  readonly signal: AbortSignal;
  /** Told of each failure. May not throw. */
  readonly onProblem: (error: unknown) => void;
}

/** Tells channels about each request that is closed, until `signal` is aborted. */
export function observeClosed(
  subscribe: (observer: Observer) => unknown,
  { notify, ...options }: Omit<TellClosedOptions, "onProblem"> & { readonly notify: Notify },
): void {
  if (!options.channels.some((channel) => channel.update !== undefined)) return;
  subscribe((observation) => {
    if (observation.kind !== "events") return;
    const { id: threadId } = observation.thread;
    const onProblem = (error: unknown) => notify({ kind: "problem", threadId, error });
    const closed = closedRequests(observation.before, observation.events);
    // Never rejects: a channel's failure is reported as a problem.
    void tellClosed(threadId, closed, { ...options, onProblem });
    const approvals = partialApprovals(observation.before, observation.events);
    void tellApproved(threadId, approvals, { ...options, onProblem });
  });
}

/**
 * Tells every channel that has announced a request that it is closed, so that the channel can update its message. A
 * channel that fails is tried again with the back-off of notifications, a few times and only while this process runs.
 * This is a mere courtesy: a late answer is refused in any case.
 */
export async function tellClosed(
  threadId: ThreadId,
  closed: readonly ClosedRequest[],
  { store, channels, agents, ...options }: TellClosedOptions,
): Promise<void> {
  const tell = async ({ request, by }: ClosedRequest): Promise<void> => {
    const told = channels.filter(({ name }) => request.deliveries[name]?.ok === true);
    if (told.length === 0) return;
    const events = (await store.read(threadId)).slice(0, by.seq);
    const whole = threadOf(threadId, events);
    const agent = agents.get(whole.state.agent);
    const thread = shownThread(whole, agent);
    const before = shownThread(threadOf(threadId, events.slice(0, by.seq - 1)), agent).state.request;
    const notice: ClosedNotice = {
      kind: "closed",
      threadId,
      requestId: requestIdOf(threadId, request.seq),
      request: before?.seq === request.seq ? before : request,
      thread,
      by: closingIn(thread, by),
    };
    await Promise.all(told.map((channel) => bringUpToDate(channel, notice, { store, ...options })));
  };
  await Promise.all(closed.map((one) => tell(one).catch(options.onProblem)));
}

/** Tells every channel that has announced a request that one of those who must approve it has. */
export async function tellApproved(
  threadId: ThreadId,
  approvals: readonly PartialApproval[],
  { store, channels, agents, ...options }: TellClosedOptions,
): Promise<void> {
  const tell = async ({ request, by }: PartialApproval): Promise<void> => {
    const told = channels.filter(({ name }) => request.deliveries[name]?.ok === true);
    if (told.length === 0) return;
    const whole = threadOf(threadId, (await store.read(threadId)).slice(0, by.seq));
    const thread = shownThread(whole, agents.get(whole.state.agent));
    const requestId = requestIdOf(threadId, request.seq);
    const notice = {
      kind: "approved",
      threadId,
      requestId,
      request: thread.state.request ?? request,
      thread,
      by,
    } as const;
    await Promise.all(told.map((channel) => bringUpToDate(channel, notice, { store, ...options })));
  };
  for (const one of approvals) await tell(one).catch(options.onProblem);
}

/** Whether it is still as the notice says: a card that is closed meanwhile is not opened again. */
async function isStillSo(notice: UpdateNotice, store: Pick<ThreadStore, "state">): Promise<boolean> {
  if (notice.kind === "closed") return true;
  const { request } = await store.state(notice.threadId);
  const { request: told } = notice;
  return (
    request?.seq === told.seq &&
    request.type === "approval" &&
    told.type === "approval" &&
    request.approvedBy.length === told.approvedBy.length
  );
}

async function bringUpToDate(
  channel: Channel,
  notice: UpdateNotice,
  { store, clock, signal, onProblem }: Omit<TellClosedOptions, "channels" | "agents">,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (!(await isStillSo(notice, store))) return;
      return await channel.update?.(notice, store);
    } catch (error) {
      onProblem(error);
    }
    if (attempt === MAX_ATTEMPTS) return;
    const rested = await clock.sleep(deliveryBackoffMs(attempt), signal).then(
      () => true,
      () => false,
    );
    if (!rested) return;
  }
}
