import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { stateDigest } from "../../src/thread/kept-state.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { temporaryStore } from "../store/temporary.ts";
import type { FullStep } from "./full-agent.ts";
import { ada, approvalOf, bench, bob, questionOf } from "./harness.ts";

const pay: FullStep = { intent: "pay", amount: 50, to: "carol" };
const done: FullStep = { intent: "done", message: "end" };
const tell = (count: number): FullStep[] =>
  Array.from({ length: count }, (_, step) => ({ intent: "tell", message: `step ${step}` }));

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A bench on a SQLite file; `read` counts the events that were read. */
async function onFile(script: readonly FullStep[], options: Parameters<typeof bench>[1] = {}) {
  const { store, path, close } = await temporaryStore();
  cleanUps.push(close);
  const count = { read: 0 };
  const counting: ThreadStore = {
    ...store,
    async read(...args) {
      const events = await store.read(...args);
      count.read += events.length;
      return events;
    },
  };
  return { ...bench(script, { steps: 1_000, ...options, store: counting }), path, count };
}

describe("a change to a long thread", () => {
  it("reads none of its events, whether people are asked, it sleeps or it has ended", {
    tags: "F6.8",
  }, async () => {
    const question: FullStep = { intent: "ask", message: "who?" };
    const it = await onFile([...tell(60), question, pay, { intent: "nap", seconds: 600 }, done]);
    const asked = await it.start();
    it.count.read = 0;
    // While a question waits: an approval would be asked for again, by a worker that reads the thread.
    await it.runtime.message(asked.id, "be quick", ada);
    expect(it.count.read).toBe(0);
    const answer = { decision: { kind: "answered", text: "carol" } } as const;
    await it.runtime.respond(requestIdOf(asked.id, questionOf(asked).seq), answer, bob);
    const thread = await it.runtime.settled(asked.id);
    const changes: Record<string, () => Promise<unknown>> = {
      pause: () => it.runtime.pause(thread.id, ada),
      receive: () =>
        it.runtime.receive(thread.id, { name: "tick", source: "cron", payload: 1, from: "system" }),
      resume: () => it.runtime.resume(thread.id, ada),
      request: () => it.runtime.request(requestIdOf(thread.id, approvalOf(thread).seq)),
      deny: () =>
        it.runtime.respond(
          requestIdOf(thread.id, approvalOf(thread).seq),
          { decision: { kind: "denied", feedback: "no" }, digest: approvalOf(thread).digest },
          bob,
        ),
    };
    for (const [name, change] of Object.entries(changes)) {
      it.count.read = 0;
      const changed = change();
      await changed;
      expect([name, it.count.read]).toEqual([name, 0]);
    }
    const asleep = await it.runtime.settled(thread.id);
    expect(asleep.state.status.kind).toBe("awaiting_time");
    it.count.read = 0;
    await it.runtime.message(thread.id, "sleep well", ada);
    await it.runtime.cancel(thread.id, ada);
    expect(it.count.read).toBe(0);
    expect(await it.runtime.verify(thread.id)).toMatchObject({ ok: true });
  });

  it("says of a request that waits no more what became of it, and of another that there is none", {
    tags: "F6.8",
  }, async () => {
    const it = await onFile([...tell(3), pay, done]);
    const thread = await it.start();
    const { seq, digest } = approvalOf(thread);
    const respond = (at: number) =>
      it.runtime.respond(requestIdOf(thread.id, at), { decision: { kind: "approved" }, digest }, bob);
    await expect(respond(3)).rejects.toMatchObject({ code: "not_found" });
    await expect(respond(900)).rejects.toMatchObject({ code: "not_found" });
    await respond(seq);
    await it.runtime.settled(thread.id);
    await expect(respond(seq)).rejects.toMatchObject({ code: "conflict" });
    expect(it.ran).toHaveLength(1);
  });
});

/** Writes another state of the thread into the file, with a digest to match. */
function forge(path: string, { id }: Thread, change: (state: Record<string, unknown>) => object): void {
  const database = new DatabaseSync(path);
  const row = database.prepare("SELECT seq, hex(head) AS head, state FROM thread_states").get();
  const text = JSON.stringify(change(JSON.parse(String(row?.["state"]))));
  const digest = stateDigest(id, Number(row?.["seq"]), String(row?.["head"]).toLowerCase(), text);
  const update = database.prepare("UPDATE thread_states SET state = ?, digest = ?");
  expect(update.run(text, Buffer.from(digest, "hex")).changes).toBe(1);
  database.close();
}

describe("a kept state that was forged with a digest to match", () => {
  const approve = async (it: Awaited<ReturnType<typeof onFile>>, thread: Thread, by = ada) => {
    const { seq, digest } = approvalOf(thread);
    const decision = { kind: "approved" } as const;
    return it.runtime.respond(requestIdOf(thread.id, seq), { decision, digest }, by);
  };

  it("lets no requester approve what others must", { tags: ["F7.8", "F5.8"] }, async () => {
    const it = await onFile([...tell(3), pay, done], { payApproval: { requesterMayApprove: false } });
    const thread = await it.start();
    const nobody = { requester: null, requesters: { known: [], unknown: false } };
    forge(it.path, thread, (state) => ({ ...state, ...nobody }));
    await expect(approve(it, thread)).rejects.toMatchObject({ code: "forbidden" });
    expect(it.ran).toEqual([]);
    expect(await it.runtime.verify(thread.id)).toMatchObject({ ok: false, problem: { kind: "changed" } });
  });

  it("brings in no request, no other policy and no approval", { tags: ["F7.8", "F5.8"] }, async () => {
    const it = await onFile([...tell(3), pay, done], { payApproval: { approvers: ["web:bob"], needed: 2 } });
    const thread = await it.start();
    const request = { ...approvalOf(thread), policy: {}, approvedBy: [{ channel: "web", id: "bob" }] };
    forge(it.path, thread, (state) => ({ ...state, request }));
    await expect(approve(it, thread)).rejects.toMatchObject({ code: "forbidden" });
    const phase = { kind: "approved", digest: request.digest, card: request.card, policy: {}, by: [] };
    const [call] = thread.state.calls;
    forge(it.path, thread, (state) => ({ ...state, request: null, calls: [{ ...call, phase }] }));
    await expect(approve(it, thread)).rejects.toMatchObject({ code: "forbidden" });
    await it.runtime.message(thread.id, "go on", ada);
    expect((await it.runtime.settled(thread.id)).state.status.kind).toBe("awaiting_approval");
    expect(it.ran).toEqual([]);
  });

  it("runs no other call than the events propose", { tags: ["F7.6", "F5.8"] }, async () => {
    const it = await onFile([...tell(3), pay, done]);
    const thread = await it.start();
    const step = { intent: "pay", amount: 9_000, to: "mallory" };
    forge(it.path, thread, (state) => ({
      ...state,
      calls: [{ ...thread.state.calls[0], step, phase: { kind: "proposed" } }],
    }));
    await approve(it, thread, bob);
    await it.runtime.settled(thread.id);
    expect(it.ran).toEqual([expect.stringMatching(/ 50 carol$/)]);
  });
});
