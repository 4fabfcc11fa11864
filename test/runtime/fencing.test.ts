import { afterEach, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { ThreadId } from "../../src/base/ids.ts";
import type { Channel } from "../../src/humans/channel.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../../src/runtime/runtime.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ThreadEvent } from "../../src/thread/events.ts";

type Step = { intent: "pay"; amount: number } | { intent: "done"; message: string };

const ada = verifiedBy("terminal", "ada");
const PAY: Step = { intent: "pay", amount: 5 };
const DONE: Step = { intent: "done", message: "done" };

const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

interface Hooks {
  /** The tool; default: it returns at once. */
  readonly pay?: (signal: AbortSignal) => Promise<string>;
  /** Before the model answers. */
  readonly think?: (signal: AbortSignal | undefined) => Promise<void>;
}

/** One process. */
function start(
  store: ThreadStore,
  script: readonly ScriptedAnswer<Step>[],
  hooks: Hooks = {},
  options: Partial<RuntimeOptions> = {},
) {
  const ran: string[] = [];
  const nextStep = scriptedSteps<Step>(script);
  const call: typeof nextStep.call = async (args, callOptions) => {
    await hooks.think?.(callOptions?.signal);
    return nextStep.call(args, callOptions);
  };
  const agent = defineAgent(
    { ...nextStep, call },
    {
      name: "teller",
      steps: {
        pay: tool(async (_step, { key, signal }) => {
          ran.push(key);
          return (await hooks.pay?.(signal)) ?? "paid";
        }),
        done: finish(({ message }) => message),
      },
    },
  );
  const runtime = createRuntime({ agents: [agent], store, ...options });
  runtimes.push(runtime);
  return { runtime, ran };
}

const launch = async (runtime: Runtime): Promise<ThreadId> =>
  (await runtime.launch({ agent: "teller", input: { message: "pay", from: ada } })).threadId;

const has = (events: readonly ThreadEvent[], type: string) => events.some((event) => event.type === type);

/** Resolves when the signal is aborted. */
const abortOf = (signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));

/** A process that stands still before it appends such an event, by a clock that only moves when it is told. */
function standingStill(type: string) {
  const store = createMemoryStore();
  const stood = Promise.withResolvers<void>();
  const wake = Promise.withResolvers<void>();
  let now = Date.now();
  const clock = {
    now: () => now,
    sleep: (_: number, signal?: AbortSignal) => abortOf(signal),
    pass(ms: number) {
      now += ms;
      return now;
    },
  };
  const slow: ThreadStore = {
    ...store,
    async append(...args) {
      if (has(args[2], type)) {
        stood.resolve();
        await wake.promise;
      }
      return store.append(...args);
    },
  };
  return { store, slow, clock, stood, wake };
}

describe("a process that has lost its claim", () => {
  it("reserves no tool, also where nobody has written since", { tags: ["S5", "F12.5"] }, async () => {
    const { store, slow, clock, stood, wake } = standingStill("tool_started");
    const first = start(slow, [PAY], {}, { clock });
    const threadId = await launch(first.runtime);
    await stood.promise;
    // It stands still for longer than its claim lasts; another process takes the thread and has written nothing yet.
    const now = clock.pass(60_000);
    const before = await store.read(threadId);
    expect(await store.claim(threadId, "another", now, now + 60_000)).toBe(true);
    wake.resolve();
    await first.runtime.stop();
    expect(first.ran).toEqual([]);
    expect(await store.read(threadId)).toEqual(before);
    expect(await store.claim(threadId, "a third", now, now + 1)).toBe(false);
  });

  it("and gets it back tells people knowingly what the other may have told them", {
    tags: ["S5", "F7.16"],
  }, async () => {
    const { store, slow, clock, stood, wake } = standingStill("step_proposed");
    const goOn = Promise.withResolvers<void>();
    const told: [string, boolean][] = [];
    const heard = Promise.withResolvers<void>();
    const mail = (after: Promise<void>): Channel => ({
      name: "mail",
      async deliver({ id, mayBeRepeated }) {
        told.push([id, mayBeRepeated]);
        heard.resolve();
        await after;
      },
    });
    const first = start(slow, [DONE], {}, { clock, channels: [mail(Promise.resolve())] });
    const via = { channel: "mail", address: "ada" };
    const { threadId } = await first.runtime.launch({
      agent: "teller",
      input: { message: "hello", from: ada },
      via,
    });
    await stood.promise;
    clock.pass(60_000);
    // Another process takes the thread, ends it, tells of the end, and stands still before it can record that.
    const second = start(store, [DONE], {}, { clock, channels: [mail(goOn.promise)] });
    second.runtime.start();
    await heard.promise;
    clock.pass(60_000);
    wake.resolve();
    const { state } = await first.runtime.settled(threadId);
    goOn.resolve();
    expect(state.news).toEqual([]);
    const id = `${threadId}.${state.seq - 1}`;
    expect(told).toEqual([
      [id, false],
      [id, true],
    ]);
  });

  it("runs no tool when writing the reserve took so long that another process took the thread", {
    tags: ["S5", "F12.5"],
  }, async () => {
    const store = createMemoryStore();
    let now = Date.now();
    const clock = { now: () => now, sleep: (_: number, signal?: AbortSignal) => abortOf(signal) };
    const slow: ThreadStore = {
      ...store,
      async append(...args) {
        const outcome = await store.append(...args);
        if (has(args[2], "tool_started")) {
          now += 60_000;
          await store.claim(args[0], "another", now, now + 60_000);
        }
        return outcome;
      },
    };
    const first = start(slow, [PAY], {}, { clock });
    const threadId = await launch(first.runtime);
    await expect.poll(async () => has(await store.read(threadId), "tool_started")).toBe(true);
    await first.runtime.stop();
    expect(first.ran).toEqual([]);
  });

  it("one that was only slow, and whose thread nobody took, goes on", { tags: "S5" }, async () => {
    const store = createMemoryStore();
    let now = Date.now();
    const clock = { now: () => now, sleep: (_: number, signal?: AbortSignal) => abortOf(signal) };
    const slow: ThreadStore = {
      ...store,
      append(...args) {
        now += 60_000;
        return store.append(...args);
      },
    };
    const { runtime, ran } = start(slow, [PAY, DONE], {}, { clock });
    const { state } = await runtime.settled(await launch(runtime));
    expect(state.status.kind).toBe("finished");
    expect(ran).toHaveLength(1);
  });

  it("gives up a step that its model proposed before another process took the next one", {
    tags: ["S5", "F12.4"],
  }, async () => {
    const store = createMemoryStore();
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    let slow = true;
    const first = start(store, [PAY, DONE], {
      think: async () => {
        if (!slow) return;
        slow = false;
        asked.resolve();
        await answer.promise;
      },
    });
    const threadId = await launch(first.runtime);
    await asked.promise;
    // It stands still; another process takes the thread over, pays, and is stopped in its next model call.
    const clock = { ...systemClock, now: () => Date.now() + 60_000 };
    const second = start(
      store,
      [PAY],
      {
        think: async (signal) => {
          if (second.ran.length === 0) return;
          await abortOf(signal);
          throw new Error("cut off");
        },
      },
      { clock },
    );
    second.runtime.start();
    await expect.poll(async () => has(await store.read(threadId), "tool_finished")).toBe(true);
    await second.runtime.stop();
    answer.resolve();
    const { events, state } = await first.runtime.settled(threadId);
    expect(state.status.kind).toBe("finished");
    expect([...first.ran, ...second.ran]).toHaveLength(1);
    expect(events.filter(({ type }) => type === "step_proposed")).toHaveLength(2);
  });

  it("stops its model call at the next heartbeat", { tags: "S5" }, async () => {
    const store = createMemoryStore();
    const thinking = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const first = start(
      store,
      [],
      {
        think: async (signal) => {
          thinking.resolve();
          await abortOf(signal);
          stopped.resolve();
          throw new Error("cut off");
        },
      },
      { claimMs: 60 },
    );
    const threadId = await launch(first.runtime);
    await thinking.promise;
    const later = Date.now() + 3_600_000;
    expect(await store.claim(threadId, "another", later, later + 60_000)).toBe(true);
    await stopped.promise;
  });
});

describe("what other processes do to a thread that is being worked on", () => {
  it("a cancellation stops the tool within a second, in a process that looks for no other work", {
    tags: "F6.4",
  }, async () => {
    const store = createMemoryStore();
    const paying = Promise.withResolvers<void>();
    const clock = fakeClock(Date.now());
    const aborted = Promise.withResolvers<void>();
    const pay = async (signal: AbortSignal) => {
      paying.resolve();
      await abortOf(signal);
      aborted.resolve();
      throw new Error("cut off");
    };
    const first = start(store, [PAY], { pay }, { clock });
    const threadId = await launch(first.runtime);
    await paying.promise;
    const other = start(store, []);
    await other.runtime.cancel(threadId, ada);
    await clock.advance(1000);
    await aborted.promise;
    const { state } = await first.runtime.settled(threadId);
    expect(state.status.kind).toBe("cancelled");
  });

  it("a process that waits for another says so once, and sees the end, whatever its clock says", {
    tags: "F6.3",
  }, async () => {
    const store = createMemoryStore();
    const hold = Promise.withResolvers<string>();
    const first = start(store, [PAY, DONE], { pay: () => hold.promise });
    const threadId = await launch(first.runtime);
    await expect.poll(() => first.ran.length).toBe(1);
    const other = start(store, [], {}, { clock: fakeClock(Date.now()) });
    const waiting = Promise.withResolvers<void>();
    let said = 0;
    other.runtime.subscribe((seen) => {
      if (seen.kind !== "elsewhere" || seen.threadId !== threadId) return;
      said += 1;
      waiting.resolve();
    });
    const settled = other.runtime.settled(threadId);
    await waiting.promise;
    hold.resolve("paid");
    expect((await settled).state.status.kind).toBe("finished");
    expect(said).toBe(1);
  });

  it("settled waits its turn where all places are taken, whatever the clock says", {
    tags: "F6.3",
  }, async () => {
    const store = createMemoryStore();
    const hold = Promise.withResolvers<string>();
    const { runtime, ran } = start(
      store,
      [PAY, DONE, DONE],
      { pay: () => hold.promise },
      { clock: fakeClock(), concurrency: 1 },
    );
    await launch(runtime);
    await expect.poll(() => ran.length).toBe(1);
    const settled = runtime.settled(await launch(runtime));
    hold.resolve("paid");
    expect((await settled).state.status.kind).toBe("finished");
  });

  it("waiting for another process can be given up", { tags: "F6.3" }, async () => {
    const store = createMemoryStore();
    const { runtime, ran } = start(store, [PAY, DONE], { pay: () => new Promise(() => {}) });
    const threadId = await launch(runtime);
    await expect.poll(() => ran.length).toBe(1);
    const other = start(store, [], {}, { clock: fakeClock(Date.now()) });
    const here = new AbortController();
    const settled = [runtime.settled(threadId, here.signal), other.runtime.settled(threadId, here.signal)];
    here.abort(new Error("enough"));
    for (const one of settled) await expect(one).rejects.toThrow("enough");
    runtimes.splice(0);
  });
});
