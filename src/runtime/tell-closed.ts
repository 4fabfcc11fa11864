import type { Clock } from "../base/clock.ts";
import { requestIdOf } from "../base/ids.ts";
import type { Channel, ClosedNotice } from "../humans/channel.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { deliveryBackoffMs } from "../thread/projection.ts";
import { extended, type Thread, threadOf } from "../thread/thread.ts";
import type { Observer } from "./observers.ts";

/** About two and a half minutes of trying. */
const MAX_ATTEMPTS = 6;

type Closing = ClosedNotice["by"];

/** The requests that these last events of a thread have closed, each with the event that closed it. Pure; folds once. */
export function closedRequests(thread: Thread, added: readonly ThreadEvent[]): readonly ClosedNotice[] {
  const isClosing = mayClose(thread);
  const [first] = added.filter(isClosing);
  if (first === undefined) return [];
  const { id: threadId, events } = thread;
  let before = threadOf(threadId, events.slice(0, first.seq - 1));
  const closed: ClosedNotice[] = [];
  for (const event of added.slice(added.indexOf(first))) {
    const after = extended(before, [event]);
    const { request } = before.state;
    if (isClosing(event) && request !== null && after.state.request?.seq !== request.seq) {
      const requestId = requestIdOf(threadId, request.seq);
      closed.push({ threadId, requestId, request, thread: after, by: event });
    }
    before = after;
  }
  return closed;
}

function mayClose({ events }: Thread): (event: ThreadEvent) => event is Closing {
  return (event): event is Closing => {
    if (event.type === "tool_finished" || event.type === "tool_failed") {
      const { callId } = event.data;
      return events.some(({ type, data }) => type === "tool_unknown" && data.callId === callId);
    }
    return event.type === "human_responded" || event.type === "request_expired" || event.type === "cancelled";
  };
}

export interface TellClosedOptions {
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  /** Aborted: nothing is tried again. */
  readonly signal: AbortSignal;
  /** Told of each failure. May not throw. */
  readonly onProblem: (error: unknown) => void;
}

/** Tells channels of each request that is closed, as long as `signal` is not aborted. */
export function observeClosed(
  subscribe: (observer: Observer) => unknown,
  { channels, clock, signal, notify }: Omit<TellClosedOptions, "onProblem"> & { readonly notify: Observer },
): void {
  if (!channels.some((channel) => channel.closed !== undefined)) return;
  subscribe((observation) => {
    if (observation.kind !== "events") return;
    const { id: threadId } = observation.thread;
    const onProblem = (error: unknown) => notify({ kind: "problem", threadId, error });
    const closed = closedRequests(observation.thread, observation.events);
    // Never rejects: a channel's failure is a problem that is told.
    void tellClosed(closed, { channels, clock, signal, onProblem });
  });
}

/**
 * Tells every channel that has told people about a request that it is closed, so that its message can be brought
 * up to date. A channel that fails is tried again with the same back-off as a notification, a few times and as long
 * as this process runs: only a courtesy, since a late answer is refused in any case.
 */
export async function tellClosed(
  closed: readonly ClosedNotice[],
  { channels, ...options }: TellClosedOptions,
): Promise<void> {
  const told = channels.flatMap((channel) =>
    closed
      .filter((notice) => notice.request.deliveries[channel.name]?.ok === true)
      .map((notice) => bringUpToDate(channel, notice, options)),
  );
  await Promise.all(told);
}

async function bringUpToDate(
  channel: Channel,
  notice: ClosedNotice,
  { clock, signal, onProblem }: Omit<TellClosedOptions, "channels">,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await channel.closed?.(notice);
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
