import { expect } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { childThreadId, parseThreadId, type ThreadId } from "../../src/base/ids.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { answerAll, delegatingFamily, type Handover, OVER } from "./delegating-family.ts";
import { dyingStore } from "./dying-store.ts";
import { ada, eventsOf } from "./harness.ts";

const CLAIM_MS = 60_000;
const SAY: { readonly [how in Handover]?: string } = { say: "be quick" };

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

let runs = 0;

async function survive(store: ThreadStore, how: Handover, at: number, when: "before" | "after") {
  const threadId = parseThreadId(`thr_crash_${++runs}`);
  if (threadId === undefined) throw new Error("unreachable");
  const paid: string[] = [];
  const agents = delegatingFamily(how, (key) => paid.push(key));
  const dying = dyingStore(store, at, when);
  const first = processOn(dying.store, agents, 0);
  const input = { message: "go", from: ada } as const;
  const ran = first
    .launch({ agent: "boss", input, threadId })
    .then(() => answerAll(first, threadId, OVER[how], SAY[how]))
    .catch((error: unknown) => error);
  await Promise.race([ran, dying.died]);
  await first.stop();
  await ran;
  const second = processOn(store, agents, 2 * CLAIM_MS);
  second.start();
  if ((await store.summary(threadId)) === undefined) await second.launch({ agent: "boss", input, threadId });
  const thread = await answerAll(second, threadId, OVER[how], SAY[how]);
  const requested = eventsOf(thread, "child_requested");
  const children = await Promise.all(requested.map(({ data }) => second.settled(data.threadId)));
  await second.stop();
  return { appends: dying.appends(), thread, requested, children, paid, agents };
}

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
    const agents = delegatingFamily("hand", () => {});
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
    const thread = await answerAll(first, threadId, ({ state }) => state.ended !== null);
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

/**
 * Lets somebody in another process write to the parent after each write to either thread: whatever has not ended by then
 * reads it, once.
 */
export async function hearAfterEveryWrite(store: ThreadStore): Promise<void> {
  let isOver = false;
  for (let at = 2; !isOver; at += 1) {
    const threadId = parseThreadId(`thr_hear_${++runs}`);
    if (threadId === undefined) throw new Error("unreachable");
    const agents = delegatingFamily("hand", () => {});
    const other = processOn(store, agents, 0);
    let appends = 0;
    let owed: ThreadId | undefined;
    const tell = async () => {
      const { events } = await other.message(threadId, "be quick", ada).then(() => other.get(threadId));
      const open = events.find((event) => event.type === "child_requested")?.data.threadId;
      const child = open === undefined ? undefined : await store.summary(open);
      owed =
        child === undefined || child.status === "running" || child.status.startsWith("awaiting")
          ? open
          : undefined;
    };
    const watched: ThreadStore = {
      ...store,
      async append(...args) {
        // What is about to be written knows nothing of it.
        if (++appends === at) await tell();
        return store.append(...args);
      },
    };
    const first = processOn(watched, agents, 0);
    first.start();
    await first.launch({ agent: "boss", input: { message: "go", from: ada }, threadId });
    const thread = await answerAll(first, threadId, OVER.hand);
    isOver = appends < at;
    for (const { data } of eventsOf(thread, "child_requested")) {
      const child = await first.settled(data.threadId);
      const heard = eventsOf(child, "event_received").filter((event) => event.data.name === "said_to_parent");
      expect(heard).toHaveLength(data.threadId === owed ? 1 : 0);
    }
    await Promise.all([first.stop(), other.stop()]);
  }
}

async function expectWhole(
  { thread, requested, children, paid, agents }: Awaited<ReturnType<typeof survive>>,
  store: ThreadStore,
  how: Handover,
): Promise<void> {
  const needed = how === "both" ? 2 : 1;
  const ids = requested.map(({ data }) => childThreadId(thread.id, data.callId));
  expect(children.map(({ id }) => id)).toEqual(ids);
  expect(new Set(ids).size).toBe(needed);
  const below = await store.list({ parentThreadId: thread.id });
  expect(new Set(below.threads.map(({ threadId }) => threadId))).toEqual(new Set(ids));
  expect(eventsOf(thread, how === "ask" ? "child_failed" : "child_finished")).toHaveLength(needed);
  expect(new Set(paid).size).toBe(how === "ask" ? 0 : needed);
  for (const child of children) {
    expect(child.state).toMatchObject({ parentTold: true, ended: { kind: thread.state.ended?.kind } });
    const said = SAY[how];
    const heard = eventsOf(child, "event_received").filter(({ data }) => data.payload === said);
    expect(heard).toHaveLength(said === undefined ? 0 : 1);
    for (const { seq } of eventsOf(child, "tool_started")) expect(seq).toBeGreaterThan(heard[0]?.seq ?? 0);
  }
  for (const one of [thread, ...children]) {
    expect(await store.verify(one.id)).toMatchObject({ ok: true });
    const agent = agents.find(({ name }) => name === one.state.agent);
    if (agent !== undefined) expect((await replayThread(one, agent)).events).toEqual(one.events);
  }
}
