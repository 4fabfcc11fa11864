import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import type { ThreadId } from "../../src/base/ids.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { serve } from "../server/serve.ts";
import { temporaryStore } from "../store/temporary.ts";
import { type FamilyStep, familyMember } from "./family-agents.ts";
import { ada, bob, eventsOf, testRuntime } from "./harness.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const pay: FamilyStep = { intent: "pay", amount: 5 };
const hand: FamilyStep = { intent: "hand", task: "look it up" };

/** Changes an event of a thread behind the store's back. */
function damage(path: string, threadId: ThreadId, seq: number, change = "data = '{'"): void {
  const database = new DatabaseSync(path);
  const row = database.prepare("SELECT key FROM threads WHERE id = ?").get(threadId);
  database.prepare(`UPDATE events SET ${change} WHERE id = ?`).run(Number(row?.["key"]) * 2 ** 20 + seq);
  database.close();
}

/** A thread that waits for another one, which waits for an approval. */
async function family() {
  const temporary = await temporaryStore();
  const boss = familyMember("boss", [hand, { intent: "done", message: "done without it" }]);
  const helper = familyMember("helper", [pay, pay], { payApproval: "always" });
  const agents = [boss.agent, helper.agent];
  const open = async () => testRuntime({ agents, store: await temporary.reopen() });
  const first = await open();
  const { threadId } = await first.launch({ agent: "boss", input: { message: "go", from: ada } });
  const parent = await first.settled(threadId);
  const [child] = parent.state.children;
  if (child === undefined) throw new Error("nothing was handed over");
  const [request] = await first.requestsBelow(parent);
  if (request === undefined) throw new Error("nobody is asked");
  await first.stop();
  closers.push(() => temporary.close());
  return {
    path: temporary.path,
    open,
    threadId,
    child: child.threadId,
    request,
  };
}

const failures = (thread: Thread) => eventsOf(thread, "child_failed").map(({ data }) => data.error);

async function untilFailed(runtime: Runtime, threadId: ThreadId): Promise<Thread> {
  await expect.poll(async () => failures(await runtime.get(threadId)).length, { timeout: 5_000 }).toBe(1);
  return runtime.settled(threadId);
}

describe("a thread that works for another and whose storage is damaged", { tags: ["F10.1", "F12.1"] }, () => {
  it.each(["rejected", "fulfilled"] as const)(
    "fails for the one that waits, which goes on (an answer is %s)",
    async (answered) => {
      const { path, open, threadId, child, request } = await family();
      // Only what has happened since a state was kept is read for an answer.
      const seq = answered === "rejected" ? request.asked.seq : 2;
      damage(path, child, seq);
      const runtime = await open();
      const response = { decision: { kind: "approved" }, digest: request.digest } as const;
      const [answer] = await Promise.allSettled([runtime.respond(request.id, response, bob)]);
      expect(answer.status).toBe(answered);
      const ended = await untilFailed(runtime, threadId);
      expect(failures(ended)).toEqual([
        { name: "Damaged", message: expect.stringContaining(`thread ${child} is damaged at event ${seq}`) },
      ]);
      // These agents stop at the first error.
      expect(ended.state).toMatchObject({ status: { kind: "failed" }, children: [] });
    },
  );

  it("keeps nobody from cancelling the one that waits", async () => {
    const { path, open, threadId, child } = await family();
    damage(path, child, 2);
    const runtime = await open();
    await runtime.cancel(threadId, ada);
    const ended = await untilFailed(runtime, threadId);
    expect(ended.state).toMatchObject({ status: { kind: "cancelled" }, children: [] });
    expect((await runtime.store.summary(threadId))?.wantsAdvance).toBe(false);
  });

  it("keeps nobody from waiting until the one that waits has failed", async () => {
    const { path, open, threadId, child } = await family();
    damage(path, child, 2);
    const runtime = await open();
    expect((await runtime.settled(threadId)).state.status.kind).toBe("failed");
    expect(await runtime.requestsBelow(await runtime.get(threadId))).toEqual([]);
  });

  it("hides no other thread's request in the list of the HTTP API", async () => {
    const { path, open, child, request } = await family();
    const { agents, store, launch, settled } = await open();
    const other = await launch({ agent: "helper", input: { message: "go", from: ada } });
    await settled(other.threadId);
    damage(path, child, request.asked.seq);
    const { call, keys } = serve({ agents: [...agents.values()], store, runtime: { worker: false } });
    const { status, body } = await call("/requests", { as: keys.bob });
    expect(status).toBe(200);
    expect(body.requests).toMatchObject([{ threadId: other.threadId }]);
  });

  it("keeps nobody from writing to the one that waits", async () => {
    const { path, open, threadId, child } = await family();
    damage(path, child, 2);
    const runtime = await open();
    await runtime.message(threadId, "and quickly", ada);
    expect((await untilFailed(runtime, threadId)).state.status.kind).toBe("failed");
  });

  it("fails nothing where its events are whole, and only another release knows them", async () => {
    const { path, open, threadId, child, request } = await family();
    // The chain covers type and version: only a release that wrote them so makes a whole one.
    const runtime = await open();
    const store = Object.create(runtime.store, {
      state: {
        value: async () => {
          damage(path, child, request.asked.seq, "v = 99");
          return runtime.store.state(child);
        },
      },
      verify: { value: async () => ({ ok: true, events: 3, erased: 0, head: "" }) },
    });
    const other = testRuntime({ agents: [...runtime.agents.values()], store });
    const decision = { kind: "approved" } as const;
    await expect(other.respond(request.id, { decision, digest: request.digest }, bob)).rejects.toMatchObject({
      code: "storage_corrupt",
    });
    expect(failures(await runtime.get(threadId))).toEqual([]);
  });
});
