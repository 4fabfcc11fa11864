import { expect } from "vitest";
import { type Agent, defineAgent } from "../../src/agent/agent.ts";
import { ConflictError } from "../../src/base/errors.ts";
import { childThreadId, parseThreadId, requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { askHuman, delegate, finish, tool } from "../../src/steps/steps.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { dyingStore } from "./dying-store.ts";
import { ada, bob, eventsOf } from "./harness.ts";

type Step =
  | { intent: "hand" }
  | { intent: "hand_aside" }
  | { intent: "pay"; amount: number }
  | { intent: "ask" }
  | { intent: "done"; message: string };

/** A model that goes by what it reads, so that every process goes on where the last one died. */
function modelOf(answer: (prompt: string) => Step) {
  return Object.create(scriptedSteps<Step>([]), {
    call: {
      value: async ([prompt]: [string]) => scriptedSteps<Step>([answer(prompt)]).call([prompt]),
    },
  }) as ReturnType<typeof scriptedSteps<Step>>;
}

interface Family {
  readonly agents: readonly Agent[];
  /** The keys under which was paid. */
  readonly paid: string[];
}

function family(how: "hand" | "hand_aside" | "ask"): Family {
  const paid: string[] = [];
  const steps = {
    hand: delegate<Extract<Step, { intent: "hand" }>>({ agent: "helper", input: () => "pay" }),
    hand_aside: delegate<Extract<Step, { intent: "hand_aside" }>>({ agent: "helper", wait: false }),
    pay: tool<Extract<Step, { intent: "pay" }>>(
      (_step, { key }) => {
        paid.push(key);
        return "paid";
      },
      { approval: "always", idempotent: true, version: "1" },
    ),
    ask: askHuman<Extract<Step, { intent: "ask" }>>(() => "how much?"),
    done: finish((step: Extract<Step, { intent: "done" }>) => step.message),
  };
  const boss = modelOf((prompt) => {
    if (how === "hand_aside")
      return prompt.includes("<hand_aside>")
        ? { intent: "done", message: prompt.includes("<child_finished>") ? "told" : "begun" }
        : { intent: "hand_aside" };
    return prompt.includes("<hand>") ? { intent: "done", message: "thanks" } : { intent: "hand" };
  });
  const helper = modelOf((prompt) => {
    if (how === "ask") return { intent: "ask" };
    return prompt.includes("<pay_result>")
      ? { intent: "done", message: "paid" }
      : { intent: "pay", amount: 5 };
  });
  return {
    paid,
    agents: [defineAgent(boss, { name: "boss", steps }), defineAgent(helper, { name: "helper", steps })],
  };
}

const CLAIM_MS = 60_000;

/** A process. Those that come later have clocks on which the claims of the dead have run out. */
function processOn(store: ThreadStore, agents: readonly Agent[], later: number): Runtime {
  const clock = {
    now: () => Date.now() + later,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, Math.min(ms, 25));
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  };
  return createRuntime({ store, agents, clock, claimMs: CLAIM_MS });
}

/** What people do: approve what the child asks, or cancel the parent while it asks. */
async function people(runtime: Runtime, threadId: ThreadId, until: (thread: Thread) => boolean) {
  for (;;) {
    const thread = await runtime.settled(threadId);
    if (until(thread)) return thread;
    for (const childId of eventsOf(thread, "child_requested").map(({ data }) => data.threadId)) {
      const { state } = await runtime.settled(childId);
      if (state.request === null) continue;
      const id = requestIdOf(childId, state.request.seq);
      const done =
        state.request.type === "approval"
          ? runtime.respond(id, { decision: { kind: "approved" }, digest: state.request.digest }, bob)
          : runtime.cancel(threadId, ada, "enough");
      await done.catch((error: unknown) => {
        if (!(error instanceof ConflictError)) throw error;
      });
    }
  }
}

const UNTIL = {
  hand: ({ state }: Thread) => state.ended?.kind === "finished",
  hand_aside: ({ state }: Thread) => state.ended?.kind === "finished" && state.ended.result === "told",
  ask: ({ state }: Thread) => state.ended?.kind === "cancelled" && state.children.length === 0,
};

let runs = 0;

async function survive(store: ThreadStore, how: keyof typeof UNTIL, at: number, when: "before" | "after") {
  const threadId = parseThreadId(`thr_crash_${++runs}`);
  if (threadId === undefined) throw new Error("unreachable");
  const { agents, paid } = family(how);
  const dying = dyingStore(store, at, when);
  const first = processOn(dying.store, agents, 0);
  const input = { message: "go", from: ada } as const;
  const ran = first
    .launch({ agent: "boss", input, threadId })
    .then(() => people(first, threadId, UNTIL[how]))
    .catch((error: unknown) => error);
  await Promise.race([ran, dying.died]);
  await first.stop();
  await ran;
  const second = processOn(store, agents, 2 * CLAIM_MS);
  second.start();
  if ((await store.summary(threadId)) === undefined) await second.launch({ agent: "boss", input, threadId });
  const thread = await people(second, threadId, UNTIL[how]);
  const [requested] = eventsOf(thread, "child_requested");
  if (requested === undefined) throw new Error("nothing was handed over");
  const child = await second.settled(requested.data.threadId);
  await second.stop();
  return { appends: dying.appends(), callId: requested.data.callId, thread, child, paid, agents };
}

export type Handover = keyof typeof UNTIL;

/**
 * Lets the process die at each write to the parent or the child, and another one go on: everything happens once, and both
 * threads end as if nobody had died.
 */
export async function surviveEveryWrite(
  store: ThreadStore,
  how: Handover,
  whens: readonly ("before" | "after")[] = ["before", "after"],
): Promise<void> {
  const whole = await survive(store, how, Number.POSITIVE_INFINITY, "before");
  expect(whole.appends).toBeGreaterThan(6);
  for (let at = 1; at <= whole.appends; at += 1) {
    for (const when of whens) await expectWhole(await survive(store, how, at, when), store, how);
  }
}

/** Lets somebody in another process cancel the parent after each write to either thread: nothing is left at work. */
export async function cancelAfterEveryWrite(store: ThreadStore): Promise<void> {
  let isOver = false;
  for (let at = 1; !isOver; at += 1) {
    const threadId = parseThreadId(`thr_cancel_${++runs}`);
    if (threadId === undefined) throw new Error("unreachable");
    const { agents } = family("hand");
    const other = processOn(store, agents, 0);
    let appends = 0;
    const watched: ThreadStore = {
      ...store,
      async append(...args) {
        const outcome = await store.append(...args);
        if (++appends === at) await other.cancel(threadId, ada).catch(() => {});
        return outcome;
      },
    };
    const first = processOn(watched, agents, 0);
    first.start();
    other.start();
    await first.launch({ agent: "boss", input: { message: "go", from: ada }, threadId });
    const thread = await people(first, threadId, ({ state }) => state.ended !== null);
    for (const { data } of eventsOf(thread, "child_requested")) {
      const { state } = await first.settled(data.threadId);
      expect(state).toMatchObject({ parentTold: true });
      expect(["finished", "cancelled"]).toContain(state.ended?.kind);
    }
    expect((await first.settled(threadId)).state.children).toEqual([]);
    isOver = thread.state.ended?.kind === "finished";
    await Promise.all([first.stop(), other.stop()]);
  }
}

async function expectWhole(
  { thread, child, callId, paid, agents }: Awaited<ReturnType<typeof survive>>,
  store: ThreadStore,
  how: Handover,
): Promise<void> {
  expect(child.id).toBe(childThreadId(thread.id, callId));
  const below = await store.list({ parentThreadId: thread.id });
  expect(below.threads.map(({ threadId }) => threadId)).toEqual([child.id]);
  expect(eventsOf(thread, "child_requested")).toHaveLength(1);
  expect(eventsOf(thread, how === "ask" ? "child_failed" : "child_finished")).toHaveLength(1);
  expect(child.state).toMatchObject({ parentTold: true, ended: { kind: thread.state.ended?.kind } });
  expect(new Set(paid).size).toBe(how === "ask" ? 0 : 1);
  for (const one of [thread, child]) {
    expect(await store.verify(one.id)).toMatchObject({ ok: true });
    const agent = agents.find(({ name }) => name === one.state.agent);
    if (agent !== undefined) expect((await replayThread(one, agent)).events).toEqual(one.events);
  }
}
