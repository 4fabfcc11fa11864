import { describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import type { Channel, RequestNotice } from "../../src/humans/channel.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { type FullStep, fullAgent } from "../runtime/full-agent.ts";
import { ada, approvalOf, bench, bob, eventsOf, testRuntime } from "../runtime/harness.ts";

const pay: FullStep = { intent: "pay", amount: 50, to: "carol" };
const done: FullStep = { intent: "done", message: "end" };

/** A channel that notes what it was told and does what the test says. */
function channel(
  name: string,
  deliver: (notice: RequestNotice, times: number) => Promise<void> = async () => {},
) {
  const notices: RequestNotice[] = [];
  const it: Channel = {
    name,
    deliver: async (notice) => {
      if (notice.kind !== "request") throw new Error(`not asked for: ${notice.kind}`);
      notices.push(notice);
      await deliver(notice, notices.length);
    },
  };
  return { ...it, notices };
}

async function notified(runtime: Runtime, { id }: Thread, count: number): Promise<Thread> {
  for (let look = 0; look < 1_000; look++) {
    const thread = await runtime.get(id);
    if (eventsOf(thread, "notified").length >= count) return thread;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`fewer than ${count} notifications`);
}

describe("telling people", () => {
  it("the request is stored before the channel is told", { tags: "F7.3" }, async () => {
    const store = createMemoryStore();
    const stored: unknown[] = [];
    const mail = channel("mail", async ({ threadId, request }) => {
      stored.push(
        (await store.read(threadId))[request.seq - 1]?.type,
        (await store.summary(threadId))?.pendingRequest,
      );
    });
    const { start } = bench([pay], { store, channels: [mail] });
    const thread = await start();
    expect(stored).toEqual(["approval_requested", approvalOf(thread).seq]);
    expect(mail.notices[0]).toMatchObject({
      threadId: thread.id,
      requestId: requestIdOf(thread.id, approvalOf(thread).seq),
      mayBeRepeated: false,
    });
    expect(eventsOf(thread, "notified").map(({ data }) => data)).toEqual([
      { request: approvalOf(thread).seq, channel: "mail", ok: true },
    ]);
  });

  it("a delivery that fails is tried again with back-off, the one that succeeded is not", {
    tags: "F7.3",
  }, async () => {
    const clock = fakeClock();
    const mail = channel("mail", async (_, times) => {
      if (times <= 2) throw new Error("mail server down");
    });
    const chat = channel("chat");
    const { start, runtime } = bench([pay], { clock, channels: [mail, chat] });
    const thread = await start();
    expect([mail.notices.length, chat.notices.length]).toEqual([1, 1]);
    runtime.start();
    await clock.advance(4_000);
    expect(mail.notices).toHaveLength(1);
    await clock.advance(2_000);
    await notified(runtime, thread, 3);
    await clock.advance(8_000);
    expect(mail.notices).toHaveLength(2);
    await clock.advance(3_000);
    const told = await notified(runtime, thread, 4);
    expect(
      eventsOf(told, "notified").map(({ data }) => [data.channel, data.ok, data.error?.message]),
    ).toEqual([
      ["mail", false, "mail server down"],
      ["chat", true, undefined],
      ["mail", false, "mail server down"],
      ["mail", true, undefined],
    ]);
    await clock.advance(3_600_000);
    expect([mail.notices.length, chat.notices.length]).toEqual([3, 1]);
    expect(mail.notices.map(({ mayBeRepeated }) => mayBeRepeated)).toEqual([false, true, true]);
  });

  it("a message that arrives while people are being told does not make them told twice", {
    tags: "F7.3",
  }, async () => {
    const mail = channel("mail", async ({ threadId }) => {
      await runtime.message(threadId, "hurry", ada);
    });
    const chat = channel("chat");
    // A question: an approval would be asked for again.
    const { start, runtime } = bench([{ intent: "ask", message: "who?" }], { channels: [mail, chat] });
    const thread = await start();
    expect([mail.notices.length, chat.notices.length]).toEqual([1, 1]);
    expect(eventsOf(thread, "notified").map(({ data }) => [data.channel, data.ok])).toEqual([
      ["mail", true],
      ["chat", true],
    ]);
  });

  it("an answer given while the others are being told is taken, and nobody is told of what is over", {
    tags: "F7.3",
  }, async () => {
    const mail = channel("mail", async ({ requestId, request }) => {
      if (request.type !== "approval") return;
      await runtime.respond(requestId, { decision: { kind: "approved" }, digest: request.digest }, bob);
    });
    const chat = channel("chat");
    const { start, runtime, ran } = bench([pay, done], { channels: [mail, chat] });
    const thread = await start();
    expect(thread.state.status.kind).toBe("finished");
    expect(ran).toHaveLength(1);
    expect([mail.notices.length, chat.notices.length]).toEqual([1, 0]);
  });

  it("a channel tells nobody about what it does not want", { tags: "F7.3" }, async () => {
    const mail = channel("mail");
    const picky: Channel = {
      ...mail,
      wants: (notice) => notice.kind === "request" && notice.request.type === "question",
    };
    const { start, answer } = bench([pay, { intent: "ask", message: "who?" }], { channels: [picky] });
    const thread = await start();
    expect(mail.notices).toEqual([]);
    await answer(thread, { kind: "approved" });
    expect(mail.notices).toHaveLength(1);
  });

  it("a process that ended before it told anybody is made good by the next one, which says that it may be a repetition", {
    tags: "F7.3",
  }, async () => {
    const store = createMemoryStore();
    const clock = fakeClock();
    let ended = () => {};
    const dying = new Promise<void>((resolve) => {
      ended = resolve;
    });
    // It never comes back, as if the process had been killed while it delivered.
    const first = channel("mail", () => {
      ended();
      return new Promise<void>(() => {});
    });
    const { agent } = fullAgent([pay]);
    // Its clock stands still, so that it is dead to the others. Not stopped after the test: stopping would wait for what never ends.
    const dead = createRuntime({ agents: [agent], store, clock: fakeClock(), channels: [first] });
    const { threadId } = await dead.launch({ agent: "full", input: { message: "go", from: ada } });
    await dying;
    const mail = channel("mail");
    const runtime = testRuntime({ agents: [agent], store, clock, channels: [mail] });
    runtime.start();
    await clock.advance(10_000);
    expect(mail.notices).toHaveLength(0);
    await clock.advance(10_000);
    await notified(runtime, await runtime.get(threadId), 1);
    expect(mail.notices.map(({ mayBeRepeated }) => mayBeRepeated)).toEqual([true]);
    await clock.advance(60_000);
    expect(mail.notices).toHaveLength(1);
  });
});
