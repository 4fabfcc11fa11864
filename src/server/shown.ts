import type { Agent } from "../agent/agent.ts";
import { hidesContent, shownEvents, shownLine, shownThread } from "../agent/shown-thread.ts";
import type { ThreadId } from "../base/ids.ts";
import { toJson } from "../base/json.ts";
import { type HumanRequest, pendingRequest } from "../humans/request.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ThreadSummary } from "../store/store.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { Thread, ThreadHead } from "../thread/thread.ts";

type Reading = Pick<Runtime, "agents" | "get" | "store">;

/** A thread as people read it: see `shownThread`. Throws `NotFoundError`. */
export async function readShown(runtime: Reading, threadId: ThreadId): Promise<Thread> {
  const thread = await runtime.get(threadId);
  return shownThread(thread, runtime.agents.get(thread.state.agent));
}

/** A pending request as people read it. Of an agent that hides nothing, the state alone is read. */
export async function shownRequest(
  runtime: Reading,
  { id, state }: ThreadHead,
): Promise<HumanRequest | null> {
  if (state.request === null) return null;
  const agent = runtime.agents.get(state.agent);
  if (!hidesContent(agent)) return pendingRequest({ id, state });
  return pendingRequest(await readShown(runtime, id));
}

export function shownSummary<S extends ThreadSummary>(summary: S, { agents }: Pick<Runtime, "agents">): S {
  const agent = agents.get(summary.agent);
  return { ...summary, title: shownLine(summary.title, agent), subject: shownLine(summary.subject, agent) };
}

/** Reads a thread's events as people read them, again and again. */
export interface ShownReader {
  /** The events after `after` so far. */
  read(after: number): Promise<readonly ThreadEvent[]>;
  /** A value that is not an event yet, such as a partial answer. */
  hide(value: unknown): unknown;
}

/** A reader for one thread. What is hidden follows from the whole thread, so it keeps the events that it has read. */
export function createShownReader({ agents, store }: Reading, threadId: ThreadId): ShownReader {
  let all: readonly ThreadEvent[] = [];
  let agent: Agent | undefined;
  let hides: boolean | undefined;
  return {
    async read(after) {
      if (hides === undefined) {
        agent = agents.get((await store.summary(threadId))?.agent ?? "");
        hides = hidesContent(agent);
      }
      if (!hides) return store.read(threadId, after);
      const added = await store.read(threadId, all.at(-1)?.seq ?? 0);
      const isErased = all.length > 0 && added.some(({ type }) => type === "data_erased");
      all = isErased ? await store.read(threadId) : [...all, ...added];
      return shownEvents(all, agent).events.filter(({ seq }) => seq > after);
    },
    hide: (value) => (hides === false ? value : shownEvents(all, agent).json(toJson(value))),
  };
}

/** What the threads that work for this one ask people, as people read it. */
export async function shownRequestsBelow(
  runtime: Reading & Pick<Runtime, "requestsBelow">,
  thread: ThreadHead,
): Promise<readonly HumanRequest[]> {
  const below = await runtime.requestsBelow(thread);
  const shown = below.map(async (request) =>
    hidesContent(runtime.agents.get(request.agent))
      ? pendingRequest(await readShown(runtime, request.threadId))
      : request,
  );
  return (await Promise.all(shown)).filter((request) => request !== null);
}
