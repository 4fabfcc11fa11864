import type { Agent } from "../agent/agent.ts";
import { createCredentials, withCredentials } from "../agent/credentials.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { atOnce } from "../base/hooks.ts";
import { randomThreadId, type ThreadId } from "../base/ids.ts";
import { createJobTokens } from "../steps/start-job.ts";
import { type CallLimiter, createCallLimiter } from "./call-limits.ts";
import { type Changes, createChanges } from "./changes.ts";
import { inProcessEngine } from "./engines/in-process.ts";
import { createObservers, type Observers } from "./observers.ts";
import type { RuntimeOptions } from "./options.ts";
import { createWaking, type Waking } from "./waking.ts";
import { wantsWork } from "./worker.ts";
import { WorkerPool } from "./worker-pool.ts";
import { createWriter, type Writer, type WriterOptions } from "./writer.ts";

/** What a runtime consists of, joined. */
export interface RuntimeParts {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly clock: Clock;
  readonly claimMs: number;
  readonly observers: Observers;
  readonly limiter: CallLimiter;
  readonly writer: Writer;
  readonly changes: Changes;
  readonly pool: WorkerPool;
  readonly waking: Waking;
  /** Whether this process advances threads. */
  readonly advances: boolean;
}

/** Makes the parts of a runtime from options that have been checked, and joins them. */
export function createRuntimeParts(options: RuntimeOptions): RuntimeParts {
  const { store, clock = systemClock, newThreadId = randomThreadId, claimMs = 15_000 } = options;
  const { channels = [], people = {}, owner = `worker_${randomThreadId()}` } = options;
  const { credentials = {} } = options;
  const known = createCredentials(credentials);
  const agents = new Map(
    options.agents.map((agent) => [agent.name, withCredentials(agent, credentials, known)]),
  );
  const observers = createObservers(agents);
  const { notify } = observers;
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
  const changes = createChanges({
    ...writing,
    writer,
    people,
    isOwnToken: jobTokens.isOwn,
    newThreadId: () => atOnce("createRuntime: `newThreadId`", newThreadId()),
    interrupt,
  });
  return { agents, clock, claimMs, observers, limiter, writer, changes, pool, waking, advances };
}
