import { setImmediate } from "node:timers/promises";
import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../base/clock.ts";
import { letGo } from "../base/hooks.ts";
import type { ThreadId } from "../base/ids.ts";
import { checkNames } from "../base/options.ts";
import type { ThreadStore, UnindexedThread } from "../store/store.ts";
import { projectionOf } from "../thread/projection.ts";
import { threadOf } from "../thread/thread.ts";
import type { Notify } from "./observers.ts";

export interface IndexingProgress {
  /** Threads that were made findable. */
  readonly done: number;
  readonly of: number;
}

export interface IndexingOptions {
  readonly signal?: AbortSignal | undefined;
  /** Threads that are indexed together: fewer leave more room for others, more are faster. Default 20. */
  readonly atOnce?: number | undefined;
  /** Called after each few threads. May not throw. */
  readonly onProgress?: ((progress: IndexingProgress) => void) | undefined;
}

interface Tools {
  readonly store: ThreadStore;
  readonly agents: ReadonlyMap<string, Agent>;
}

/** Threads that are indexed together, by default. */
const AT_ONCE = 20;
/** The same in the background: nothing else goes on in the process while they are, and people wait for pages. */
const AT_ONCE_IN_BACKGROUND = 5;
/** How often to look for threads that were written without their texts, in ms. */
const LOOK_EVERY_MS = 60_000;

/**
 * Makes what earlier releases stored findable, thread by thread, the latest first. What an agent hides is left out, so only
 * threads of agents that are known here are taken. Resolves when none is left that can be read.
 */
export async function indexThreads({ store, agents }: Tools, options: IndexingOptions = {}): Promise<void> {
  checkNames("indexThreads", { signal: true, atOnce: true, onProgress: true }, options);
  const { signal, onProgress, atOnce = AT_ONCE } = options;
  const names = [...agents.keys()];
  const unreadable = new Set<ThreadId>();
  let done = 0;
  let of: number | undefined;
  for (;;) {
    signal?.throwIfAborted();
    // Counted once: with many threads, counting takes longer than indexing a few.
    const { threads, count } = await store.unindexed(
      names,
      atOnce + unreadable.size,
      of === undefined ? undefined : 0,
    );
    of ??= count;
    const next = threads.filter(({ threadId }) => !unreadable.has(threadId)).slice(0, atOnce);
    if (next.length === 0) return;
    const outcomes = await Promise.allSettled(next.map((thread) => indexOne(thread, store, agents)));
    outcomes.forEach(({ status }, index) => {
      const thread = next[index];
      if (status === "rejected" && thread !== undefined) unreadable.add(thread.threadId);
    });
    const indexed = outcomes.filter((outcome) => outcome.status === "fulfilled" && outcome.value).length;
    // Those that are left are being worked on: they are tried again at the next look.
    if (indexed === 0 && outcomes.every(({ status }) => status === "fulfilled")) return;
    done += indexed;
    letGo(onProgress?.({ done, of: Math.max(of, done) }));
    // What people and agents do meanwhile comes first.
    await setImmediate();
  }
}

async function indexOne(
  { threadId, after }: UnindexedThread,
  store: ThreadStore,
  agents: ReadonlyMap<string, Agent>,
): Promise<boolean> {
  const { state, events } = threadOf(threadId, await store.read(threadId));
  const agent = agents.get(state.agent);
  if (agent === undefined) return false;
  const texts = agent.context.forSearch(events.slice(after), events.slice(0, after));
  return store.index(threadId, { after, seq: state.seq, texts, projection: projectionOf(state) });
}

/** Does so in the background, now and whenever there are such threads again. */
export function startIndexer(tools: Tools & { readonly clock: Clock; readonly notify: Notify }): {
  stop(): Promise<void>;
} {
  const { clock, notify } = tools;
  const stopped = new AbortController();
  const { signal } = stopped;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await indexThreads(tools, {
          signal,
          atOnce: AT_ONCE_IN_BACKGROUND,
          onProgress: (progress) => notify({ kind: "indexed", ...progress }),
        });
      } catch (error) {
        if (!signal.aborted) notify({ kind: "sweep_problem", error });
      }
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
    }
  };
  const done = loop();
  return {
    stop: () => {
      stopped.abort();
      return done;
    },
  };
}
