import type { Agent } from "../agent/agent.ts";
import { ForbiddenError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadPage, ThreadStore } from "../store/store.ts";
import type { EventData, NewEvent } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { Change } from "./commit.ts";

type Received = EventData["event_received"];

/**
 * The event, addressed to the call of this thread that waits for its name. A call that waits for a job's result
 * is answered with the job's token only, never by name.
 */
export function addressEvent(thread: ThreadHead, event: Received): Received {
  if (event.callId !== undefined) {
    const { phase } = thread.state.calls.find((open) => open.callId === event.callId) ?? {};
    if (phase?.kind === "awaiting_event" && phase.tokenDigest !== undefined) {
      throw new ForbiddenError(`call ${event.callId} waits for its job: only the job's token answers it`);
    }
    return event;
  }
  const call = waitingCall(thread, event.name);
  return call === undefined ? event : { ...event, callId: call.callId };
}

export interface EmitOptions {
  readonly store: ThreadStore;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly change: (change: Change) => Promise<ThreadHead>;
}

/** Gives the event to every thread that waits for one of its name. Returns the ids of those that took it. */
export async function emitEvent(
  event: Omit<Received, "callId">,
  once: string | undefined,
  { store, agents, change }: EmitOptions,
): Promise<readonly ThreadId[]> {
  const woken: ThreadId[] = [];
  let cursor: string | null = null;
  do {
    const filter = { awaitedEvent: event.name, limit: 1000, cursor: cursor ?? undefined };
    const page: ThreadPage = await store.list(filter);
    for (const { threadId, agent } of page.threads) {
      // Threads of an agent that is unknown here are left to a process that knows it.
      if (!agents.has(agent)) continue;
      let waits = false;
      const build = (thread: ThreadHead): readonly NewEvent[] => {
        const call = waitingCall(thread, event.name);
        waits = call !== undefined;
        return call === undefined
          ? []
          : [{ type: "event_received", data: { ...event, callId: call.callId } }];
      };
      await change({ threadId, build, once: once === undefined ? undefined : `${once}:${threadId}` });
      if (waits) woken.push(threadId);
    }
    cursor = page.next;
  } while (cursor !== null);
  return woken;
}

/** The call that waits for an event of this name. */
export function waitingCall({ state }: ThreadHead, name: string): OpenCall | undefined {
  if (state.ended !== null) return undefined;
  return state.calls.find(
    ({ phase }) => phase.kind === "awaiting_event" && phase.name === name && phase.tokenDigest === undefined,
  );
}
