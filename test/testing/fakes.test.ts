import { describe, expect, it } from "vitest";
import { fakeChannel, fakeClock, scriptedSteps } from "../../src/testing/index.ts";
import type { FullStep } from "../runtime/full-agent.ts";
import { ada, bench } from "../runtime/harness.ts";

const ask: FullStep = { intent: "ask", message: "which one?" };

describe("the fakes", () => {
  it("a channel that fails is told again, and not after it has delivered", { tags: "F7.3" }, async () => {
    const clock = fakeClock();
    const mail = fakeChannel("mail");
    const { start, runtime, answer } = bench([ask, { intent: "done", message: "end" }], {
      clock,
      channels: [mail],
    });
    mail.failNext();
    const thread = await start();
    expect(() => mail.assertUsedUp()).not.toThrow();
    runtime.start();
    await clock.advance(6_000);
    await runtime.settled(thread.id);
    expect(mail.notices.map(({ mayBeRepeated }) => mayBeRepeated)).toEqual([false, true]);
    await clock.advance(3_600_000);
    expect(mail.notices).toHaveLength(2);
    await answer(await runtime.get(thread.id), { kind: "answered", text: "this" });
    expect(mail.closedNotices.map(({ by }) => by.type)).toEqual(["human_responded"]);
    mail.assertUsedUp();
  });

  it("a channel complains about a failure that never came and about telling twice", async () => {
    const { start, runtime } = bench([ask]);
    const thread = await start();
    const { request } = thread.state;
    if (request === null) throw new Error("nothing is asked");
    const requestId = `${thread.id}.${request.seq}` as Parameters<typeof runtime.respond>[0];
    const about = { id: requestId, threadId: thread.id, thread, mayBeRepeated: false };
    const notice = { kind: "request", ...about, requestId, request } as const;
    const signal = new AbortController().signal;
    const twice = fakeChannel();
    await twice.deliver(notice, signal);
    twice.assertUsedUp();
    await twice.deliver(notice, signal);
    expect(() => twice.assertUsedUp()).toThrow("more than once");
    const unused = fakeChannel();
    unused.failNext();
    expect(() => unused.assertUsedUp()).toThrow("1 failures of fake were not used");
  });

  it("a script complains about a surprising call and about leftovers", async () => {
    const script = scriptedSteps<FullStep>([ask]);
    expect(() => script.assertUsedUp()).toThrow("1 scripted answers were not asked for");
    await script.call(["<thread>"]);
    script.assertUsedUp();
    await expect(script.call(["<thread>"])).rejects.toMatchObject({ code: "unexpected_call" });
    expect(() => script.assertUsedUp()).toThrow("the script has 1 answers; one more was asked for");
  });

  it("a script that runs out fails the test instead of asking a person", async () => {
    const { runtime, assertUsedUp } = bench([]);
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
    await expect(runtime.settled(threadId)).rejects.toThrow("one more was asked for");
    expect((await runtime.get(threadId)).state.request).toBeNull();
    expect(() => assertUsedUp()).toThrow("one more was asked for");
  });

  it("a clock wakes sleepers in order, at their time, and not those whose signal was aborted", async () => {
    const clock = fakeClock(0);
    const woken: string[] = [];
    const stop = new AbortController();
    void clock.sleep(20).then(() => woken.push(`b at ${clock.now()}`));
    void clock.sleep(10).then(() => woken.push(`a at ${clock.now()}`));
    clock.sleep(5, stop.signal).catch(() => woken.push("aborted"));
    stop.abort();
    expect(clock.sleepers).toBe(2);
    await clock.advance(15);
    expect(woken).toEqual(["aborted", "a at 10"]);
    await clock.advance(5);
    expect(woken).toEqual(["aborted", "a at 10", "b at 20"]);
    expect(clock.now()).toBe(20);
  });
});
