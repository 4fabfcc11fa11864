import { describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { messages, project } from "../../src/testing/store-contract/samples.ts";
import { temporaryStore } from "../store/temporary.ts";
import { ada, bench, bob } from "./harness.ts";

const finished = [
  { intent: "lookup", id: "Mrs Smith of Elm Street" },
  { intent: "done", message: "Mrs Smith it is" },
] as const;

describe("erasing and deleting threads", { tags: "F5.10" }, () => {
  it("what was said in a thread that has ended is erased, also from the file, and the chain verifies", async () => {
    const temporary = await temporaryStore();
    const { runtime, start } = bench(finished, { store: temporary.store });
    const { id, state } = await start("look up Mrs Smith");
    const { head } = await runtime.verify(id);
    const erased = await runtime.erase(id, bob, { reason: "asked for by the person" });
    expect(erased).toEqual(await runtime.get(id));
    expect(JSON.stringify(erased)).not.toContain("Smith");
    expect(erased.state.status.kind).toBe("finished");
    expect(erased.events.at(-1)?.data).toMatchObject({
      by: { channel: "web", id: "bob" },
      reason: "asked for by the person",
    });
    expect(await runtime.store.verify(id, { seq: state.seq, digest: head })).toMatchObject({ ok: true });
    expect((await runtime.list({ search: "smith" })).threads).toEqual([]);
    const again = await runtime.erase(id, bob, { reason: "asked for by the person" });
    expect(again.state.seq).toBe(erased.state.seq);
    await temporary.close();
  });

  it("only the events that are named are erased", async () => {
    const { runtime, start } = bench(finished);
    const { id } = await start("look up Mrs Smith");
    const { events } = await runtime.erase(id, bob, { reason: "r", seqs: [2] });
    expect(
      events.filter((event) => JSON.stringify(event).includes("(erased)")).map(({ seq }) => seq),
    ).toEqual([2]);
    for (const seqs of [[1], [0], [99], [1.5]]) {
      await expect(runtime.erase(id, bob, { reason: "r", seqs })).rejects.toMatchObject({
        code: "invalid_argument",
      });
    }
  });

  it("a deleted thread is gone, with its keys and whatever was kept about it", async () => {
    const store = createMemoryStore();
    const { runtime, start } = bench(finished, { store });
    const { id } = await start();
    await store.setValue("answer", "kept", undefined, { about: id });
    await runtime.delete(id);
    await expect(runtime.get(id)).rejects.toMatchObject({ code: "not_found" });
    expect((await runtime.list()).threads).toEqual([]);
    expect(await store.getValue("answer")).toBeUndefined();
    await expect(runtime.delete(id)).rejects.toMatchObject({ code: "not_found" });
    await expect(runtime.erase(id, bob, { reason: "r" })).rejects.toMatchObject({ code: "not_found" });
  });

  it("a thread that waits for people is neither erased nor deleted until it is cancelled", async () => {
    const { runtime, start } = bench([{ intent: "ask", message: "which one?" }]);
    const { id, state } = await start();
    expect(state.status.kind).toBe("awaiting_human");
    const refused = {
      code: "conflict",
      message: expect.stringContaining("cancel it first"),
      details: { threadId: id, status: "awaiting_human" },
    };
    await expect(runtime.delete(id)).rejects.toMatchObject(refused);
    await expect(runtime.erase(id, bob, { reason: "r" })).rejects.toMatchObject(refused);
    await expect(runtime.request(requestIdOf(id, state.request?.seq ?? 0))).resolves.toBeDefined();
    await runtime.cancel(id, ada);
    expect(JSON.stringify((await runtime.erase(id, bob, { reason: "r" })).events)).not.toContain("which one");
    await runtime.delete(id);
    expect(await runtime.store.summary(id)).toBeUndefined();
  });

  it("a message that comes in the middle is not lost: the thread works again and is kept", async () => {
    const store = createMemoryStore();
    let meanwhile = async () => {};
    const interrupted: ThreadStore = {
      ...store,
      async delete(threadId, expectedSeq) {
        await meanwhile();
        return store.delete(threadId, expectedSeq);
      },
      async erase(threadId, expectedSeq, erasure) {
        await meanwhile();
        return store.erase(threadId, expectedSeq, erasure);
      },
    };
    const { runtime, start } = bench(finished, { store: interrupted });
    const { id, state } = await start();
    meanwhile = async () => {
      meanwhile = async () => {};
      const projection = project({ status: "running", agent: state.agent });
      await store.append(id, state.seq, messages(state.seq, "one more thing"), { projection });
    };
    await expect(runtime.delete(id)).rejects.toMatchObject({ code: "conflict" });
    meanwhile = async () => {};
    await expect(runtime.erase(id, bob, { reason: "r" })).rejects.toMatchObject({ code: "conflict" });
    expect((await runtime.get(id)).events.at(-1)?.data).toMatchObject({ text: "one more thing" });
  });
});
