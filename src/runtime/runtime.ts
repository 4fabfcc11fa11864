import type { Agent } from "../agent/agent.ts";
import { appendToThread } from "../agent/to-store.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { NotFoundError } from "../base/errors.ts";
import {
  type NewThreadId,
  parseRequestId,
  type RequestId,
  randomThreadId,
  type ThreadId,
} from "../base/ids.ts";
import type { Channel } from "../humans/channel.ts";
import type { People } from "../humans/people.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";
import { type HumanRequest, requestOf } from "../humans/request.ts";
import { type HumanResponse, responseEvent } from "../humans/respond.ts";
import type { ModelChoice } from "../prompts/types.ts";
import { jobTokens } from "../steps/start-job.ts";
import type { AppendOutcome, ListFilter, ThreadPage, ThreadStore, Verification } from "../store/store.ts";
import type { EventData, NewEvent } from "../thread/events.ts";
import { projectionOf } from "../thread/projection.ts";
import { startThread, type Thread, threadOf } from "../thread/thread.ts";
import { commit } from "./commit.ts";
import { validateEdit } from "./edit.ts";
import { InProcessEngine } from "./engines/in-process.ts";
import { accepting, firstEvent, type Input, isEnded, messageEvent, plain, requireStatus } from "./input.ts";
import { finishJob, type JobOutcome } from "./jobs.ts";
import { addressed, emitEvent } from "./named-events.ts";
import { createObservers, type Observer } from "./observers.ts";
import { pausedFork } from "./paused-fork.ts";
import { startSweeper } from "./sweeper.ts";
import { closedRequests, tellClosed } from "./tell-closed.ts";

export interface RuntimeOptions {
  readonly agents: readonly Agent[];
  readonly store: ThreadStore;
  /**
   * Which model answers where an agent's prompt function has none of its own; absent: the client named in each prompt. Its
   * time-outs and retries hold wherever a function has none.
   */
  readonly model?: ModelChoice;
  readonly channels?: readonly Channel[];
  /** Who is who across channels, where a policy asks for different people. Default: nobody is known. */
  readonly people?: People;
  /**
   * Stream the model's answers and show partial ones to observers. Default: while there are observers, so that the
   * first-token and idle time-outs mean what they say; where nobody watches it is slower and brings nothing else.
   */
  readonly stream?: boolean;
  /** Threads advanced at the same time in this process. Default 16. */
  readonly concurrency?: number;
  readonly clock?: Clock;
  readonly newThreadId?: NewThreadId;
  /** Names this process in claims; must be unique. Default: random. */
  readonly owner?: string;
  /** Milliseconds after which a silent process counts as dead. Default 15,000. */
  readonly claimMs?: number;
  /** Milliseconds between two looks for work. Default 1,000; at most a third of `claimMs`. */
  readonly sweepMs?: number;
  /**
   * The same in every process of one installation, at least 32 random characters: a long-running job that is
   * started again after a crash then keeps its token. Default: tokens are random.
   */
  readonly secret?: string;
}

export interface Launch {
  readonly agent: string;
  /** What starts the thread: a person's message, or anything else that happened. */
  readonly input: Input;
  readonly threadId?: ThreadId;
  /** An idempotency key: a second launch with it gives the first one's thread. */
  readonly once?: string;
}

/** Launch, pause, resume and answer threads. Every method returns when its change is on disk; work goes on behind it. */
export interface Runtime {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly store: ThreadStore;
  readonly people: People;
  launch(launch: Launch): Promise<{ readonly threadId: ThreadId; readonly created: boolean }>;
  message(threadId: ThreadId, text: string, from: VerifiedPrincipal, once?: string): Promise<Thread>;
  /** An event from outside: to the thread, or to its call that waits for an event of this name. */
  receive(threadId: ThreadId, event: EventData["event_received"], once?: string): Promise<Thread>;
  /** A named event: to every thread that waits for it. Gives the threads that it woke. */
  emit(event: EventData["event_received"], once?: string): Promise<readonly ThreadId[]>;
  /** The result of a long-running job, by the token that `startJob` gave it. See `finishJob` for its errors. */
  finishJob(token: string, outcome: JobOutcome): Promise<Thread>;
  /** A request that waits for a person. Throws `NotFoundError`, or `ConflictError` for one that waits no more. */
  request(requestId: RequestId): Promise<HumanRequest>;
  respond(requestId: RequestId, response: HumanResponse, by: VerifiedPrincipal): Promise<Thread>;
  pause(threadId: ThreadId, by: VerifiedPrincipal, reason?: string): Promise<Thread>;
  resume(threadId: ThreadId, by: VerifiedPrincipal): Promise<Thread>;
  cancel(threadId: ThreadId, by: VerifiedPrincipal, reason?: string): Promise<Thread>;
  /**
   * A new, paused thread with the events up to `seq`; the original stays as it is. With `once`, a second call
   * gives the first one's.
   */
  fork(threadId: ThreadId, seq: number, by: VerifiedPrincipal, once?: string): Promise<Thread>;
  get(threadId: ThreadId): Promise<Thread>;
  list(filter?: ListFilter): Promise<ThreadPage>;
  verify(threadId: ThreadId): Promise<Verification>;
  /**
   * Looks after the thread and resolves when it waits, has ended or is paused, whoever advances it. Throws what kept
   * this process from advancing it; the thread is as it was and can be taken up again.
   */
  settled(threadId: ThreadId, signal?: AbortSignal): Promise<Thread>;
  subscribe(observer: Observer): () => void;
  /** Starts looking for threads that want advancing: after a crash, by time, or left by other processes. */
  start(): void;
  /** Lets running tools end, leaves everything else for later. */
  stop(): Promise<void>;
}

const SWEPT_AT_ONCE = 100;

/** Milliseconds between two looks at a thread that another process works on. */
const HELD_POLL_MS = 50;

export function createRuntime(options: RuntimeOptions): Runtime {
  const { store, clock = systemClock, newThreadId = randomThreadId, claimMs = 15_000 } = options;
  const owner = options.owner ?? `worker_${randomThreadId()}`;
  const agents = new Map(options.agents.map((agent) => [agent.name, agent]));
  const observers = createObservers();
  const engine = new InProcessEngine({
    store,
    agents,
    clock,
    owner,
    claimMs,
    channels: options.channels ?? [],
    model: options.model,
    stream: () => options.stream ?? observers.size > 0,
    observe: observers.notify,
    concurrency: options.concurrency ?? 16,
    jobToken: jobTokens(options.secret),
  });
  const { channels = [], people = {} } = options;
  const stopped = new AbortController();
  if (channels.some((channel) => channel.closed !== undefined)) {
    observers.subscribe((observation) => {
      if (observation.kind !== "events") return;
      const closed = closedRequests(observation.thread, observation.events);
      const { id: threadId } = observation.thread;
      const onProblem = (error: unknown) => observers.notify({ kind: "problem", threadId, error });
      tellClosed(closed, { channels, clock, signal: stopped.signal, onProblem });
    });
  }
  const sweepMs = Math.min(options.sweepMs ?? 1_000, claimMs / 3);
  let sweeper: { stop(): Promise<void> } | undefined;

  const change = async (
    threadId: ThreadId,
    build: (thread: Thread) => readonly NewEvent[],
    once?: string,
  ): Promise<Thread> => {
    const { thread, added } = await commit({ threadId, build, once }, { store, clock, agents });
    if (added.length > 0) observers.notify({ kind: "events", thread, events: added });
    engine.nudge(threadId, thread);
    return thread;
  };

  const create = async (thread: Thread, once: string | undefined): Promise<AppendOutcome> => {
    const { id, events, state } = thread;
    const outcome = await store.append(id, 0, events, {
      projection: projectionOf(state),
      ...(once === undefined ? {} : { once }),
    });
    if (outcome.kind === "appended") observers.notify({ kind: "events", thread, events });
    return outcome;
  };

  const agentOf = (name: string): Agent => {
    const agent = agents.get(name);
    if (agent !== undefined) return agent;
    throw new NotFoundError(`there is no agent "${name}"; known: ${[...agents.keys()].join(", ")}`, {
      agent: name,
    });
  };

  const idOf = (requestId: RequestId) => {
    const parsed = parseRequestId(requestId);
    if (parsed === undefined) throw new NotFoundError(`there is no request ${requestId}`, { requestId });
    return parsed;
  };

  return {
    agents,
    store,
    people,

    async launch({ agent: name, input, threadId = newThreadId(), once }) {
      const now = clock.now();
      const agent = agentOf(name);
      const started = startThread({ agent: name }, now, threadId);
      const thread = appendToThread(started, [firstEvent(input)], { agent, now });
      const outcome = await create(thread, once);
      if (outcome.kind === "duplicate") return { threadId: outcome.threadId, created: false };
      engine.nudge(threadId, thread);
      return { threadId, created: true };
    },

    message: (threadId, text, from, once) =>
      change(
        threadId,
        accepting(() => [messageEvent(text, from)]),
        once,
      ),

    receive: (threadId, event, once) =>
      change(
        threadId,
        accepting((thread) => [{ type: "event_received", data: addressed(thread, event) }]),
        once,
      ),

    emit: (event, once) => emitEvent(event, store, change, once),

    finishJob: (token, outcome) =>
      finishJob(token, outcome, clock, async (id) => threadOf(id, await store.read(id)), change),

    async request(requestId) {
      const { threadId } = idOf(requestId);
      return requestOf(threadOf(threadId, await store.read(threadId)), requestId);
    },

    async respond(requestId, response, by) {
      const parsed = idOf(requestId);
      return change(parsed.threadId, (thread) => {
        const edit = validateEdit(agentOf(thread.state.agent));
        const { seq } = parsed;
        return [responseEvent(thread, { seq, response, by, now: clock.now(), validateEdit: edit, people })];
      });
    },

    pause: (threadId, by, reason) =>
      change(threadId, (thread) => {
        requireStatus(thread, "paused", (kind) => kind !== "paused" && !isEnded(kind));
        return [{ type: "paused", data: { by: plain(by), ...(reason === undefined ? {} : { reason }) } }];
      }),

    resume: (threadId, by) =>
      change(threadId, (thread) => {
        requireStatus(thread, "resumed", (kind) => kind === "paused");
        return [{ type: "resumed", data: { by: plain(by) } }];
      }),

    async cancel(threadId, by, reason) {
      const thread = await change(threadId, (before) => {
        requireStatus(before, "cancelled", (kind) => !isEnded(kind));
        return [{ type: "cancelled", data: { by: plain(by), ...(reason === undefined ? {} : { reason }) } }];
      });
      engine.interrupt(threadId);
      return thread;
    },

    async fork(threadId, seq, by, once) {
      const original = threadOf(threadId, await store.read(threadId));
      const agent = agents.get(original.state.agent);
      const thread = pausedFork(original, { seq, id: newThreadId(), by }, { agent, now: clock.now() });
      const outcome = await create(thread, once);
      return outcome.kind === "duplicate"
        ? threadOf(outcome.threadId, await store.read(outcome.threadId))
        : thread;
    },

    get: async (threadId) => threadOf(threadId, await store.read(threadId)),
    list: (filter) => store.list(filter),
    verify: (threadId) => store.verify(threadId),

    async settled(threadId, signal) {
      const earlier = engine.failureOf(threadId);
      let elsewhere = false;
      for (;;) {
        signal?.throwIfAborted();
        const summary = await store.summary(threadId);
        if (summary === undefined) throw new NotFoundError(`there is no thread ${threadId}`, { threadId });
        if (!summary.wantsAdvance && !engine.active.includes(threadId)) {
          return threadOf(threadId, await store.read(threadId));
        }
        agentOf(summary.agent);
        const failure = engine.failureOf(threadId);
        if (failure !== undefined && failure !== earlier) throw failure.error;
        if (!engine.active.includes(threadId)) engine.nudge(threadId);
        await engine.idle(threadId, signal);
        const now = await store.summary(threadId);
        if (now?.wantsAdvance !== true || now.seq !== summary.seq || engine.active.includes(threadId))
          continue;
        // Nothing was done here: another process holds the thread. It does not go by this one's clock.
        if (engine.failureOf(threadId) === earlier && !elsewhere) {
          observers.notify({ kind: "elsewhere", threadId, claimMs });
          elsewhere = true;
        }
        await systemClock.sleep(HELD_POLL_MS, signal);
      }
    },

    subscribe: observers.subscribe,

    start() {
      sweeper ??= startSweeper({
        store,
        clock,
        intervalMs: sweepMs,
        graceMs: claimMs / 3,
        limit: () => SWEPT_AT_ONCE + engine.failing,
        agents: [...agents.keys()],
        nudge: (threadId) => engine.nudgeUnlessFailing(threadId),
        onProblem: (error) => observers.notify({ kind: "sweep_problem", error }),
      });
    },

    async stop() {
      stopped.abort();
      await sweeper?.stop();
      await engine.stop();
    },
  };
}
