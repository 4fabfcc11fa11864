import type { Agent } from "../agent/agent.ts";
import { hidesContent, shownEvents, shownPartial, shownThread } from "../agent/shown-thread.ts";
import type { ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { keepLatest } from "../base/keep-latest.ts";
import { spaceOut } from "../base/search-words.ts";
import { type HumanRequest, pendingRequest } from "../humans/request.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { createSearch } from "../store/search.ts";
import type { ThreadPage, ThreadSummary } from "../store/store.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { searchTextOf } from "../thread/search-text.ts";
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

/** How far threads that are not indexed yet are counted: every search says whether there are any. */
export const UNINDEXED_COUNTED = 1_000;

interface Lines {
  readonly seq: number;
  readonly title: string;
  readonly subject: string;
}

/** Lines of threads that were read lately, by store: a thread is read once for each of its changes. */
const linesRead = new WeakMap<object, Map<ThreadId, Lines>>();
const MAX_LINES = 10_000;

/**
 * A page of a list as people read it. What is hidden in a thread follows from all of it, so each thread of an agent that hides
 * anything is read, unless its lines are known. The lines of one that cannot be read are empty. What was found with `search`
 * stays only if people can read the words that were searched for.
 */
export async function shownPage<P extends Pick<ThreadPage, "threads" | "hits">>(
  page: P,
  runtime: Reading,
  search = "",
): Promise<P> {
  const found = await findShown(page, runtime, search);
  const threads = found.threads.map(async (summary) => {
    if (!hidesContent(runtime.agents.get(summary.agent))) return summary;
    const { title, subject } = await linesOf(summary, runtime);
    return { ...summary, title, subject };
  });
  return { ...page, ...found, threads: await Promise.all(threads) };
}

/**
 * Of what the index has found, what people can read. The index was made as events came: it holds what only a later event, or
 * a newer rule, shows to be secret. A search must not tell that it is there.
 */
export async function findShown(
  { threads, hits }: Pick<ThreadPage, "threads" | "hits">,
  runtime: Reading,
  search: string,
): Promise<Pick<ThreadPage, "threads" | "hits">> {
  const wanted = createSearch(search);
  if (wanted.empty) return { threads, hits };
  const looked = threads.map(async (summary) => {
    const { threadId } = summary;
    if (!hidesContent(runtime.agents.get(summary.agent))) {
      return { summary, hit: hits.find((one) => one.threadId === threadId) };
    }
    const thread = await readShown(runtime, threadId).catch(() => undefined);
    const one = wanted.begin(threadId);
    for (const event of thread?.events.toReversed() ?? []) {
      const text = searchTextOf(event);
      if (text !== "" && !one.look({ seq: event.seq, text: spaceOut(text) })) break;
    }
    return one.found ? { summary, hit: one.hit && { threadId, ...one.hit } } : undefined;
  });
  const found = (await Promise.all(looked)).filter((one) => one !== undefined);
  return {
    threads: found.map(({ summary }) => summary),
    hits: found.flatMap(({ hit }) => hit ?? []),
  };
}

async function linesOf({ threadId, seq }: ThreadSummary, runtime: Reading): Promise<Lines> {
  const lines = linesRead.get(runtime.store) ?? new Map<ThreadId, Lines>();
  linesRead.set(runtime.store, lines);
  const known = lines.get(threadId);
  if (known?.seq === seq) return known;
  const thread = await readShown(runtime, threadId).catch(() => undefined);
  if (thread === undefined) return { seq, title: "", subject: "" };
  const { title, subject } = thread.state;
  const read = { seq: thread.state.seq, title, subject };
  lines.delete(threadId);
  lines.set(threadId, read);
  keepLatest(lines, MAX_LINES);
  return read;
}

/** Reads a thread's events as people read them, again and again. */
export interface ShownReader {
  /** The events after `after` so far. */
  read(after: number): Promise<readonly ThreadEvent[]>;
  /** A step that the model is still writing. */
  partial(value: unknown): Json;
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
    partial: (value) => shownPartial(value, all, agent),
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
