import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { type FullOptions, type FullStep, fullAgent } from "./full-agent.ts";
import { ada, approvalOf, bench, testRuntime, typesOf } from "./harness.ts";

const textOf = (value: unknown) => canonicalJson(toJson(value));

async function recorded() {
  const { start, answer } = bench([
    { intent: "add", a: 1, b: 2 },
    { intent: "pay", amount: 50, to: "carol" },
    { intent: "fail", message: "down" },
    { intent: "done", message: "paid" },
  ]);
  const thread = await answer(await start(), { kind: "approved" });
  expect(thread.state.status.kind).toBe("finished");
  return thread;
}

describe("replay", () => {
  it("a replay runs no tool and asks no model", { tags: "F12.3" }, async () => {
    const thread = await recorded();
    const { agent, ran, nextStep } = fullAgent([]);
    expect(textOf(await replayThread(thread, agent))).toBe(textOf(thread));
    expect([ran, nextStep.prompts]).toEqual([[], []]);
  });

  it("any beginning of a recording is replayed", { tags: "F12.3" }, async () => {
    const thread = await recorded();
    const { agent } = fullAgent([]);
    for (let length = 1; length <= thread.events.length; length++) {
      const events = thread.events.slice(0, length);
      expect((await replayThread({ id: thread.id, events }, agent)).events).toEqual(events);
    }
  });

  const CHANGES: readonly { what: string; options: FullOptions; first: string }[] = [
    { what: "a tool's version", options: { payVersion: "2" }, first: "approval_requested" },
    { what: "a policy", options: { payApproval: { needed: 3 } }, first: "approval_requested" },
    { what: "a policy that asks nobody", options: { payApproval: "never" }, first: "approval_requested" },
    { what: "a limit", options: { limits: { consecutiveErrors: 1 } }, first: "step_proposed" },
    { what: "the step budget", options: { steps: 3 }, first: "step_proposed" },
  ];
  it.each(CHANGES)(
    "a change of $what is found at the first event it changes",
    { tags: "F12.3" },
    async ({ options, first }) => {
      const thread = await recorded();
      const { agent } = fullAgent([], options);
      const replay = replayThread(thread, agent);
      await expect(replay).rejects.toMatchObject({ code: "replay_mismatch" });
      await expect(replay).rejects.toThrow(`(${first})`);
    },
  );

  it("a tool that is gone is found where it was started", { tags: "F12.3" }, async () => {
    const thread = await recorded();
    const { agent } = fullAgent([]);
    const steps = new Map([...agent.steps].filter(([intent]) => intent !== "add"));
    await expect(replayThread(thread, { ...agent, steps })).rejects.toThrow("event 4 (tool_started)");
  });

  it("a recording that was tampered with is found", { tags: "F12.3" }, async () => {
    const thread = await recorded();
    const { agent } = fullAgent([]);
    const events = thread.events.map((event) =>
      event.type === "approval_requested"
        ? { ...event, data: { ...event.data, card: { ...event.data.card, arguments: { amount: 5 } } } }
        : event,
    );
    await expect(replayThread({ id: thread.id, events }, agent)).rejects.toThrow("(approval_requested)");
  });

  it("what the engine says may have been worded otherwise: the recorded words stand", {
    tags: "F12.3",
  }, async () => {
    const script: FullStep[] = Array.from({ length: 5 }, () => ({ intent: "add", a: 1, b: 2 }));
    const { start } = bench(script);
    const asked = await start();
    expect(typesOf(asked).at(-1)).toBe("human_asked");
    let reworded = 0;
    const events = asked.events.map((event) => {
      if (event.type === "step_refused") {
        reworded += 1;
        return { ...event, data: { ...event.data, message: "Again? No." } };
      }
      if (event.type !== "human_asked") return event;
      reworded += 1;
      return { ...event, data: { ...event.data, question: "It turns in circles. And now?" } };
    });
    expect(reworded).toBe(3);
    const again = await replayThread({ id: asked.id, events }, fullAgent([]).agent);
    expect(again.events).toEqual(events);
    const other = events.map((event) =>
      event.type === "step_refused"
        ? { ...event, data: { ...event.data, reason: "doubtful" as const } }
        : event,
    );
    await expect(replayThread({ id: asked.id, events: other }, fullAgent([]).agent)).rejects.toThrow(
      "(step_refused)",
    );
  });

  it("a fork is replayed from where it was forked", { tags: "F12.3" }, async () => {
    const { start, runtime } = bench([
      { intent: "pay", amount: 50, to: "carol" },
      { intent: "done", message: "paid" },
    ]);
    const original = await start();
    const fork = await runtime.fork(original.id, original.state.seq, ada);
    await runtime.resume(fork.id, ada);
    const again = await runtime.settled(fork.id);
    const { digest, seq } = approvalOf(again);
    expect(digest.length).toBe(64);
    expect(seq).toBeGreaterThanOrEqual(original.state.seq);
    const { agent } = fullAgent([]);
    expect(textOf(await replayThread(again, agent))).toBe(textOf(again));
  });

  it("times reckoned on the machine's clock are reproduced", { tags: "F12.3" }, async () => {
    const script: FullStep[] = [
      { intent: "nap", seconds: 1000 },
      { intent: "done", message: "awake" },
    ];
    const { agent } = fullAgent(script);
    const runtime = testRuntime({ agents: [agent], clock: systemClock });
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "sleep", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(thread.state.status.kind).toBe("awaiting_time");
    expect(textOf(await replayThread(thread, agent))).toBe(textOf(thread));
  });
});
