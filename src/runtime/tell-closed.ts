import type { Clock } from "../base/clock.ts";
import { requestIdOf } from "../base/ids.ts";
import type { Channel, ClosedNotice } from "../humans/channel.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { deliveryBackoffMs } from "../thread/projection.ts";
import { type Thread, threadOf } from "../thread/thread.ts";

/** About two and a half minutes of trying. */
const MAX_ATTEMPTS = 6;

type Closing = ClosedNotice["by"];

/** The requests that these last events of a thread have closed, each with the event that closed it. Pure. */
export function closedRequests(thread: Thread, added: readonly ThreadEvent[]): readonly ClosedNotice[] {
  return added.filter(mayClose(thread)).flatMap((event) => {
    const before = threadOf(thread.id, thread.events.slice(0, event.seq - 1));
    const { request } = before.state;
    const after = threadOf(thread.id, thread.events.slice(0, event.seq));
    if (request === null || after.state.request?.seq === request.seq) return [];
    const requestId = requestIdOf(thread.id, request.seq);
    return [{ threadId: thread.id, requestId, request, thread: after, by: event }];
  });
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
