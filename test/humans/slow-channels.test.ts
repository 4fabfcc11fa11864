import { describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import type { Channel } from "../../src/humans/channel.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type FullStep, fullAgent } from "../runtime/full-agent.ts";
import { ada, approvalOf, bench, bob, eventsOf, testRuntime } from "../runtime/harness.ts";

const pay: FullStep = { intent: "pay", amount: 50, to: "carol" };
const tell: FullStep = { intent: "tell", message: "half of it is done" };
const done: FullStep = { intent: "done", message: "end" };
const approved = { kind: "approved" } as const;
const PATIENT = { interval: 10, timeout: 5_000 };

/** A channel whose calls hang until they are let go, whatever their signals say. */
function slowChannel(...slow: readonly ("deliver" | "update")[]) {
  const gate = Promise.withResolvers<void>();
  const began: string[] = [];
  const call = async (kind: "deliver" | "update", what: string) => {
    began.push(what);
    if (slow.includes(kind)) await gate.promise;
  };
  const channel: Channel = {
    name: "slow",
    deliver: ({ kind }) => call("deliver", kind),
    update: ({ kind }) => call("update", kind),
  };
  return { channel, began, letGo: gate.resolve };
}

describe("a channel that takes long", { tags: ["F7.3", "F7.16"], timeout: 20_000 }, () => {
  it("holds up neither its thread nor others when a message is to be brought up to date, and is told once", async () => {
    const { channel, began, letGo } = slowChannel("update");
    const { agent } = fullAgent([pay, done, done, done]);
    // One thread at a time: the one that still tells takes up no place.
    const runtime = testRuntime({ agents: [agent], channels: [channel], concurrency: 1 });
    const launch = async () => {
      const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
      return runtime.settled(threadId);
    };
    const asked = await launch();
    const { seq, digest } = approvalOf(asked);
    await runtime.respond(requestIdOf(asked.id, seq), { decision: approved, digest }, bob);
    expect((await runtime.settled(asked.id)).state.status.kind).toBe("finished");
    expect((await launch()).state.status.kind).toBe("finished");
    await runtime.message(asked.id, "and again", ada);
    const again = await runtime.settled(asked.id);
    expect(eventsOf(again, "finished")).toHaveLength(2);
    expect([began, again.state.updates.length]).toEqual([["request", "closed"], 1]);
    letGo();
    await expect.poll(async () => (await runtime.get(asked.id)).state.updates.length, PATIENT).toBe(0);
    expect(began).toEqual(["request", "closed"]);
  });

  it("holds up no other channel when people are asked, and no answer", async () => {
    const { channel, began, letGo } = slowChannel("deliver");
    const quick: string[] = [];
    const chat: Channel = { name: "chat", deliver: async ({ kind }) => void quick.push(kind) };
    const { start, answer, runtime } = bench([pay, done], { channels: [channel, chat] });
    const asked = await start();
    expect([began, quick]).toEqual([["request"], ["request"]]);
    const ended = await answer(asked, approved);
    expect(ended.state.status.kind).toBe("finished");
    // What it has told at last is out of date by now.
    letGo();
    await expect.poll(() => began, PATIENT).toEqual(["request", "closed"]);
    await expect.poll(async () => (await runtime.get(asked.id)).state.updates.length, PATIENT).toBe(0);
  });

  it("holds up no run that tells of its progress, and gets what follows in order", async () => {
    const { channel, began, letGo } = slowChannel("deliver");
    const { agent } = fullAgent([tell, tell, done]);
    const runtime = testRuntime({ agents: [agent], channels: [channel] });
    const via = { channel: "slow", address: "a" };
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada }, via });
    const ended = await runtime.settled(threadId);
    expect([ended.state.status.kind, began]).toEqual(["finished", ["progress"]]);
    letGo();
    await expect.poll(() => began, PATIENT).toEqual(["progress", "progress", "finished"]);
  });

  it("leaves the end of the process in peace: what is not told is told by the next one", async () => {
    const store = createMemoryStore();
    const { channel } = slowChannel("update");
    const first = bench([pay, done], { store, channels: [channel] });
    const { id } = await first.answer(await first.start(), approved);
    await first.runtime.stop();
    expect((await first.runtime.get(id)).state.updates).toHaveLength(1);
    const next = slowChannel();
    const runtime = testRuntime({ agents: [fullAgent([]).agent], store, channels: [next.channel] });
    runtime.start();
    await expect.poll(() => next.began, PATIENT).toEqual(["closed"]);
    await expect.poll(async () => (await runtime.get(id)).state.updates.length, PATIENT).toBe(0);
  });

  it("may end a delivery under way when the process stops: nobody is told twice", async () => {
    const { channel, began, letGo } = slowChannel("deliver");
    const { start, runtime } = bench([pay], { channels: [channel] });
    const { id } = await start();
    const stopped = runtime.stop();
    letGo();
    await stopped;
    expect(eventsOf(await runtime.get(id), "notified").map(({ data }) => data.ok)).toEqual([true]);
    expect(began).toEqual(["request"]);
  });

  it("a channel that cannot say whether it wants a message counts as one that could not be told", async () => {
    const broken: Channel = {
      name: "broken",
      wants: () => {
        throw new Error("no idea");
      },
      deliver: async () => {},
    };
    const { start } = bench([pay], { channels: [broken] });
    const asked = await start();
    expect(asked.state.status.kind).toBe("awaiting_approval");
    expect(eventsOf(asked, "notified").map(({ data }) => [data.ok, data.error?.message])).toEqual([
      [false, "no idea"],
    ]);
  });
});
