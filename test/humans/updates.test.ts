import { describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import type { Channel, UpdateNotice } from "../../src/humans/channel.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import type { Approval } from "../../src/steps/definitions.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { type FullStep, fullAgent } from "../runtime/full-agent.ts";
import { ada, approvalOf, bench, bob, eve, eventsOf, testRuntime } from "../runtime/harness.ts";

const pay: FullStep = { intent: "pay", amount: 50, to: "carol" };
const done: FullStep = { intent: "done", message: "end" };

/** A channel that notes what it is told of requests, and then does what the test says. */
function channel(update: (notice: UpdateNotice, times: number) => void | Promise<void> = () => {}) {
  const notices: UpdateNotice[] = [];
  const it: Channel = {
    name: "desk",
    deliver: async () => {},
    update: async (notice) => {
      notices.push(notice);
      await update(notice, notices.length);
    },
  };
  return { ...it, notices, kinds: () => notices.map(({ kind, by }) => [kind, by.type]) };
}

describe("what becomes of a request, told to those who were asked", { tags: ["F7.10", "F7.16"] }, () => {
  it("is tried again with back-off, and recorded in the thread", async () => {
    const clock = fakeClock();
    const began = clock.now();
    const times: number[] = [];
    const desk = channel((_, count) => {
      times.push(clock.now() - began);
      if (count < 3) throw new Error("down");
    });
    const { start, answer, runtime } = bench([pay, done], { clock, channels: [desk] });
    const asked = await start();
    expect(eventsOf(asked, "notified").map(({ data }) => data)).toEqual([
      { request: approvalOf(asked).seq, channel: "desk", ok: true, update: true },
    ]);
    const ended = await answer(asked, { kind: "approved" });
    expect(ended.state).toMatchObject({ status: { kind: "finished" }, updates: [{ attempts: 1 }] });
    runtime.start();
    await clock.advance(60_000);
    expect(times).toEqual([0, 5_000, 15_000]);
    const told = await runtime.settled(asked.id);
    const about = eventsOf(told, "human_responded")[0]?.seq;
    const record = { request: approvalOf(asked).seq, about, channel: "desk" };
    expect(eventsOf(told, "notified").slice(1)).toMatchObject([
      { data: { ...record, ok: false, error: { message: "down" } } },
      { data: { ...record, ok: false } },
      { data: { ...record, ok: true } },
    ]);
    expect(told.state.updates).toEqual([]);
    await clock.advance(86_400_000);
    expect(desk.notices).toHaveLength(3);
  });

  it("is told by the next process if the one that took the decision has ended before", async () => {
    const store = createMemoryStore();
    const { agent } = fullAgent([pay]);
    const clock = fakeClock();
    const first = createRuntime({ agents: [agent], store, clock, channels: [channel()] });
    const { threadId } = await first.launch({ agent: "full", input: { message: "go", from: ada } });
    const { seq, digest } = approvalOf(await first.settled(threadId));
    await first.stop();
    // It takes the decision and ends before anything comes of it.
    const dead = createRuntime({ agents: [agent], store, clock, worker: false, channels: [channel()] });
    const decision = { kind: "denied", feedback: "no" } as const;
    await dead.respond(requestIdOf(threadId, seq), { decision, digest }, bob);
    await dead.stop();
    // This one ends while it tells, and nobody knows whether it has.
    const began = Promise.withResolvers<void>();
    const lost = channel(() => {
      began.resolve();
      return new Promise<void>(() => {});
    });
    const script = fullAgent([done]);
    const second = createRuntime({ agents: [script.agent], store, clock, channels: [lost] });
    second.start();
    await began.promise;
    await second.stop();
    const desk = channel();
    const third = testRuntime({ agents: [fullAgent([done]).agent], store, clock, channels: [desk] });
    third.start();
    await clock.advance(10_000);
    await third.settled(threadId);
    await clock.advance(10_000);
    expect(desk.kinds()).toEqual([["closed", "human_responded"]]);
    expect(lost.notices.map(({ by }) => by)).toEqual(desk.notices.map(({ by }) => by));
  });

  it("holds up nothing, and is tried again while a tool works", async () => {
    const clock = fakeClock();
    const tool = Promise.withResolvers<void>();
    const desk = channel((_, count) => {
      if (count < 3) throw new Error("down");
    });
    const { start, runtime, ran } = bench([pay, done], {
      clock,
      channels: [desk],
      onTool: () => tool.promise,
    });
    const asked = await start();
    const { seq, digest } = approvalOf(asked);
    await runtime.respond(requestIdOf(asked.id, seq), { decision: { kind: "approved" }, digest }, bob);
    await expect.poll(() => ran.length).toBe(1);
    await clock.advance(15_000);
    expect(desk.notices).toHaveLength(3);
    tool.resolve();
    const ended = await runtime.settled(asked.id);
    expect(eventsOf(ended, "notified").map(({ data }) => [data.ok, data.about !== undefined])).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  it("reaches also whoever answers before the delivery is recorded", async () => {
    const desk = channel();
    const quick: Channel = {
      ...desk,
      async deliver(notice) {
        if (notice.kind !== "request" || notice.request.type !== "approval") return;
        const { digest } = notice.request;
        await runtime.respond(notice.requestId, { decision: { kind: "approved" }, digest }, bob);
      },
    };
    const { start, runtime } = bench([pay, done], { channels: [quick] });
    expect((await start()).state.status.kind).toBe("finished");
    expect(desk.kinds()).toEqual([["closed", "human_responded"]]);
  });

  it("reaches a channel that was told before the request was passed on, though it could not be told again", async () => {
    const clock = fakeClock();
    const desk = channel();
    let times = 0;
    const once: Channel = {
      ...desk,
      async deliver() {
        times += 1;
        if (times > 1) throw new Error("down");
      },
    };
    const policy: Approval = { escalation: [{ after: 60, to: ["web:bob"] }], expiresAfter: 120 };
    const { start, runtime } = bench([pay, done], { clock, channels: [once], payApproval: policy });
    const { id } = await start();
    runtime.start();
    await clock.advance(61_000);
    await expect.poll(() => times).toBeGreaterThan(1);
    await clock.advance(70_000);
    await runtime.settled(id);
    await expect.poll(() => desk.kinds()).toEqual([["closed", "request_expired"]]);
  });

  it("says who of several has approved; once it is closed, nothing older is said", async () => {
    const clock = fakeClock();
    let isDown = false;
    const desk = channel(() => {
      if (isDown) throw new Error("down");
    });
    const { start, answer, runtime } = bench([pay, done], {
      clock,
      channels: [desk],
      payApproval: { needed: 3 },
    });
    const asked = await start();
    await answer(asked, { kind: "approved" }, bob);
    expect(desk.notices.at(-1)).toMatchObject({
      kind: "approved",
      request: { approvedBy: [{ id: "bob" }] },
    });
    isDown = true;
    await answer(asked, { kind: "approved" }, eve);
    await answer(asked, { kind: "denied", feedback: "no" }, ada);
    isDown = false;
    runtime.start();
    const before = desk.notices.length;
    await clock.advance(60_000);
    await runtime.settled(asked.id);
    expect(desk.kinds().slice(before)).toEqual([["closed", "human_responded"]]);
    expect((await runtime.get(asked.id)).state.updates).toEqual([]);
  });

  it.each([
    ["here", true],
    ["in another process", false],
  ])("takes its time for a cancellation made %s, and is told once", async (_, isHere) => {
    const clock = fakeClock();
    const store = createMemoryStore();
    const aborted: boolean[] = [];
    const desk = channel();
    const slow: Channel = {
      ...desk,
      async update(notice, values, signal) {
        await desk.update?.(notice, values, signal);
        await clock.sleep(2_000, signal).catch(() => {});
        aborted.push(signal.aborted);
      },
    };
    const { start, runtime } = bench([pay], { clock, store, channels: [slow] });
    const asked = await start();
    runtime.start();
    const other = testRuntime({ agents: [...runtime.agents.values()], store, clock, worker: false });
    await (isHere ? runtime : other).cancel(asked.id, ada);
    await clock.advance(20_000);
    const told = await runtime.settled(asked.id);
    expect([desk.kinds(), aborted]).toEqual([[["closed", "cancelled"]], [false]]);
    expect(eventsOf(told, "notified").at(-1)?.data).toMatchObject({ ok: true, about: expect.any(Number) });
    expect(told.state.updates).toEqual([]);
  });

  it.each(["ends before that is noticed", "never ends"])(
    "leaves nothing behind of a thread that is deleted meanwhile, if it %s",
    async (how) => {
      const clock = fakeClock();
      const began = Promise.withResolvers<AbortSignal>();
      const telling = Promise.withResolvers<void>();
      const slow: Channel = {
        ...channel(),
        update: (_notice, _values, signal) => {
          began.resolve(signal);
          return telling.promise;
        },
      };
      const store = createMemoryStore();
      const limits: number[] = [];
      const due: ThreadStore["due"] = (now, limit, ...rest) => {
        limits.push(limit);
        return store.due(now, limit, ...rest);
      };
      const watched = Object.create(store, { due: { value: due } });
      const { start, runtime } = bench([pay, done], { clock, channels: [slow], store: watched });
      const asked = await start();
      runtime.start();
      const problems: unknown[] = [];
      runtime.subscribe((observation) => {
        if (observation.kind === "problem") problems.push(observation.error);
      });
      const { seq, digest } = approvalOf(asked);
      await runtime.respond(requestIdOf(asked.id, seq), { decision: { kind: "approved" }, digest }, bob);
      const signal = await began.promise;
      await expect.poll(async () => (await store.summary(asked.id))?.status).toBe("finished");
      await runtime.delete(asked.id);
      if (how === "never ends") {
        await clock.advance(1_000);
        expect(signal.aborted).toBe(true);
      } else telling.resolve();
      await clock.advance(5_000);
      // What is remembered of threads that fail is looked for in addition.
      expect([problems, limits.at(-1)]).toEqual([[], 100]);
      // Nothing of it runs any more that stopping would wait for.
      await runtime.stop();
    },
  );

  it("is none of a fork's business, nor of a channel that keeps nothing up to date", async () => {
    const desk = channel();
    const plain: Channel = { name: "plain", deliver: async () => {} };
    const { start, answer, runtime } = bench([pay, done, done], { channels: [desk, plain] });
    const asked = await start();
    const told = eventsOf(asked, "notified").at(-1)?.seq ?? 0;
    await answer(asked, { kind: "approved" });
    const before = desk.notices.length;
    const fork = await runtime.fork(asked.id, told, ada);
    expect(fork.state.updates).toEqual([]);
    await runtime.resume(fork.id, ada);
    await runtime.cancel(fork.id, ada);
    await runtime.settled(fork.id);
    const ofOriginal = desk.notices.filter(({ threadId }) => threadId === asked.id);
    expect([ofOriginal.length, before]).toEqual([1, 1]);
    const { events } = await runtime.get(asked.id);
    expect(events.flatMap(({ type, data }) => (type === "notified" ? [data.channel] : []))).toEqual([
      "desk",
      "plain",
      "desk",
    ]);
  });
});
