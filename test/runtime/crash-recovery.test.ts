import { afterEach, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { systemClock } from "../../src/base/clock.ts";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import type { Channel } from "../../src/humans/channel.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import type { HumanResponse } from "../../src/humans/respond.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../../src/runtime/runtime.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";

type Step =
  | { intent: "pay"; amount: number }
  | { intent: "save"; what: string }
  | { intent: "done"; message: string };

const ada = verifiedBy("terminal", "ada");
const PAY: Step = { intent: "pay", amount: 5 };
const SAVE: Step = { intent: "save", what: "draft" };
const DONE: Step = { intent: "done", message: "done" };

const runtimes: Runtime[] = [];
const dead: (() => void)[] = [];
afterEach(async () => {
  for (const end of dead.splice(0)) end();
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

interface World {
  readonly store: ThreadStore;
  /** The keys that tools ran under. */
  readonly ran: string[];
}

function world(): World {
  return { store: createMemoryStore(), ran: [] };
}

/** A process of this world. Its tools do `before` first, which may never end. */
function start(
  { store, ran }: World,
  script: readonly ScriptedAnswer<Step>[],
  before: () => Promise<void> = async () => {},
  options: Partial<RuntimeOptions> = {},
) {
  const nextStep = scriptedSteps<Step>(script);
  const run = async (key: string) => {
    ran.push(key);
    await before();
    return "ran";
  };
  const agent = defineAgent(nextStep, {
    name: "teller",
    steps: {
      pay: tool((_step, { key }) => run(key)),
      save: tool((_step, { key }) => run(key), { idempotent: true }),
      done: finish(({ message }) => message),
    },
  });
  const runtime = createRuntime({ agents: [agent], store, claimMs: 60_000, ...options });
  runtimes.push(runtime);
  return { runtime, nextStep };
}

/** A store whose user no longer writes: what a process that stands still looks like from outside. */
function frozenAfter(store: ThreadStore, type: string): { store: ThreadStore; thaw: () => void } {
  let frozen = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const gate = async () => {
    if (frozen) await promise;
  };
  return {
    thaw: resolve,
    store: {
      ...store,
      async append(...args) {
        await gate();
        const outcome = await store.append(...args);
        const written = outcome.kind === "appended";
        if (written && args[2].some((event) => event.type === type)) frozen = true;
        return outcome;
      },
      async renew(...args) {
        await gate();
        return store.renew(...args);
      },
      async release(...args) {
        await gate();
        await store.release(...args);
      },
    },
  };
}

/** Lets a process reserve a tool call and stand still; then its claim runs out. */
async function crashInTool(here: World, step: Step) {
  const frozen = frozenAfter(here.store, "tool_started");
  const { runtime, nextStep } = start({ ...here, store: frozen.store }, [step, DONE], async () => {}, {
    owner: "first",
    claimMs: 30,
  });
  dead.push(frozen.thaw);
  const { threadId } = await runtime.launch({ agent: "teller", input: { message: "pay", from: ada } });
  await expect.poll(() => here.ran.length).toBe(1);
  return { threadId, thaw: frozen.thaw, asked: nextStep.prompts, runtime };
}

async function answer(runtime: Runtime, threadId: ThreadId, decision: HumanResponse["decision"]) {
  const { state } = await runtime.get(threadId);
  if (state.request === null) throw new Error(`nothing is asked: the thread is ${state.status.kind}`);
  await runtime.respond(requestIdOf(threadId, state.request.seq), { decision, digest: null }, ada);
  return runtime.settled(threadId);
}

describe("after a crash in the middle of a tool", () => {
  it("an idempotent call runs again under the same key", { tags: "F12.5" }, async () => {
    const here = world();
    const { threadId } = await crashInTool(here, SAVE);
    const { runtime } = start(here, [DONE]);
    const thread = await runtime.settled(threadId);
    expect(thread.state.status).toEqual({ kind: "finished", result: "done" });
    expect(here.ran).toEqual([here.ran[0], here.ran[0]]);
    const started = thread.events.filter(({ type }) => type === "tool_started");
    expect(started.map(({ data }) => "attempt" in data && data.attempt)).toEqual([1, 2]);
  });

  it("any other call is never repeated: a person is asked whether it happened", {
    tags: "F12.5",
  }, async () => {
    const here = world();
    const { threadId } = await crashInTool(here, PAY);
    const { runtime } = start(here, []);
    const { state } = await runtime.settled(threadId);
    expect(state.status).toMatchObject({ kind: "awaiting_human", request: { kind: "unknown_outcome" } });
    expect(here.ran).toHaveLength(1);
  });

  it("a person says that it happened, with its result", { tags: "F12.5" }, async () => {
    const here = world();
    const { threadId } = await crashInTool(here, PAY);
    const { runtime, nextStep } = start(here, [DONE]);
    await runtime.settled(threadId);
    const { state } = await answer(runtime, threadId, { kind: "happened", result: "receipt 17" });
    expect(state.status.kind).toBe("finished");
    expect(here.ran).toHaveLength(1);
    expect(nextStep.prompts[0]).toContain("receipt 17");
  });

  it("a person says that it did not happen: it runs under the same key", { tags: "F12.5" }, async () => {
    const here = world();
    const { threadId } = await crashInTool(here, PAY);
    const { runtime } = start(here, [DONE]);
    await runtime.settled(threadId);
    const { state } = await answer(runtime, threadId, { kind: "did_not_happen" });
    expect(state.status.kind).toBe("finished");
    expect(here.ran).toEqual([here.ran[0], here.ran[0]]);
  });

  it("a person gives up: the call is closed and the model reads why", { tags: "F12.5" }, async () => {
    const here = world();
    const { threadId } = await crashInTool(here, PAY);
    const { runtime, nextStep } = start(here, [DONE]);
    await runtime.settled(threadId);
    const { state } = await answer(runtime, threadId, {
      kind: "denied",
      feedback: "leave it, I ask the bank",
    });
    expect(state.status.kind).toBe("finished");
    expect(here.ran).toHaveLength(1);
    expect(nextStep.prompts[0]).toContain("leave it, I ask the bank");
  });

  it("a thread that waits is taken up by a process that has never seen it", {
    tags: ["F5.3", "F6.9"],
  }, async () => {
    const here = world();
    const { threadId } = await crashInTool(here, PAY);
    const second = start(here, []);
    await second.runtime.settled(threadId);
    await second.runtime.stop();
    const third = start(here, [DONE]);
    const { state } = await answer(third.runtime, threadId, { kind: "happened", result: "paid" });
    expect(state.status).toEqual({ kind: "finished", result: "done" });
  });
});

describe("two processes and one thread", () => {
  it("a process that wakes up after its claim was taken does no harm and stops", { tags: "S5" }, async () => {
    const here = world();
    const { threadId, thaw } = await crashInTool(here, PAY);
    const second = start(here, []);
    await second.runtime.settled(threadId);
    const before = await here.store.read(threadId);
    thaw();
    await runtimes[0]?.stop();
    // All that it does is to say how the tool ended, which it alone knows.
    const [outcome, ...others] = (await here.store.read(threadId)).slice(before.length);
    expect(outcome?.type).toBe("tool_finished");
    expect(others).toEqual([]);
    expect(here.ran).toHaveLength(1);
  });

  it.each([["ran"], ["the till is empty"]])(
    "one that was only slow still says how its tool ended (%s): nobody need answer any more",
    { tags: ["S5", "F12.5"] },
    async (outcome) => {
      const here = world();
      const hold = Promise.withResolvers<void>();
      const told: string[] = [];
      const channel: Channel = {
        name: "pager",
        deliver: async () => {},
        update: async ({ by }) => {
          told.push(by.type);
        },
      };
      const first = start(here, [PAY, DONE], () => hold.promise, {
        claimMs: 3_600_000,
        channels: [channel],
      });
      const { threadId } = await first.runtime.launch({
        agent: "teller",
        input: { message: "pay", from: ada },
      });
      await expect.poll(() => here.ran.length).toBe(1);
      const clock = { ...systemClock, now: () => Date.now() + 7_200_000 };
      const second = start(here, [DONE], undefined, { clock, channels: [channel] });
      const { state } = await second.runtime.settled(threadId);
      expect(state.request).toMatchObject({ kind: "unknown_outcome" });
      if (outcome === "ran") hold.resolve();
      else hold.reject(new Error(outcome));
      await first.runtime.stop();
      const { events, state: end } = await second.runtime.settled(threadId);
      expect(end.status.kind).toBe("finished");
      expect(here.ran).toHaveLength(1);
      const type = outcome === "ran" ? "tool_finished" : "tool_failed";
      expect(events.filter((event) => event.type === type)).toHaveLength(1);
      expect(told).toEqual([type]);
    },
  );

  it("one that was overtaken while another works asks its model no more", { tags: "S5" }, async () => {
    const here = world();
    const { threadId, thaw, asked, runtime: first } = await crashInTool(here, PAY);
    const hold = Promise.withResolvers<void>();
    const second = start(here, [DONE], () => hold.promise);
    await second.runtime.settled(threadId);
    const settled = answer(second.runtime, threadId, { kind: "did_not_happen" });
    await expect.poll(() => here.ran.length).toBe(2);
    thaw();
    const finished = async () =>
      (await here.store.read(threadId)).filter(({ type }) => type === "tool_finished").length;
    await expect.poll(finished).toBe(1);
    await first.stop();
    hold.resolve();
    const { state, events } = await settled;
    expect(state.status.kind).toBe("finished");
    // The first process recorded what it had done, and left the rest to the one that holds the thread.
    expect(events.filter(({ type }) => type === "tool_finished")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "step_proposed")).toHaveLength(2);
    second.nextStep.assertUsedUp();
    expect(asked).toHaveLength(1);
  });

  it("a thread that is held is left alone", { tags: "F12.4" }, async () => {
    const here = world();
    const hold = Promise.withResolvers<void>();
    const first = start(here, [PAY, DONE], () => hold.promise);
    const { threadId } = await first.runtime.launch({
      agent: "teller",
      input: { message: "pay", from: ada },
    });
    await expect.poll(() => here.ran.length).toBe(1);
    const second = start(here, [], undefined, { sweepMs: 1 });
    second.runtime.start();
    const waited = second.runtime.settled(threadId);
    hold.resolve();
    expect((await waited).state.status.kind).toBe("finished");
    expect(here.ran).toHaveLength(1);
  });

  it("a tool that takes longer than a claim keeps it, also where nobody looks for work", {
    tags: "F12.4",
  }, async () => {
    const here = world();
    const hold = Promise.withResolvers<void>();
    let renewed = 0;
    const store: ThreadStore = {
      ...here.store,
      renew: (...args) => {
        renewed += 1;
        return here.store.renew(...args);
      },
    };
    const first = start({ ...here, store }, [PAY, DONE], () => hold.promise, { claimMs: 300 });
    const { threadId } = await first.runtime.launch({
      agent: "teller",
      input: { message: "pay", from: ada },
    });
    await expect.poll(() => renewed, { timeout: 5000 }).toBeGreaterThan(4);
    expect(await here.store.claim(threadId, "another", Date.now(), Date.now() + 1)).toBe(false);
    hold.resolve();
    expect((await first.runtime.settled(threadId)).state.status.kind).toBe("finished");
  });
});

describe("people are told", () => {
  it("the request is on disk before anybody is told, and a failed delivery is tried again", {
    tags: "F7.3",
  }, async () => {
    const here = world();
    const told: boolean[] = [];
    const channel: Channel = {
      name: "pager",
      async deliver(notice) {
        if (notice.kind !== "request") throw new Error(`not asked for: ${notice.kind}`);
        const { threadId, request, mayBeRepeated } = notice;
        const events = await here.store.read(threadId);
        expect(events.at(request.seq - 1)?.type).toBe("human_asked");
        told.push(mayBeRepeated);
        if (told.length === 1) throw new Error("the pager is down");
      },
    };
    const { threadId } = await crashInTool(here, PAY);
    // Its claim has run out.
    let now = Date.now() + 1_000;
    const clock = {
      now: () => now,
      sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, Math.min(ms, 5))),
    };
    const { runtime } = start(here, [], undefined, { channels: [channel], clock, sweepMs: 5 });
    await runtime.settled(threadId);
    expect(told).toEqual([false]);
    now += 60_000;
    runtime.start();
    await expect.poll(() => told).toEqual([false, true]);
    await runtime.settled(threadId);
    now += 3_600_000;
    await runtime.stop();
    const { events } = await runtime.get(threadId);
    const notified = events.flatMap((event) => (event.type === "notified" ? [event.data.ok] : []));
    expect(notified).toEqual([false, true]);
  });
});
