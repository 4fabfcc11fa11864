import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import type { ThreadId } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { pendingRequest } from "../../src/humans/request.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { finish } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy } from "../../src/thread/events.ts";
import { type DeskStep, deskAgent } from "./desk-agent.ts";
import { DESKS, type Desk } from "./desks.ts";

const pay = { intent: "pay", amount: 40, to: "ann" } as const;
const done = { intent: "done", message: "All done." } as const;
const max = verifiedBy("web", "max");
const customer = verifiedBy("web", "customer");
const HOUR_MS = 3_600_000;
const PATIENT = { interval: 2, timeout: 10_000 };

describe.each(Object.entries(DESKS))("%s", { tags: ["F7.10", "F11.1"] }, (_name, openDesk) => {
  let desk: Desk;
  const runtimes: Runtime[] = [];
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());
  afterEach(async () => {
    for (const runtime of runtimes.splice(0)) await runtime.stop();
    desk.reset();
  });

  function office(policy: Partial<ApprovalPolicy> = {}, script: readonly DeskStep[] = [pay, done]) {
    const clock = fakeClock(Date.UTC(2026, 10, 26, 9));
    const approvers = [desk.boss, desk.other, "web:max"];
    const { agent, paid } = deskAgent(script, { approvers, ...policy });
    const channel = desk.open(clock);
    const runtime = createRuntime({
      agents: [agent],
      store: createMemoryStore(),
      channels: [channel],
      clock,
      claimMs: HOUR_MS,
      sweepMs: 60_000,
    });
    runtimes.push(runtime);
    let asked: ThreadId | undefined;
    const settle = async () => {
      for (const { threadId } of (await runtime.list()).threads) await runtime.settled(threadId);
    };
    return {
      clock,
      paid,
      runtime,
      channel,
      settle,
      /** Somebody asks for a payment. */
      async ask() {
        const input = { message: "pay ann", from: customer };
        const { threadId } = await runtime.launch({ agent: "desk", input });
        await runtime.settled(threadId);
        asked = threadId;
        return threadId;
      },
      async approve(...[card, who]: [ReturnType<Desk["cards"]>[number] | undefined, "boss" | "eve"]) {
        await (await desk.approve(card ?? never(), who, clock))(channel, runtime);
        await settle();
      },
      /** Somebody decides at another surface. */
      async decide(decision: { kind: "denied"; feedback: string } | { kind: "approved" }) {
        const { id, digest } = pendingRequest(await runtime.get(asked ?? never())) ?? never();
        await runtime.respond(id, { decision, digest }, max);
        await settle();
      },
      async decisions() {
        const { events } = await runtime.get(asked ?? never());
        return events.filter(({ type }) => type === "human_responded").length;
      },
      /** Lets an hour go by, in which the work goes on. */
      async anHour(isOver: () => boolean) {
        const end = clock.now() + HOUR_MS;
        await expect
          .poll(async () => {
            await clock.advance(300_000);
            await settle();
            return clock.now() >= end && isOver();
          }, PATIENT)
          .toBe(true);
      },
    };
  }

  it("a card decides for whom it was shown, where it was shown, once; of two surfaces at once, one does; all hear of it", {
    tags: ["F7.6", "F7.7", "F11.6"],
  }, async () => {
    const { ask, approve, decide, decisions, paid, clock, channel, runtime, settle } = office({}, [
      pay,
      done,
      done,
    ]);
    await ask();
    const [card = never()] = desk.cards();
    expect(card.text).toContain("40");
    await approve(card, "eve");
    await (await desk.approveElsewhere?.(card, clock))?.(channel, runtime);
    await settle();
    expect([paid, await decisions(), desk.closings()]).toEqual([[], 0, []]);
    const delivery = await desk.approve(card, "boss", clock);
    const denied = { kind: "denied", feedback: "no" } as const;
    await Promise.all([delivery(channel, runtime), decide(denied).catch(() => {})]);
    await settle();
    expect(await decisions()).toBe(1);
    const paidOnce = [...paid];
    // Redelivered, and sent again by somebody who has it.
    await Promise.all([delivery(channel, runtime), delivery(channel, runtime)]);
    await settle();
    expect([await decisions(), paid]).toEqual([1, paidOnce]);
    expect(desk.closings().length).toBeGreaterThan(0);
    for (const closing of desk.closings()) expect(closing).toMatch(/approved|denied|human_responded/);
    expect(desk.closingsSent()).toBe(1);
  });

  it("what an older card says decides nothing, and it says that it was asked again", {
    tags: "F7.17",
  }, async () => {
    const { ask, approve, decisions, runtime, paid } = office();
    const threadId = await ask();
    const [old] = desk.cards();
    await runtime.message(threadId, "make it 50!", customer);
    await runtime.settled(threadId);
    expect(desk.closings().at(-1)).toMatch(/asked again|request_expired/);
    await approve(old, "boss");
    expect([paid, await decisions()]).toEqual([[], 0]);
    const card = desk.cards().at(-1);
    expect(card?.text).toContain("make it 50!");
    await approve(card, "boss");
    expect(paid).toEqual(["40 to ann"]);
  });

  it("a card that has expired says so, once, and decides nothing", { tags: "F7.11" }, async () => {
    const { ask, approve, decisions, runtime, paid, anHour } = office({ expiresAfter: 600 });
    await ask();
    const [card] = desk.cards();
    runtime.start();
    await anHour(() => desk.closings().length > 0);
    expect(desk.closings()[0]).toMatch(/Nobody decided in time|request_expired/);
    expect(desk.closingsSent()).toBe(1);
    await approve(card, "boss");
    expect([paid, await decisions()]).toEqual([[], 0]);
  });

  it("while the platform is down for an hour, no request and no end of one is lost, and none is told twice", {
    tags: ["F11.7", "F7.3", "F7.16"],
  }, async () => {
    const { ask, decide, runtime, paid, anHour } = office();
    desk.state.isDown = true;
    runtime.start();
    await ask();
    await anHour(() => desk.refused() >= 5);
    expect(desk.sent()).toEqual([]);
    desk.state.isDown = false;
    await anHour(() => desk.cards().length > 0);
    expect(desk.cards()).toHaveLength(1);
    desk.state.isDown = true;
    await decide({ kind: "approved" });
    // Nobody waits for the news.
    expect(paid).toEqual(["40 to ann"]);
    const before = desk.refused();
    await anHour(() => desk.refused() >= before + 5);
    desk.state.isDown = false;
    await anHour(() => desk.closings().length > 0);
    expect(desk.closings()[0]).toMatch(/max approved|human_responded/);
    expect(desk.closingsSent()).toBe(1);
    expect(desk.cards()).toHaveLength(1);
  });

  it("is told that a message has come once the thread has it on disk, and not only when the model has answered", {
    tags: "F11.7",
  }, async () => {
    if (desk.write === undefined) return;
    const clock = fakeClock(Date.UTC(2026, 10, 26, 9));
    const disk = Promise.withResolvers<void>();
    const writes = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const store = createMemoryStore();
    // It writes nothing until the test says so.
    const slow: ThreadStore = Object.create(store, {
      append: {
        value: async (...event: Parameters<ThreadStore["append"]>) => {
          writes.resolve();
          await disk.promise;
          return store.append(...event);
        },
      },
    });
    const script = scriptedSteps<{ intent: "done" }>([{ intent: "done" }]);
    const nextStep: typeof script = Object.create(script, {
      call: {
        value: async (...prompt: Parameters<typeof script.call>) => {
          asked.resolve();
          await answer.promise;
          return script.call(...prompt);
        },
      },
    });
    const agent = defineAgent(nextStep, { name: "desk", steps: { done: finish(() => "done") } });
    const channel = desk.open(clock);
    const runtime = createRuntime({ agents: [agent], store: slow, channels: [channel], clock });
    runtimes.push(runtime);
    let isTold = false;
    const told = (await desk.write("where is 7?", "101", clock))(channel, runtime).then(() => {
      isTold = true;
    });
    await writes.promise;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([isTold, (await store.list()).threads]).toEqual([false, []]);
    disk.resolve();
    await told;
    const [{ threadId } = never()] = (await store.list()).threads;
    expect(JSON.stringify(await store.read(threadId))).toContain("where is 7?");
    await asked.promise;
    expect((await store.summary(threadId))?.status).toBe("running");
    answer.resolve();
  });

  it("what people write counts once, in whatever order and however often it comes", {
    tags: "F11.6",
  }, async () => {
    if (desk.write === undefined) return;
    const { clock, channel, runtime, settle } = office({}, [done, done, done]);
    const first = await desk.write("the first words", "101", clock);
    const second = await desk.write("the second words", "102", clock);
    for (const delivery of [second, first, second]) {
      await Promise.all([delivery(channel, runtime), delivery(channel, runtime)]);
      await settle();
    }
    const { threads } = await runtime.list();
    const all = await Promise.all(threads.map(({ threadId }) => runtime.get(threadId)));
    const texts = all.flatMap(({ events }) =>
      events.flatMap(({ type, data }) => {
        if (type === "message_received") return [data.text];
        return type === "event_received" ? [JSON.stringify(data.payload)] : [];
      }),
    );
    expect(texts.toSorted()).toEqual([
      expect.stringContaining("the first words"),
      expect.stringContaining("the second words"),
    ]);
  });
});

function never(): never {
  throw new Error("it cannot be");
}
