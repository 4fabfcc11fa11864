import { describe, expect, it } from "vitest";
import { readEvent } from "../../src/context/blocks/read-event.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { fullAgent } from "./full-agent.ts";
import { ada, approvalOf, bench, bob, eve, eventsOf, testRuntime } from "./harness.ts";

const add = (a: number) => ({ intent: "add", a, b: 77 }) as const;
const pay = { intent: "pay", amount: 5, to: "bob" } as const;
const done = { intent: "done", message: "end" } as const;

describe("events left out of the context from here on", { tags: "F3.18" }, () => {
  it("the model reads them no more, nor the rest of their step; the log is untouched", async () => {
    const { runtime, start, prompts, store } = bench([add(7000), done, done]);
    const before = await start("what of order 7?");
    const [result] = eventsOf(before, "tool_finished");
    await runtime.leaveOut(before.id, { seqs: [result?.seq ?? 0], reason: "another customer" }, ada);
    const { head } = await runtime.verify(before.id);
    const agent = runtime.agents.get("full");
    const now = await runtime.get(before.id);
    expect(now.events.slice(0, before.events.length)).toEqual(before.events);
    expect(now.events.at(-1)?.data).toEqual({
      seqs: [3, 4, 5],
      by: { channel: "terminal", id: "ada" },
      reason: "another customer",
    });
    await runtime.message(before.id, "and now?", ada);
    const after = await runtime.settled(before.id);
    expect(prompts[1]).toContain("7077");
    expect(prompts[2]).not.toContain("7077");
    expect(prompts[2]).toContain("what of order 7?");
    expect(() => readEvent(after.events, 5)).toThrow(/shows nothing/);
    expect(await store.verify(before.id, { seq: now.state.seq, digest: head })).toMatchObject({ ok: true });
    if (agent === undefined) throw new Error("no agent");
    expect(await replayThread(after, agent)).toEqual(after);
    await expect(runtime.leaveOut(before.id, { seqs: [4] }, ada)).rejects.toThrow(
      "the model reads nothing of 4; it reads the events 2,",
    );
  });

  it("an answer of the model that is under way is asked for anew", async () => {
    let threadId: Awaited<ReturnType<typeof runtime.launch>>["threadId"] | undefined;
    let asked = 0;
    const onModel = async () => {
      asked += 1;
      if (asked === 2 && threadId !== undefined) await runtime.leaveOut(threadId, { seqs: [2] }, ada);
    };
    const { agent, nextStep } = fullAgent([add(1), done, { ...done, message: "anew" }], { onModel });
    const runtime = testRuntime({ agents: [agent] });
    ({ threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } }));
    const thread = await runtime.settled(threadId);
    expect(thread.state.status).toEqual({ kind: "finished", result: "anew" });
    nextStep.assertUsedUp();
  });

  it("a pending approval stands: its card shows what it showed; whoever leaves out counts as a requester", async () => {
    const { runtime, start, answer, ran } = bench([add(1), pay, done], {
      payApproval: { requesterMayApprove: false },
    });
    const thread = await start();
    const { digest } = approvalOf(thread);
    await expect(runtime.leaveOut(thread.id, { seqs: [6] }, bob)).rejects.toMatchObject({ code: "conflict" });
    await runtime.leaveOut(thread.id, { seqs: [3] }, bob);
    const now = await runtime.get(thread.id);
    expect(approvalOf(now).digest).toBe(digest);
    await expect(answer(now, { kind: "approved" }, bob)).rejects.toMatchObject({ code: "forbidden" });
    await answer(now, { kind: "approved" }, eve);
    expect(ran.filter((line) => line.includes("bob"))).toHaveLength(1);
  });

  it("a summary goes with any event that it stands for; what is left of nothing is not summed up", async () => {
    const { runtime, start } = bench([add(1), add(2), done]);
    const thread = await start();
    const agent = runtime.agents.get("full");
    if (agent === undefined) throw new Error("no agent");
    const compacted = { from: 3, to: 8, method: "summarize", replacement: "a and b" } as const;
    const at = "2026-01-01T00:00:00.000Z";
    const events = [
      ...thread.events,
      { seq: 20, at, v: 1, type: "context_compacted", data: compacted } as const,
      { seq: 21, at, v: 1, type: "events_left_out", data: { seqs: [5], by: ada } } as const,
    ];
    const shown = (list: typeof events | typeof thread.events) =>
      agent.context.render({ ...thread, events: list });
    expect(shown(events.slice(0, -1))).toContain("a and b");
    expect(shown(events)).not.toContain("a and b");
    const late = { ...compacted, from: 3, to: 5, method: "fold_errors" } as const;
    const left = { seqs: [3, 4, 5], by: ada };
    const reversed = [
      ...thread.events,
      { seq: 20, at, v: 1, type: "events_left_out", data: left } as const,
      { seq: 21, at, v: 1, type: "context_compacted", data: late } as const,
    ];
    expect(agent.context.render({ ...thread, events: reversed })).not.toContain("a and b");
  });
});
