import type { Agent } from "../agent/agent.ts";
import { createCredentials, withCredentials } from "../agent/credentials.ts";
import { systemClock } from "../base/clock.ts";
import { type RequestId, randomThreadId, type ThreadId } from "../base/ids.ts";
import type { People } from "../humans/people.ts";
import { type HumanRequest, requestOf } from "../humans/request.ts";
import { createJobTokens } from "../steps/start-job.ts";
import type { ListFilter, ThreadPage, ThreadStore, Verification } from "../store/store.ts";
import { type Thread, type ThreadHead, threadOf } from "../thread/thread.ts";
import { requestsBelow } from "./below.ts";
import { type ClientPressure, createCallLimiter } from "./call-limits.ts";
import { type Changes, createChanges, parseRequest } from "./changes.ts";
import { inProcessEngine } from "./engines/in-process.ts";
import { createObservers, type Observer } from "./observers.ts";
import { checkRuntimeOptions, type RuntimeOptions } from "./options.ts";
import { startRetention } from "./retention.ts";
import { settle } from "./settled.ts";
import { startSweeper } from "./sweeper.ts";
import { observeClosed } from "./tell-closed.ts";
import { createWaking, type Waking } from "./waking.ts";
import { wantsWork } from "./worker.ts";
import { WorkerPool } from "./worker-pool.ts";
import { createWriter, type WriterOptions } from "./writer.ts";

export type { Launch } from "./changes.ts";
export type { RuntimeOptions } from "./options.ts";

/** Launches, changes and reads threads, and advances them in this process unless `worker: false` says otherwise. */
export interface Runtime extends Changes {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly store: ThreadStore;
  readonly people: People;
  get(threadId: ThreadId): Promise<Thread>;
  list(filter?: ListFilter): Promise<ThreadPage>;
  verify(threadId: ThreadId): Promise<Verification>;
  /** A request that waits for a person. Throws `NotFoundError`, or `ConflictError` if it is no longer pending. */
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
  /** Calls `observer` with everything that happens from now on; see `Observer`. Returns a function that ends this. */
  subscribe(observer: Observer): () => void;
  /**
   * Starts looking for threads that have work: after a crash, at a due time, or abandoned by another process; and takes what
   * the engine delivers. Does nothing with `worker: false`.
   */
  start(): void;
  /** Stops, the engine as well: lets running tools end and leaves everything else for later. The store stays open. */
  stop(): Promise<void>;
}

const SWEPT_AT_ONCE = 100;

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
  const { store, clock = systemClock, newThreadId = randomThreadId, claimMs = 15_000 } = options;
  const { channels = [], people = {}, owner = `worker_${randomThreadId()}` } = options;
  const { credentials = {} } = options;
  const known = createCredentials(credentials);
  const agents = new Map(
    options.agents.map((agent) => [agent.name, withCredentials(agent, credentials, known)]),
  );
  const observers = createObservers();
  const { notify, subscribe } = observers;
  const jobTokens = createJobTokens(options.secret);
  const interrupt = (threadId: ThreadId) => pool.interrupt(threadId);
  const writing: WriterOptions = {
    store,
    clock,
    agents,
    notify,
    nudge: (threadId, thread) => waking.wake(threadId, thread),
    alongside: (thread) => waking.alongside(thread),
    interruptFor: (threadId, input) => pool.interruptFor(threadId, input),
  };
  const writer = createWriter(writing);
  const limiter = createCallLimiter({
    limits: options.modelLimits ?? {},
    store,
    clock,
    owner,
    onHeldBack: (held) => notify({ kind: "held_back", ...held }),
    onProblem: (error) => notify({ kind: "sweep_problem", error }),
  });
  const pool: WorkerPool = new WorkerPool({
    store,
    agents,
    clock,
    owner,
    claimMs,
    channels,
    people,
    stillAllowed: options.stillAllowed,
    model: options.model,
    admitFor: limiter.admitFor,
    stream: () => options.stream ?? observers.size > 0,
    observe: notify,
    concurrency: options.concurrency ?? 16,
    jobToken: jobTokens.issue,
    onRest: (thread) => waking.atRest(thread),
    family: { ...writing, writer, interrupt },
  });
  const advances = options.worker ?? true;
  const waking: Waking = createWaking({
    engine: options.engine ?? inProcessEngine(),
    pool,
    wants: (thread) => wantsWork(thread, channels, clock.now()),
    advances,
    notify,
  });
  const stopped = new AbortController();
  observeClosed(subscribe, { store, channels, clock, signal: stopped.signal, notify });
  const changes = createChanges({
    ...writing,
    writer,
    people,
    isOwnToken: jobTokens.isOwn,
    newThreadId,
    interrupt,
  });
  let sweeper: { stop(): Promise<void> } | undefined;
  let retention: { stop(): Promise<void> } | undefined;
  return {
    agents,
    store,
    people,
    ...changes,
    get: async (threadId) => threadOf(threadId, await store.read(threadId)),
    async request(requestId) {
      const { threadId } = parseRequest(requestId);
      return requestOf({ id: threadId, state: await store.state(threadId) }, requestId);
    },
    requestsBelow: (thread) => requestsBelow(thread, store),
    list: (filter) => store.list(filter),
    verify: (threadId) => store.verify(threadId),
    settled: (threadId, signal) =>
      settle(threadId, { store, agents, pool: advances ? pool : undefined, notify, claimMs }, signal),
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
        nudge: (threadId) => pool.nudgeUnlessFailing(threadId),
        onProblem: (error) => notify({ kind: "sweep_problem", error }),
      });
      retention ??= startRetention({
        rules: options.retention ?? [],
        store,
        changes,
        clock,
        onProblem: (error) => notify({ kind: "sweep_problem", error }),
      });
    },
    async stop() {
      stopped.abort();
      await retention?.stop();
      await sweeper?.stop();
      await Promise.all([waking.stop(), pool.stop()]);
    },
  };
}
