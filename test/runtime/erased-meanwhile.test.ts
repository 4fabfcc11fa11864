import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { erasureData } from "../../src/thread/chain.ts";
import type { ThreadEvent } from "../../src/thread/events.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { appendEvents, threadOf } from "../../src/thread/thread.ts";
import { ada, bench, bob } from "./harness.ts";

const secret = "ada@example.org, born 1815-12-10";

describe("content that is erased while a worker has the thread in hand", () => {
  it("does not come back with what the worker writes next", { tags: "F5.10" }, async () => {
    const store = createMemoryStore();
    const written: unknown[] = [];
    const watched = {
      ...store,
      async append(...args: Parameters<typeof store.append>) {
        const outcome = await store.append(...args);
        const [, , events, { projection, before }] = args;
        written.push(events, projection, before);
        return outcome;
      },
    };
    const erase = async () => {
      const [summary] = (await store.list()).threads;
      if (summary === undefined) throw new Error("there is no thread");
      const thread = threadOf(summary.threadId, await store.read(summary.threadId));
      const message = thread.events[1];
      if (message?.type !== "message_received") throw new Error("event 2 is no message");
      const standIn: ThreadEvent = { ...message, data: { ...message.data, text: "(erased)" } };
      const data = erasureData([standIn], bob, "asked for");
      const events = [standIn].reduce<readonly ThreadEvent[]>(
        (all, one) => all.map((event) => (event.seq === one.seq ? one : event)),
        thread.events,
      );
      const erased = appendEvents(threadOf(thread.id, events), [{ type: "data_erased", data }], 0);
      for (const record of erased.events.slice(-1)) {
        await store.erase(thread.id, thread.state.seq, {
          replacements: [standIn],
          record,
          projection: projectionOf(erased.state),
        });
      }
      written.length = 0;
    };
    const it = bench([{ intent: "put", value: 1 }, { intent: "nothing" }, { intent: "nothing" }], {
      store: watched,
      onTool: erase,
    });
    const { threadId } = await it.runtime.launch({ agent: "full", input: { message: secret, from: ada } });
    const thread = await it.runtime.settled(threadId);
    expect(thread.events.map(({ type }) => type)).toContain("tool_finished");
    expect(written.length).toBeGreaterThan(0);
    expect(JSON.stringify([written, thread, await store.summary(threadId)])).not.toContain("1815");
    // What the model is asked next is asked without it, too.
    expect(it.prompts.at(-1)).toContain("(erased)");
  });
});
