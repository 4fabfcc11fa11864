import type { Agent } from "../agent/agent.ts";
import type { RequestId, ThreadId } from "../base/ids.ts";
import { checkNames, type NamesOf } from "../base/options.ts";
import type { People } from "../humans/people.ts";
import type { HumanRequest } from "../humans/request.ts";
import type { ListFilter, ThreadPage, ThreadStore, Verification } from "../store/store.ts";
import { type Thread, type ThreadHead, threadOf } from "../thread/thread.ts";
import { withoutEnded } from "./above.ts";
import { requestsBelow } from "./below.ts";
import type { ClientPressure } from "./call-limits.ts";
import type { Changes } from "./changes.ts";
import { type IndexingOptions, indexThreads, startIndexer } from "./indexer.ts";
import type { Observer, ObserverOptions } from "./observers.ts";
import { checkRuntimeOptions, type RuntimeOptions } from "./options.ts";
import { createRuntimeParts } from "./parts.ts";
import { askedWith } from "./requests.ts";
import { startRetention } from "./retention.ts";
import { settle } from "./settled.ts";
import { startSweeper } from "./sweeper.ts";
import { waitBriefly } from "./wait-briefly.ts";

export type { Launch } from "./changes.ts";
export type { IndexingOptions, IndexingProgress } from "./indexer.ts";
export type { RuntimeOptions } from "./options.ts";

/** Launches, changes and reads threads, and advances them in this process unless `worker: false` says otherwise. */
export interface Runtime extends Changes {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly store: ThreadStore;
  readonly people: People;
  get(threadId: ThreadId): Promise<Thread>;
  /** With `pending`, without threads that ask something of which nothing more comes: one for which they work is over. */
  list(filter?: ListFilter): Promise<ThreadPage>;
  /** How many threads of these agents a search cannot find yet by all that they say, counted up to `countTo` (default: all). */
  unindexed(countTo?: number): Promise<number>;
  /**
   * Makes threads of an earlier release findable by what they say; resolves when none is left. `start` does this in the
   * background.
   */
  indexThreads(options?: IndexingOptions): Promise<void>;
  verify(threadId: ThreadId): Promise<Verification>;
  /**
   * A request that waits for a person. Throws `NotFoundError`, or `ConflictError` if it is no longer pending. So it is once a thread
   * above is over: then the one that asks is ended as well.
   */
  request(requestId: RequestId): Promise<HumanRequest>;
  /** What the threads that work for this one, and those below them, ask people. */
  requestsBelow(thread: ThreadHead): Promise<readonly HumanRequest[]>;
  /**
   * Resolves when the thread waits, has ended or is paused, no matter which process advances it. Throws the error that kept
   * this process from advancing it (the thread is unharmed and can be taken up again), `NotFoundError` for an unknown
   * thread, and the signal's reason when it is aborted.
   */
  settled(threadId: ThreadId, signal?: AbortSignal): Promise<Thread>;
  /** How the limited model clients stand, over all processes: calls under way, and calls that wait for their turn. */
  pressure(): Promise<readonly ClientPressure[]>;
  /**
   * Calls `observer` with everything that happens from now on; see `Observer`. Returns a function that ends this. With
   * `partials: false` it is no reason to stream the model's answers.
   */
  subscribe(observer: Observer, options?: ObserverOptions): () => void;
  /**
   * Starts looking for threads that have work: after a crash, at a due time, or abandoned by another process; and takes what
   * the engine delivers. Does nothing with `worker: false`.
   */
  start(): void;
  /** Stops, the engine as well: lets running tools end and leaves everything else for later. The store stays open. */
  stop(): Promise<void>;
}

const FILTER: NamesOf<ListFilter> = {
  agent: true,
  status: true,
  pending: true,
  search: true,
  awaitedEvent: true,
  parentThreadId: true,
  updatedBefore: true,
  limit: true,
  cursor: true,
};

const SWEPT_AT_ONCE = 100;
/** An engine between processes delivers in some 20 ms; where it has not after this time, the sweeper does. */
const LEFT_TO_ENGINE_MS = 1_000;

/**
 * Creates a runtime. Nothing is opened or started yet; `launch` and the like advance their thread right away, `start` also
 * takes up threads left over from before. Throws `UsageError` (`invalid_configuration`) for options that could not work.
 *
 * @example
 * const runtime = createRuntime({ agents: [calculator], store: await openSqliteStore("threads.db") });
 * runtime.start();
 * const { threadId } = await runtime.launch({ agent: "calculator", input: { message: "3 + 4", from } });
 * const thread = await runtime.settled(threadId);
 */
export function createRuntime(options: RuntimeOptions): Runtime {
  checkRuntimeOptions(options);
  const { store, people = {} } = options;
  const { agents, clock, claimMs, observers, limiter, writer, changes, pool, waking, advances } =
    createRuntimeParts(options);
  const { notify, subscribe } = observers;
  let sweeper: { stop(): Promise<void> } | undefined;
  let indexer: { stop(): Promise<void> } | undefined;
  let retention: { stop(): Promise<void> } | undefined;
  return {
    agents,
    store,
    people,
    ...changes,
    get: async (threadId) => threadOf(threadId, await store.read(threadId)),
    request: (requestId) => askedWith(requestId, { store, change: writer.change }),
    requestsBelow: (thread) => requestsBelow(thread, store),
    async list(filter = {}) {
      checkNames("list", FILTER, filter);
      const page = await store.list(filter);
      return filter.pending === true ? { ...page, threads: await withoutEnded(page.threads, store) } : page;
    },
    unindexed: async (countTo) => (await store.unindexed([...agents.keys()], 0, countTo)).count,
    indexThreads: (options) => indexThreads({ store, agents }, options),
    verify: (threadId) => store.verify(threadId),
    settled: (threadId, signal) => {
      const { giveUp } = writer;
      return settle(
        threadId,
        { store, agents, pool: advances ? pool : undefined, notify, claimMs, giveUp },
        signal,
      );
    },
    pressure: limiter.pressure,
    subscribe,
    start() {
      if (!advances) return;
      waking.start();
      sweeper ??= startSweeper({
        store,
        clock,
        intervalMs: Math.min(options.sweepMs ?? 1_000, claimMs / 3),
        graceMs: claimMs / 3,
        limit: () => SWEPT_AT_ONCE + pool.failing,
        agents: [...agents.keys()],
        leftToEngineMs: options.engine === undefined || options.engine.local === true ? 0 : LEFT_TO_ENGINE_MS,
        take: (due) => pool.takeFound(due),
        onAll: (due) => pool.keepFailing(due),
        onProblem: (error) => notify({ kind: "sweep_problem", error }),
      });
      indexer ??= startIndexer({ store, agents, clock, notify });
      retention ??= startRetention({
        rules: options.retention ?? [],
        store,
        changes,
        clock,
        onProblem: (error) => notify({ kind: "sweep_problem", error }),
      });
    },
    async stop() {
      const looks = Promise.all([indexer?.stop(), retention?.stop(), sweeper?.stop()]);
      await Promise.all([waitBriefly(looks), waking.stop(), pool.stop()]);
    },
  };
}
