import { afterEach } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import type { Channel } from "../../src/humans/channel.ts";
import type { People } from "../../src/humans/people.ts";
import { type VerifiedPrincipal, verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { type FakeClock, fakeClock } from "../../src/testing/fake-clock.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import type { EventOf, EventType, HumanDecision } from "../../src/thread/events.ts";
import type { PendingApproval, PendingQuestion } from "../../src/thread/state.ts";
import type { Thread, ThreadHead } from "../../src/thread/thread.ts";
import { type FullOptions, type FullStep, fullAgent } from "./full-agent.ts";

export const ada = verifiedBy("terminal", "ada");
export const bob = verifiedBy("web", "bob", "Bob");
export const eve = verifiedBy("mail", "eve");

export const PEOPLE = { ada: ["*:ada"], bob: ["*:bob"], eve: ["*:eve"] };

const open: Runtime[] = [];
afterEach(async () => {
  for (const runtime of open.splice(0)) await runtime.stop();
});

/** A runtime that is stopped after the test. */
export function testRuntime(
  options: Omit<RuntimeOptions, "store"> & { readonly store?: ThreadStore },
): Runtime {
  const runtime = createRuntime({ store: createMemoryStore(), people: PEOPLE, ...options });
  open.push(runtime);
  return runtime;
}

export interface Bench {
  readonly runtime: Runtime;
  readonly clock: FakeClock;
  readonly store: ThreadStore;
  readonly ran: readonly string[];
  readonly prompts: readonly string[];
  /** Launches a thread with a message and runs it until it waits or ends. */
  start(message?: string): Promise<Thread>;
  /** Answers the pending request and runs on until the thread waits or ends again. */
  answer(thread: Thread, decision: HumanDecision, by?: VerifiedPrincipal): Promise<Thread>;
  assertUsedUp(): void;
}

/** The full agent on a memory store (or the given one) and a fake clock. */
export function bench(
  script: readonly ScriptedAnswer<FullStep>[],
  options: FullOptions & {
    readonly store?: ThreadStore;
    readonly channels?: readonly Channel[];
    readonly clock?: FakeClock;
    readonly people?: People;
  } = {},
): Bench {
  const { agent, nextStep, ran } = fullAgent(script, options);
  const { store = createMemoryStore(), clock = fakeClock(), channels = [], people = PEOPLE } = options;
  const runtime = testRuntime({ agents: [agent], store, clock, channels, people });
  return {
    runtime,
    clock,
    store,
    ran,
    prompts: nextStep.prompts,
    async start(message = "go") {
      const { threadId } = await runtime.launch({ agent: "full", input: { message, from: ada } });
      return runtime.settled(threadId);
    },
    async answer(thread, decision, by = bob) {
      const { request } = thread.state;
      if (request === null) throw new Error(`nothing is pending: ${thread.state.status.kind}`);
      const digest = request.type === "approval" ? request.digest : null;
      await runtime.respond(requestIdOf(thread.id, request.seq), { decision, digest }, by);
      return runtime.settled(thread.id);
    },
    assertUsedUp: () => nextStep.assertUsedUp(),
  };
}

export function typesOf(thread: Thread): EventType[] {
  return thread.events.map((event) => event.type);
}

/** The thread's events of one type, in order. */
export function eventsOf<T extends EventType>(thread: Thread, type: T): EventOf<T>[] {
  return thread.events.filter((event): event is EventOf<T> => event.type === type);
}

export function approvalOf(thread: ThreadHead): PendingApproval {
  const { request } = thread.state;
  if (request?.type !== "approval") throw new Error(`no approval is pending: ${thread.state.status.kind}`);
  return request;
}

export function questionOf(thread: Thread): PendingQuestion {
  const { request } = thread.state;
  if (request?.type !== "question") throw new Error(`no question is pending: ${thread.state.status.kind}`);
  return request;
}
