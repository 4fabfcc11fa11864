import { requestIdOf } from "../base/ids.ts";
import type { Channel, ClosedNotice } from "../humans/channel.ts";
import type { EventOf, ThreadEvent } from "../thread/events.ts";
import { type Thread, threadOf } from "../thread/thread.ts";

type Closing = EventOf<"human_responded" | "request_expired" | "cancelled">;

/** The requests that these last events of a thread have closed, each with the event that closed it. Pure. */
export function closedRequests(thread: Thread, added: readonly ThreadEvent[]): readonly ClosedNotice[] {
  return added.filter(mayClose).flatMap((event) => {
    const before = threadOf(thread.id, thread.events.slice(0, event.seq - 1));
    const { request } = before.state;
    const after = threadOf(thread.id, thread.events.slice(0, event.seq));
    if (request === null || after.state.request?.seq === request.seq) return [];
    const requestId = requestIdOf(thread.id, request.seq);
    return [{ threadId: thread.id, requestId, request, thread: after, by: event }];
  });
}

function mayClose(event: ThreadEvent): event is Closing {
  return event.type === "human_responded" || event.type === "request_expired" || event.type === "cancelled";
}

/**
 * Tells every channel that has told people about a request that it is closed, so that its message can be brought
 * up to date. Only a courtesy: a late answer is refused in any case, so a failure is reported and not tried
 * again.
 */
export async function tellClosed(
  closed: readonly ClosedNotice[],
  channels: readonly Channel[],
  onProblem: (error: unknown) => void,
): Promise<void> {
  for (const notice of closed) {
    for (const channel of channels) {
      if (notice.request.deliveries[channel.name]?.ok !== true || channel.closed === undefined) continue;
      try {
        await channel.closed(notice);
      } catch (error) {
        onProblem(error);
      }
    }
  }
}
