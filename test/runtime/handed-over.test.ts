import { expect, it } from "vitest";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { erasureData } from "../../src/thread/chain.ts";
import type { NewEvent, ThreadEvent } from "../../src/thread/events.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { appendEvents, type Thread, threadOf } from "../../src/thread/thread.ts";
import { exampleAgent } from "./example-agent.ts";
import { ada } from "./harness.ts";

const done = { intent: "done", message: "8" } as const;

/** Launches a thread; `meanwhile` happens between the write that launches it and the first claim. */
async function launched(meanwhile: (store: ThreadStore, thread: Thread) => Promise<void>) {
  const inner = createMemoryStore();
  const reads: number[] = [];
  let first = true;
  const store: ThreadStore = {
    ...inner,
    async claim(threadId, ...rest) {
      if (first) await meanwhile(inner, threadOf(threadId, await inner.read(threadId)));
      first = false;
      return inner.claim(threadId, ...rest);
    },
    read(threadId, after) {
      reads.push(after ?? 0);
      return inner.read(threadId, after);
    },
  };
  const { agent, nextStep } = exampleAgent([done]);
  const runtime = createRuntime({ agents: [agent], store });
  const { threadId } = await runtime.launch({ agent: "example", input: { message: "secret: 7", from: ada } });
  const readBefore = reads.length;
  const thread = await runtime.settled(threadId);
  await runtime.stop();
  return { thread, reads: reads.slice(readBefore), prompts: nextStep.prompts };
}

function append(store: ThreadStore, thread: Thread, event: NewEvent): Promise<unknown> {
  const next = appendEvents(thread, [event], 0);
  const added = next.events.slice(thread.events.length);
  return store.append(thread.id, thread.state.seq, added, { projection: projectionOf(next.state) });
}

it("a worker that knows the thread reads only what came since", { tags: "F5.3" }, async () => {
  const { thread, reads, prompts } = await launched(async () => {});
  expect(thread.state.status).toEqual({ kind: "finished", result: "8" });
  expect(reads[0]).toBe(2);
  expect(prompts[0]).toContain("secret: 7");
});

it("what another process wrote before the claim reaches the model", { tags: "F6.12" }, async () => {
  const { thread, prompts } = await launched(async (store, before) => {
    const data = { text: "and 5", from: { channel: "web", id: "bob" } };
    await append(store, before, { type: "message_received", data });
  });
  expect(thread.state.status).toEqual({ kind: "finished", result: "8" });
  expect(prompts[0]).toContain("and 5");
});

it("what was erased before the claim does not reach the model", { tags: "F5.10" }, async () => {
  const { thread, prompts } = await launched(async (store, before) => {
    const [, message] = before.events;
    if (message?.type !== "message_received") throw new Error("no message");
    const replacements: ThreadEvent[] = [{ ...message, data: { ...message.data, text: "erased" } }];
    const data = erasureData(replacements, { channel: "web", id: "bob" }, "asked for");
    const next = appendEvents(before, [{ type: "data_erased", data }], 0);
    const record = next.events.at(-1);
    if (record === undefined) throw new Error("no record");
    await store.erase(before.id, before.state.seq, {
      replacements,
      record,
      projection: projectionOf(next.state),
    });
  });
  expect(thread.state.status).toEqual({ kind: "finished", result: "8" });
  expect(prompts[0]).toContain("erased");
  expect(prompts[0]).not.toContain("secret");
});
